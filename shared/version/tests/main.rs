//! Everything that needs only the public side of the crate.

mod properties;
mod table;
mod vectors;
