//! Tests of what runs when a container starts.

#[cfg(test)]
mod binding;
#[cfg(test)]
mod helper;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod supervisor;
