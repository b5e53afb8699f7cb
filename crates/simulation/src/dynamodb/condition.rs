//! Condition expressions: `attribute_exists`, `attribute_not_exists`, comparisons, `NOT`, `AND`, `OR`, parentheses.
//!
//! Must not know: what happens when one does not hold.

use serde_json::Value;

use super::failure::Failure;
use super::item::{Item, order, same};
use super::token::{Token, Tokens};
use super::values::Values;

/// A condition on an item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Exists(String),
    Missing(String),
    Compares(Operand, &'static str, Operand),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Attribute(String),
    Constant(Value),
}

impl Operand {
    /// Reads one, by a request's placeholders.
    pub(super) fn read(tokens: &mut Tokens, values: Values<'_>) -> Result<Self, Failure> {
        match tokens.read()? {
            Token::Word(word) if word.starts_with(':') => values.value(&word).map(Self::Constant),
            Token::Word(word) => values.name(&word).map(Self::Attribute),
            other @ (Token::Quoted(_) | Token::Sign(_)) => {
                Err(Failure::invalid(format!("{other:?} stands where a value is expected")))
            }
        }
    }

    /// Its value in an item.
    pub(super) fn in_item<'a>(&'a self, item: Option<&'a Item>) -> Option<&'a Value> {
        match self {
            Self::Attribute(name) => item.and_then(|item| item.get(name)),
            Self::Constant(value) => Some(value),
        }
    }
}

impl Condition {
    /// The condition of a request; none when it has none.
    pub(super) fn of(request: &Value) -> Result<Option<Self>, Failure> {
        let Some(text) = request["ConditionExpression"].as_str() else { return Ok(None) };
        let mut tokens = Tokens::of(text)?;
        let condition = Self::any(&mut tokens, Values::of(request))?;
        tokens.end()?;
        Ok(Some(condition))
    }

    fn any(tokens: &mut Tokens, values: Values<'_>) -> Result<Self, Failure> {
        let mut condition = Self::all(tokens, values)?;
        while tokens.take_word("OR") {
            condition = Self::Or(Box::new(condition), Box::new(Self::all(tokens, values)?));
        }
        Ok(condition)
    }

    fn all(tokens: &mut Tokens, values: Values<'_>) -> Result<Self, Failure> {
        let mut condition = Self::one(tokens, values)?;
        while tokens.take_word("AND") {
            condition = Self::And(Box::new(condition), Box::new(Self::one(tokens, values)?));
        }
        Ok(condition)
    }

    fn one(tokens: &mut Tokens, values: Values<'_>) -> Result<Self, Failure> {
        if tokens.take_word("NOT") {
            return Ok(Self::Not(Box::new(Self::one(tokens, values)?)));
        }
        if tokens.take_sign("(") {
            let condition = Self::any(tokens, values)?;
            tokens.expect_sign(")")?;
            return Ok(condition);
        }
        for (function, is) in [("attribute_exists", true), ("attribute_not_exists", false)] {
            if tokens.take_word(function) {
                tokens.expect_sign("(")?;
                let Operand::Attribute(name) = Operand::read(tokens, values)? else {
                    return Err(Failure::invalid(format!("{function} takes a name")));
                };
                tokens.expect_sign(")")?;
                return Ok(if is { Self::Exists(name) } else { Self::Missing(name) });
            }
        }
        let left = Operand::read(tokens, values)?;
        let Token::Sign(sign) = tokens.read()? else { return Err(Failure::invalid("a comparison has no sign")) };
        Ok(Self::Compares(left, sign, Operand::read(tokens, values)?))
    }

    /// Whether it holds on an item, or on none.
    pub(super) fn holds(&self, item: Option<&Item>) -> bool {
        let is_there = |name: &String| item.is_some_and(|item| item.contains_key(name));
        match self {
            Self::Exists(name) => is_there(name),
            Self::Missing(name) => !is_there(name),
            Self::Not(inner) => !inner.holds(item),
            Self::And(one, other) => one.holds(item) && other.holds(item),
            Self::Or(one, other) => one.holds(item) || other.holds(item),
            Self::Compares(left, sign, right) => {
                match (left.in_item(item), right.in_item(item)) {
                    (Some(left), Some(right)) => compares(left, sign, right),
                    // What is not there is no value, and so differs from each.
                    (None, _) | (_, None) => *sign == "<>",
                }
            }
        }
    }
}

fn compares(left: &Value, sign: &str, right: &Value) -> bool {
    let ordered = order(left, right);
    match sign {
        "=" => same(left, right),
        "<>" => !same(left, right),
        "<" => ordered.is_some_and(std::cmp::Ordering::is_lt),
        "<=" => ordered.is_some_and(std::cmp::Ordering::is_le),
        ">" => ordered.is_some_and(std::cmp::Ordering::is_gt),
        ">=" => ordered.is_some_and(std::cmp::Ordering::is_ge),
        _ => false,
    }
}
