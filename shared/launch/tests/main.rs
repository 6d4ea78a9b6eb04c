//! Tests of what runs when a container starts.

#[cfg(test)]
mod binding;
#[cfg(test)]
mod limits;
