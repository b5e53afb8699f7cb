//! The Lambda functions: what a trigger's event asks for, the adapters of the cloud's services, and the start of a process.
//!
//! One of the two shells: only here and in the command line are clock, chance and environment read. The handlers are
//! generic over the ports, so that a local system calls the very same ones.
//!
//! Must not know: any rule. What is due, what may be sent and what an answer means is for `rules` and `engine`.

pub mod access;
mod bus;
mod clock;
mod cloud;
mod config;
mod entropy;
pub mod function_url;
pub mod handlers;
pub mod metrics;
mod observer;
mod refusal;
mod secrets;
pub mod start;
mod watched;

pub use bus::EventBus;
pub use clock::SystemClock;
pub use config::{ApiConfig, BusName, Config, LogFilter, TableName};
pub use entropy::SystemEntropy;
pub use observer::Observer;
pub use secrets::ManagedSecrets;
