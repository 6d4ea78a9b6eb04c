//! The buildpack in the miniature lifecycle, with a fake `dotnet`: what a user sees.
#![cfg(test)]

mod choices;
mod development;
mod errors;
mod mutations;
mod neighbours;
mod output;
mod prebuilt;
mod roll_forward;
mod scenarios;
mod source;
mod support;
