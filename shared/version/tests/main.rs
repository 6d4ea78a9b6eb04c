//! Everything that needs only the public side of the crate.

mod table;
mod vectors;
