//! The part of SOQL that the simulator speaks: `SELECT … FROM X [WHERE f = v [AND …]] [LIMIT n]`.
//! It must not know records: it turns text into a query.

use serde_json::{Number, Value};

use crate::names::{FieldName, ObjectName};
use crate::org::errors::ApiError;

/// What a query asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Selection {
    /// `COUNT()`.
    Count,
    /// Fields.
    Fields(Vec<FieldName>),
}

/// `field = value`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) field: FieldName,
    pub(crate) value: Value,
}

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    pub(crate) selection: Selection,
    pub(crate) object: ObjectName,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) limit: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// Reads a query.
///
/// # Errors
/// `MALFORMED_QUERY` for anything else than the supported part of SOQL.
pub(crate) fn parse(soql: &str) -> Result<Query, ApiError> {
    let mut tokens = Tokens { tokens: tokens_of(soql)?, at: 0 };
    tokens.keyword("SELECT")?;
    let selection = tokens.selection()?;
    tokens.keyword("FROM")?;
    let object = ObjectName::from(tokens.word()?);
    let conditions = if tokens.skip_keyword("WHERE") { tokens.conditions()? } else { Vec::new() };
    let limit = if tokens.skip_keyword("LIMIT") { tokens.number()? } else { usize::MAX };
    match tokens.next() {
        None => Ok(Query { selection, object, conditions, limit }),
        Some(token) => Err(unexpected(Some(&token))),
    }
}

fn malformed(text: impl Into<String>) -> ApiError {
    ApiError::bad_request("MALFORMED_QUERY", text)
}

fn unexpected(token: Option<&Token>) -> ApiError {
    match token {
        None => malformed("unexpected end of query"),
        Some(Token::Word(word) | Token::Text(word)) => malformed(format!("unexpected token: {word}")),
        Some(Token::Sign(sign)) => malformed(format!("unexpected token: {sign}")),
    }
}

fn tokens_of(soql: &str) -> Result<Vec<Token>, ApiError> {
    let mut tokens = Vec::new();
    let mut rest = soql.chars().peekable();
    while let Some(first) = rest.next() {
        match first {
            space if space.is_whitespace() => {}
            '\'' => tokens.push(Token::Text(quoted(&mut rest)?)),
            letter if is_word(letter) => {
                let mut word = String::from(letter);
                while let Some(more) = rest.next_if(|more| is_word(*more)) {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
            sign => tokens.push(Token::Sign(sign)),
        }
    }
    Ok(tokens)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | ':' | '+')
}

fn quoted(rest: &mut impl Iterator<Item = char>) -> Result<String, ApiError> {
    let mut text = String::new();
    while let Some(letter) = rest.next() {
        match letter {
            '\'' => return Ok(text),
            '\\' => match rest.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(escaped) => text.push(escaped),
                None => break,
            },
            plain => text.push(plain),
        }
    }
    Err(malformed("a quoted text does not end"))
}

struct Tokens {
    tokens: Vec<Token>,
    at: usize,
}

impl Tokens {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn skip(&mut self, matches: impl Fn(&Token) -> bool) -> bool {
        let found = self.tokens.get(self.at).is_some_and(matches);
        self.at += usize::from(found);
        found
    }

    fn skip_keyword(&mut self, keyword: &str) -> bool {
        self.skip(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword)))
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), ApiError> {
        if self.skip_keyword(keyword) { Ok(()) } else { Err(unexpected(self.next().as_ref())) }
    }

    fn sign(&mut self, sign: char) -> Result<(), ApiError> {
        if self.skip(|token| *token == Token::Sign(sign)) { Ok(()) } else { Err(unexpected(self.next().as_ref())) }
    }

    fn word(&mut self) -> Result<String, ApiError> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(unexpected(other.as_ref())),
        }
    }

    fn number(&mut self) -> Result<usize, ApiError> {
        let word = self.word()?;
        word.parse().map_err(|_| malformed(format!("unexpected token: {word}")))
    }

    fn selection(&mut self) -> Result<Selection, ApiError> {
        if self.skip_keyword("COUNT") {
            self.sign('(')?;
            self.sign(')')?;
            return Ok(Selection::Count);
        }
        let mut fields = vec![self.word()?.into()];
        while self.skip(|token| *token == Token::Sign(',')) {
            fields.push(self.word()?.into());
        }
        Ok(Selection::Fields(fields))
    }

    fn conditions(&mut self) -> Result<Vec<Condition>, ApiError> {
        let mut conditions = vec![self.condition()?];
        while self.skip_keyword("AND") {
            conditions.push(self.condition()?);
        }
        Ok(conditions)
    }

    fn condition(&mut self) -> Result<Condition, ApiError> {
        let field = FieldName::from(self.word()?);
        self.sign('=')?;
        let value = match self.next() {
            Some(Token::Text(text)) => Value::from(text),
            Some(Token::Word(word)) => literal(&word)?,
            other => return Err(unexpected(other.as_ref())),
        };
        Ok(Condition { field, value })
    }
}

fn literal(word: &str) -> Result<Value, ApiError> {
    match word.to_ascii_lowercase().as_str() {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        "null" => Ok(Value::Null),
        _ => match word.parse::<Number>() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => Err(malformed(format!("unexpected token: {word}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_whatever_the_case_of_its_keywords() {
        let query = parse(r"select Id, Name from Contact where Ext__c = 'O\'Hara' and Age__c = 4 limit 7").unwrap();
        assert_eq!(query.selection, Selection::Fields(vec!["Id".into(), "Name".into()]));
        assert_eq!(query.conditions[0].value, Value::from("O'Hara"));
        assert_eq!(query.conditions[1].value, Value::from(4));
        assert_eq!(query.limit, 7);
    }

    #[test]
    fn what_is_not_supported_is_malformed() {
        for soql in ["SELECT", "SELECT Id FROM Contact ORDER BY Id", "SELECT Id FROM Contact WHERE Id > '3'"] {
            assert_eq!(parse(soql).unwrap_err().code.as_str(), "MALFORMED_QUERY");
        }
    }
}
