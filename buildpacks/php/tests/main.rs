//! The buildpack in the miniature lifecycle, with fake tools: what a user sees.
#![cfg(test)]

mod cloud_foundry;
mod composer;
mod detect;
mod errors;
mod extensions;
mod launch;
mod real;
mod servers;
mod support;
mod versions;
