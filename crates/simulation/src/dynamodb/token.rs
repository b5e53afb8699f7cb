//! The words of expressions and statements.
//!
//! Must not know: their grammar.

use super::failure::Failure;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a placeholder, or a keyword: `#n`, `:v`, `SET`, `if_not_exists`.
    Word(String),
    /// A name in double quotes, as statements write it.
    Quoted(String),
    /// `=`, `<>`, `<`, `<=`, `>`, `>=`, `+`, `-`, `(`, `)`, `,`, `?`.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 12] = ["<>", "<=", ">=", "=", "<", ">", "+", "-", "(", ")", ",", "?"];

/// The words that are left to read.
#[derive(Debug)]
pub(super) struct Tokens {
    words: Vec<Token>,
    next: usize,
}

impl Tokens {
    /// The words of a text.
    pub(super) fn of(text: &str) -> Result<Self, Failure> {
        let mut words = Vec::new();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let (word, length) = if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
                (Token::Sign(sign), sign.len())
            } else if first == '"' {
                let end =
                    rest[1..].find('"').ok_or_else(|| Failure::invalid(format!("a quote has no end in {text}")))?;
                (Token::Quoted(rest[1..=end].to_owned()), end + 2)
            } else {
                let is_in = |sign: char| sign.is_ascii_alphanumeric() || "_#:.".contains(sign);
                let end = rest.find(|sign| !is_in(sign)).unwrap_or(rest.len());
                if end == 0 {
                    return Err(Failure::invalid(format!("{first} is not known in {text}")));
                }
                (Token::Word(rest[..end].to_owned()), end)
            };
            words.push(word);
            rest = rest[length..].trim_start();
        }
        Ok(Self { words, next: 0 })
    }

    /// The next word, without reading it.
    pub(super) fn peek(&self) -> Option<&Token> {
        self.words.get(self.next)
    }

    /// The next word.
    pub(super) fn read(&mut self) -> Result<Token, Failure> {
        let word = self.words.get(self.next).cloned();
        self.next += 1;
        word.ok_or_else(|| Failure::invalid("the expression ends too soon"))
    }

    /// Reads the next word if it is this keyword, in capitals or not.
    pub(super) fn take_word(&mut self, keyword: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(is_it);
        is_it
    }

    /// Reads the next word if it is this sign.
    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(is_it);
        is_it
    }

    /// Reads a keyword that must be there.
    pub(super) fn expect_word(&mut self, keyword: &str) -> Result<(), Failure> {
        if self.take_word(keyword) { Ok(()) } else { Err(Failure::invalid(format!("{keyword} is missing"))) }
    }

    /// Reads a sign that must be there.
    pub(super) fn expect_sign(&mut self, sign: &str) -> Result<(), Failure> {
        if self.take_sign(sign) { Ok(()) } else { Err(Failure::invalid(format!("{sign} is missing"))) }
    }

    /// Whether all is read.
    pub(super) fn ended(&self) -> bool {
        self.next >= self.words.len()
    }

    /// Fails unless all is read.
    pub(super) fn end(&self) -> Result<(), Failure> {
        match self.peek() {
            None => Ok(()),
            Some(word) => Err(Failure::invalid(format!("{word:?} stands where nothing is expected"))),
        }
    }
}
