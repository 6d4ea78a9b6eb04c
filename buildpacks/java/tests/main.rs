//! The buildpack in the miniature lifecycle, with fake tools: what a user sees.
#![cfg(test)]

mod built;
mod detect;
mod errors;
mod launch;
mod maven;
mod rebuilds;
mod servers;
mod settings;
mod spring;
mod support;
mod tools;
mod versions;
