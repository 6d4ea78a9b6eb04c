//! The real program in a staging as the platform does it, with the real lifecycle and buildpacks that are scripts.
#![cfg(test)]

mod apps;
mod caching;
mod classics;
mod composing;
mod detecting;
mod launching;
mod platform;
mod processes;
mod services;
