//! Tables for people: aligned columns, no boxes, cut to the width of the terminal but for the names that a person needs for the
//! next command, coloured only on one.
//!
//! Must not know: what the cells mean.

use std::borrow::Cow;

use console::{measure_text_width, truncate_str};

/// Between two columns.
const GAP: &str = "  ";

/// The narrowest that a column is cut to.
const NARROWEST: usize = 8;

/// Which side of a column its cells stand at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// What heads a column.
#[derive(Clone, Copy, Debug)]
struct Head {
    name: &'static str,
    side: Side,
    /// Whether its cells are never cut.
    whole: bool,
}

impl Head {
    fn of(name: &'static str) -> Self {
        let (side, whole) = match name.as_bytes().first() {
            Some(b'>') => (Side::Right, false),
            Some(b'=') => (Side::Left, true),
            Some(_) | None => (Side::Left, false),
        };
        Self { name: name.trim_start_matches(['>', '=']), side, whole }
    }
}

/// Rows under a head.
#[derive(Debug)]
pub(super) struct Table {
    head: Vec<Head>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns. A name that begins with `>` heads a column of numbers, which stand at its right; one that
    /// begins with `=` a column of names that are of use only when they are whole: where the terminal is too narrow even so,
    /// it breaks the line.
    pub(super) fn new(head: &[&'static str]) -> Self {
        Self { head: head.iter().map(|name| Head::of(name)).collect(), rows: Vec::new() }
    }

    /// Adds a row, one cell for each column.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().map(|cell| on_one_line(&cell)).collect();
        debug_assert_eq!(cells.len(), self.head.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// The table as it goes to standard output.
    pub(super) fn text(&self) -> String {
        self.render(width_of_terminal())
    }

    /// The table in lines that are not wider than `width`, where one is given.
    fn render(&self, width: Option<usize>) -> String {
        let widths = self.widths(width);
        let head = self.head.iter().map(|head| Cow::Borrowed(head.name));
        let mut text = console::style(self.line(head, &widths)).bold().to_string() + "\n";
        for row in &self.rows {
            text += &self.line(row.iter().map(|cell| Cow::Borrowed(cell.as_str())), &widths);
            text.push('\n');
        }
        text
    }

    fn line<'a>(&self, cells: impl Iterator<Item = Cow<'a, str>>, widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, &width), head) in cells.zip(widths).zip(&self.head) {
            let cell = truncate_str(&cell, width, "…").into_owned();
            let space = " ".repeat(width.saturating_sub(measure_text_width(&cell)));
            line += &match head.side {
                Side::Left => cell + &space,
                Side::Right => space + &cell,
            };
            line += GAP;
        }
        line.trim_end().to_owned()
    }

    /// As wide as the widest cell; where that is too much, the widest column that may be cut gives way first.
    fn widths(&self, at_most: Option<usize>) -> Vec<usize> {
        let widest = |(column, head): (usize, &Head)| {
            let cells = self.rows.iter().map(|row| measure_text_width(&row[column]));
            cells.chain([measure_text_width(head.name)]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = self.head.iter().enumerate().map(widest).collect();
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while at_most.is_some_and(|most| widths.iter().sum::<usize>() + gaps > most) {
            let cut = widths.iter_mut().zip(&self.head).filter(|(_, head)| !head.whole).map(|(width, _)| width);
            match cut.max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                Some(_) | None => break,
            }
        }
        widths
    }
}

/// What a stranger's text holds must not move the cursor or break the line.
pub(crate) fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The width of the terminal that standard output is; none when it is none, so that nothing is cut for a script.
fn width_of_terminal() -> Option<usize> {
    let terminal = console::Term::stdout();
    terminal.is_term().then(|| usize::from(terminal.size().1))
}

#[cfg(test)]
mod tests {
    use super::Table;

    fn table() -> Table {
        let mut table = Table::new(&["TYPE", ">RECORDS", "ADVICE"]);
        table.row(["row_lock", "12", "retry in small batches, same parent together"].map(str::to_owned));
        table.row(["bad_picklist_value", "3", "add the value"].map(str::to_owned));
        table
    }

    #[test]
    fn cells_stand_under_their_heads_and_numbers_at_the_right() {
        assert_eq!(
            table().render(None),
            "TYPE                RECORDS  ADVICE\n\
             row_lock                 12  retry in small batches, same parent together\n\
             bad_picklist_value        3  add the value\n"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_the_widest_column() {
        assert_eq!(
            table().render(Some(46)),
            "TYPE                RECORDS  ADVICE\n\
             row_lock                 12  retry in small b…\n\
             bad_picklist_value        3  add the value\n"
        );
    }

    #[test]
    fn a_name_that_the_next_command_needs_is_whole_in_the_narrowest_terminal() {
        let mut table = Table::new(&["=RECORD", "STATE", "MESSAGE"]);
        table.row(
            ["marketing/Contact/C-00013-of-the-longest", "scheduled", "Use one of these records?"].map(str::to_owned),
        );
        assert_eq!(
            table.render(Some(40)),
            "RECORD                                    STATE     MESSAGE\n\
             marketing/Contact/C-00013-of-the-longest  schedul…  Use one…\n"
        );
    }

    #[test]
    fn a_terminal_too_narrow_for_anything_still_gets_a_table() {
        assert_eq!(table().render(Some(1)).lines().map(|line| line.chars().count()).max(), Some(27));
    }

    #[test]
    fn wide_characters_count_as_they_are_shown() {
        let mut table = Table::new(&["NAME", "STATE"]);
        table.row(["株式会社", "held"].map(str::to_owned));
        table.row(["Kaya", "held"].map(str::to_owned));
        assert_eq!(table.render(None), "NAME      STATE\n株式会社  held\nKaya      held\n");
    }

    #[test]
    fn a_cell_cannot_break_its_line_or_colour_the_terminal() {
        let mut table = Table::new(&["MESSAGE"]);
        table.row(["one\ntwo\u{1b}[31m\tthree".to_owned()]);
        assert_eq!(table.render(None), "MESSAGE\none two [31m three\n");
    }
}
