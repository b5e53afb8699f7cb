//! `PartiQL` statements: `UPDATE … SET … REMOVE … WHERE` and `DELETE FROM … WHERE` on one item, whose values are parameters.
//!
//! Must not know: which statements belong together.

use serde_json::Value;

use super::failure::Failure;
use super::item::Item;
use super::token::{Token, Tokens};

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// Sets these attributes and removes those.
    Update(Item, Vec<String>),
    Delete,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) table: String,
    pub(super) effect: Effect,
    /// The attributes of its condition, the keys among them, and what they are to be.
    pub(super) condition: Item,
}

/// Hands out the parameters in their order.
struct Parameters<'a>(std::slice::Iter<'a, Value>);

impl Parameters<'_> {
    fn next(&mut self, tokens: &mut Tokens) -> Result<Value, Failure> {
        tokens.expect_sign("?")?;
        self.0.next().cloned().ok_or_else(|| Failure::invalid("a statement has too few parameters"))
    }
}

impl Statement {
    /// Reads one of a request.
    pub(super) fn of(request: &Value) -> Result<Self, Failure> {
        let text = request["Statement"].as_str().ok_or_else(|| Failure::invalid("a statement has no text"))?;
        let mut tokens = Tokens::of(text)?;
        let mut parameters = Parameters(request["Parameters"].as_array().map_or([].iter(), |all| all.iter()));
        let (table, effect) = if tokens.take_word("DELETE") {
            tokens.expect_word("FROM")?;
            (quoted(&mut tokens)?, Effect::Delete)
        } else {
            tokens.expect_word("UPDATE")?;
            let table = quoted(&mut tokens)?;
            (table, update(&mut tokens, &mut parameters)?)
        };
        tokens.expect_word("WHERE")?;
        let mut condition = Item::new();
        loop {
            let name = quoted(&mut tokens)?;
            tokens.expect_sign("=")?;
            condition.insert(name, parameters.next(&mut tokens)?);
            if !tokens.take_word("AND") {
                break;
            }
        }
        tokens.end()?;
        Ok(Self { table, effect, condition })
    }
}

fn update(tokens: &mut Tokens, parameters: &mut Parameters<'_>) -> Result<Effect, Failure> {
    let (mut set, mut removed) = (Item::new(), Vec::new());
    loop {
        if tokens.take_word("SET") {
            let name = quoted(tokens)?;
            tokens.expect_sign("=")?;
            set.insert(name, parameters.next(tokens)?);
        } else if tokens.take_word("REMOVE") {
            removed.push(quoted(tokens)?);
        } else {
            return Ok(Effect::Update(set, removed));
        }
    }
}

fn quoted(tokens: &mut Tokens) -> Result<String, Failure> {
    match tokens.read()? {
        Token::Quoted(name) => Ok(name),
        other @ (Token::Word(_) | Token::Sign(_)) => Err(Failure::invalid(format!("{other:?} is no name in quotes"))),
    }
}
