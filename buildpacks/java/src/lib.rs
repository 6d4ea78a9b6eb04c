//! What the buildpack `kouti/java` needs both in the build and when an app starts.

pub mod classes;
mod jimage;
pub mod launch;
pub mod runtime;
pub mod trust;
