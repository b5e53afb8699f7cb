//! The commands over a data directory, as the real binary runs them: what they print for a person and for a script, and how
//! they end.
//!
//! Must not know: how the commands work inside.

#[path = "commands/asking.rs"]
mod asking;
#[path = "commands/changing.rs"]
mod changing;
#[path = "commands/cloud.rs"]
mod cloud;
#[path = "commands/cloud_console.rs"]
mod cloud_console;
#[path = "commands/connections.rs"]
mod connections;
#[path = "commands/doctor.rs"]
mod doctor;
#[path = "commands/examples.rs"]
mod examples;
#[path = "commands/forms.rs"]
mod forms;
#[path = "support/function_url.rs"]
mod function_url;
#[path = "commands/kept.rs"]
mod kept;
#[path = "commands/planning.rs"]
mod planning;
#[path = "commands/retrying.rs"]
mod retrying;
#[path = "support/running.rs"]
mod running;
#[path = "support/sigv4.rs"]
mod sigv4;
#[path = "commands/wizard.rs"]
mod wizard;
#[path = "commands/world.rs"]
mod world;
