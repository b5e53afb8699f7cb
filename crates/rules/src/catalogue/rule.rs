//! One rule of the catalogue: what it fits, and what it then says.
//! It must not know: the other rules.

use super::{Class, Classified, CodePattern, ErrorType, Group, MessagePattern};

/// A rule: a failure whose code and message fit is of this type.
#[derive(Debug, Clone)]
pub struct ErrorRule {
    /// The error type it defines; stable once released.
    pub id: ErrorType,
    /// The codes it is for.
    pub code: CodePattern,
    /// What the message must contain, if the code alone does not decide.
    pub message: Option<MessagePattern>,
    /// The card on which an operator looks for it.
    pub group: Group,
    /// What kind of cause it has.
    pub class: Class,
    /// What an administrator can do about it.
    pub advice: String,
}

impl ErrorRule {
    pub(super) fn fits_message(&self, message: &str, key_field: Option<&str>) -> bool {
        self.message.as_ref().is_none_or(|pattern| pattern.fits(message, key_field))
    }

    pub(super) fn classified(&self) -> Classified<'_> {
        Classified { error_type: self.id.clone(), group: self.group, class: self.class, advice: &self.advice }
    }
}
