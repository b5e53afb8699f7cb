//! Why nothing fits: a name that nobody knows, on a page.
//!
//! Must not know: what the names were given for.

use engine::overview::{ErrorCount, errors_of};
use engine::parts::Ports;
use maud::{Markup, html};
use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::ids::ObjectName;

use super::parts::{Kind, notice};
use super::scene::Scene;
use super::suspension::sentence;
use crate::near::Names;
use crate::problem::Problem;

/// A notice about a type or an object that is none of the connection's; nothing when the names are right, or may be.
pub(super) async fn misspelt<P: Ports>(
    ports: &P,
    scene: &Scene,
    error_type: Option<&ErrorType>,
    object: Option<&ObjectName>,
) -> Result<Option<Markup>, Problem> {
    if error_type.is_none() && object.is_none() {
        return Ok(None);
    }
    let connection = &scene.standing.connection;
    let errors = errors_of(ports, connection).await?;
    let (of, object) = (error_type.map(ErrorType::as_str), object.map(ObjectName::as_str));
    let said = names(connection, &errors).misspelt(of, object, "the sync errors list those that records have");
    Ok(said.map(|said| notice(Kind::Warning, "Is it spelt right?", &html! { p { (sentence(&said)) } })))
}

fn names(connection: &Connection, errors: &[ErrorCount]) -> Names {
    let own = connection.own_rules.iter().map(|rule| rule.id.clone());
    let counted = errors.iter().flat_map(|error| error.objects.keys());
    let objects = counted.chain(connection.external_ids.keys()).map(ToString::to_string);
    Names::of(own.chain(errors.iter().map(|error| error.error_type.to_string())), objects)
}
