//! The page as steps: fenced blocks of `console`, in which each line after `$ ` is a command and what follows is its output;
//! blocks of `toml`, `json` and `csv` whose first line is a comment or attribute `file=NAME` are files to be written.
//!
//! Must not know: what the commands do.

use regex::Regex;

/// One command and what it prints.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) output: String,
}

/// A file that the reader is told to write.
#[derive(Clone, Debug)]
pub(crate) struct GivenFile {
    pub(crate) name: String,
    pub(crate) content: String,
}

enum Part {
    Text(String),
    Step(Step),
}

/// The page.
pub(crate) struct Page {
    parts: Vec<Part>,
    pub(crate) files: Vec<GivenFile>,
}

impl Page {
    /// Reads the page's text.
    pub(crate) fn read(text: &str) -> Self {
        let (mut parts, mut files) = (Vec::new(), Vec::new());
        let mut fence: Option<String> = None;
        for line in text.lines() {
            match (&fence, line.strip_prefix("```")) {
                (None, Some(info)) if !info.is_empty() => {
                    fence = Some(info.to_owned());
                    files.extend(file_named(info));
                    parts.push(Part::Text(line.to_owned()));
                }
                (Some(_), Some("")) => {
                    fence = None;
                    parts.push(Part::Text(line.to_owned()));
                }
                (Some(info), _) if info == "console" => console(&mut parts, line),
                (Some(info), _) => {
                    if file_named(info).is_some() {
                        let file: &mut GivenFile = files.last_mut().expect("the fence began a file");
                        file.content += line;
                        file.content.push('\n');
                    }
                    parts.push(Part::Text(line.to_owned()));
                }
                (None, _) => parts.push(Part::Text(line.to_owned())),
            }
        }
        Self { parts, files }
    }

    /// The commands in their order.
    pub(crate) fn steps_mut(&mut self) -> impl Iterator<Item = &mut Step> {
        self.parts.iter_mut().filter_map(|part| match part {
            Part::Step(step) => Some(step),
            Part::Text(_) => None,
        })
    }

    /// The page's text.
    pub(crate) fn render(&self) -> String {
        let render = |part: &Part| match part {
            Part::Text(line) => format!("{line}\n"),
            Part::Step(step) => format!("$ {}\n{}", step.command, step.output),
        };
        self.parts.iter().map(render).collect()
    }
}

/// ```` ```toml file=resync.toml ````
fn file_named(info: &str) -> Option<GivenFile> {
    let name = info.split_whitespace().find_map(|word| word.strip_prefix("file="))?;
    Some(GivenFile { name: name.to_owned(), content: String::new() })
}

fn console(parts: &mut Vec<Part>, line: &str) {
    if let Some(command) = line.strip_prefix("$ ") {
        parts.push(Part::Step(Step { command: command.to_owned(), output: String::new() }));
        return;
    }
    match parts.last_mut() {
        Some(Part::Step(step)) => step.output.extend([line, "\n"]),
        Some(Part::Text(_)) | None => panic!("{line}: a console block begins with a command"),
    }
}

/// The text with what differs from one play to the next made alike.
pub(crate) fn comparable(text: &str) -> String {
    let alike = [
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?( \([^)]*\))?", "INSTANT"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"process \d+", "process ID"),
        (r"\b[0-9a-f]{16}\b", "NUMBER"),
        (r"\d+(\.\d+)? (ms|s)\b", "SPAN"),
        (r" +", " "),
    ];
    alike.iter().fold(text.to_owned(), |text, (pattern, name)| {
        Regex::new(pattern).expect("a sound pattern").replace_all(&text, *name).into_owned()
    })
}
