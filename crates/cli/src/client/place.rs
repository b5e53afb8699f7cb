//! Where the data is: in a directory of this machine, or in a deployment in AWS.
//!
//! Must not know: how either is reached.

use std::env;
use std::path::Path;

use crate::args::Common;
use crate::cloud::Address;
use crate::exit::Failure;

/// The place that a command line names.
pub(crate) enum Place<'a> {
    /// This directory, or the usual one.
    Directory(Option<&'a Path>),
    /// The deployment with this function URL.
    Cloud(Address),
}

impl<'a> Place<'a> {
    /// By the options; where none names a place, by the environment.
    pub(crate) fn of(common: &'a Common) -> Result<Self, Failure> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        match (&common.url, &common.data, set("RESYNC_URL"), set("RESYNC_DATA")) {
            (Some(url), _, _, _) => Ok(Self::Cloud(url.clone())),
            (None, Some(data), _, _) => Ok(Self::Directory(Some(data))),
            (None, None, Some(_), Some(_)) => {
                let mend =
                    "RESYNC_URL and RESYNC_DATA are both set; unset one of them, or name the place by --url or --data";
                Err(Failure::Wrong(mend.to_owned()))
            }
            (None, None, Some(url), None) => {
                let address = url.parse().map_err(|problem| Failure::Wrong(format!("RESYNC_URL: {problem}")))?;
                Ok(Self::Cloud(address))
            }
            (None, None, None, _) => Ok(Self::Directory(None)),
        }
    }
}
