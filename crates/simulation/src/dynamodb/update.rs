//! Update expressions: `SET` of a value, of `if_not_exists`, or of a sum; `REMOVE`; `ADD` of numbers.
//!
//! Must not know: which item is updated.

use serde_json::Value;

use super::condition::Operand;
use super::failure::Failure;
use super::item::{Item, number, numeral};
use super::token::Tokens;
use super::values::Values;

/// One change of an item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    Set(String, Term, Option<(&'static str, Term)>),
    Remove(String),
    Add(String, Value),
}

/// What is set, or added up.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Is(Operand),
    /// The attribute's own value where it is there, else the other.
    Otherwise(String, Operand),
}

/// The changes that a request asks for.
pub(super) fn changes(request: &Value) -> Result<Vec<Change>, Failure> {
    let Some(text) = request["UpdateExpression"].as_str() else { return Ok(Vec::new()) };
    let (mut tokens, values, mut changes) = (Tokens::of(text)?, Values::of(request), Vec::new());
    while !tokens.ended() {
        let one: fn(&mut Tokens, Values<'_>) -> Result<Change, Failure> = if tokens.take_word("SET") {
            set
        } else if tokens.take_word("REMOVE") {
            |tokens, values| name(tokens, values).map(Change::Remove)
        } else if tokens.take_word("ADD") {
            add
        } else {
            return Err(Failure::invalid("an update begins with SET, REMOVE or ADD"));
        };
        changes.push(one(&mut tokens, values)?);
        while tokens.take_sign(",") {
            changes.push(one(&mut tokens, values)?);
        }
    }
    Ok(changes)
}

fn name(tokens: &mut Tokens, values: Values<'_>) -> Result<String, Failure> {
    match Operand::read(tokens, values)? {
        Operand::Attribute(name) => Ok(name),
        Operand::Constant(_) => Err(Failure::invalid("a value stands where a name is expected")),
    }
}

fn set(tokens: &mut Tokens, values: Values<'_>) -> Result<Change, Failure> {
    let name = name(tokens, values)?;
    tokens.expect_sign("=")?;
    let first = term(tokens, values)?;
    let sign = ["+", "-"].into_iter().find(|sign| tokens.take_sign(sign));
    let second = sign.map(|sign| term(tokens, values).map(|second| (sign, second))).transpose()?;
    Ok(Change::Set(name, first, second))
}

fn term(tokens: &mut Tokens, values: Values<'_>) -> Result<Term, Failure> {
    if !tokens.take_word("if_not_exists") {
        return Operand::read(tokens, values).map(Term::Is);
    }
    tokens.expect_sign("(")?;
    let own = name(tokens, values)?;
    tokens.expect_sign(",")?;
    let otherwise = Operand::read(tokens, values)?;
    tokens.expect_sign(")")?;
    Ok(Term::Otherwise(own, otherwise))
}

fn add(tokens: &mut Tokens, values: Values<'_>) -> Result<Change, Failure> {
    let name = name(tokens, values)?;
    match Operand::read(tokens, values)? {
        Operand::Constant(value) => Ok(Change::Add(name, value)),
        Operand::Attribute(_) => Err(Failure::invalid("ADD takes a value")),
    }
}

impl Term {
    fn in_item(&self, before: &Item) -> Result<Value, Failure> {
        let (own, operand) = match self {
            Self::Is(operand) => (None, operand),
            Self::Otherwise(name, operand) => (before.get(name), operand),
        };
        let value = own.or_else(|| operand.in_item(Some(before)));
        value.cloned().ok_or_else(|| Failure::invalid("the update takes the value of an attribute that is not there"))
    }
}

/// The item with the changes, all of which see it as it was `before`.
pub(super) fn changed(before: &Item, changes: &[Change]) -> Result<Item, Failure> {
    let mut after = before.clone();
    for change in changes {
        match change {
            Change::Set(name, first, None) => drop(after.insert(name.clone(), first.in_item(before)?)),
            Change::Set(name, first, Some((sign, second))) => {
                let sum = added(&first.in_item(before)?, sign, &second.in_item(before)?)?;
                drop(after.insert(name.clone(), sum));
            }
            Change::Remove(name) => drop(after.remove(name)),
            Change::Add(name, by) => {
                let sum = added(before.get(name).unwrap_or(&numeral(0)), "+", by)?;
                drop(after.insert(name.clone(), sum));
            }
        }
    }
    Ok(after)
}

fn added(one: &Value, sign: &str, other: &Value) -> Result<Value, Failure> {
    let (Some(one), Some(other)) = (number(one), number(other)) else {
        return Err(Failure::invalid("only whole numbers are added up"));
    };
    Ok(numeral(if sign == "-" { one - other } else { one + other }))
}
