//! The moment at which a process lives: libfaketime shows it another wall clock. Its waits stay real.
//!
//! Must not know: what the process does.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rules::time::Timestamp;

/// What the environment needs so that the wall clock reads `at` when the process starts.
pub(super) fn environment(at: Timestamp) -> [(&'static str, String); 4] {
    let written = at.to_string().replace('T', " ").replace('Z', "");
    [
        ("LD_PRELOAD", library().to_string_lossy().into_owned()),
        ("FAKETIME", format!("@{written}")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("TZ", "UTC".to_owned()),
    ]
}

fn library() -> PathBuf {
    let found = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(Path::new).into_iter().flat_map(|root| {
        let multiarch = root.join(format!("{}-linux-gnu", std::env::consts::ARCH));
        [multiarch, root.to_owned()].map(|folder| folder.join("faketime/libfaketime.so.1"))
    });
    found.into_iter().find(|path| path.exists()).expect(
        "libfaketime.so.1 is not installed: the tests of killed runs need it to move a process's clock past a lease; \
         install Debian's package faketime, or start the tests by tests/run, which does",
    )
}

/// Removes what libfaketime shared in the name of a process that was killed and could not do it itself.
pub(super) fn forget(process: u32) {
    for name in [format!("faketime_shm_{process}"), format!("sem.faketime_sem_{process}")] {
        match std::fs::remove_file(Path::new("/dev/shm").join(name)) {
            Ok(()) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
        }
    }
}
