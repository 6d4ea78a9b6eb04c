//! The buildpack in the miniature lifecycle, with a fake `dotnet`: what a user sees.
#![cfg(test)]

mod choices;
mod development;
mod errors;
mod neighbours;
mod output;
mod prebuilt;
mod scenarios;
mod source;
mod support;
