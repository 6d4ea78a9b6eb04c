//! Fetching over real sockets, from a server that misbehaves on request.
#![expect(clippy::unwrap_used, clippy::panic_in_result_fn, reason = "a test fails by panicking")]

mod archive;
mod scene;

mod access;
mod downloading;
mod full_disk;
mod hostile;
mod looking;
mod trusting;
mod unpacking;
