//! Tests of the miniature lifecycle and of cases, with buildpacks made of shell scripts.

mod building;
mod detecting;
mod exporting;
mod isolation;
mod launching;
mod restoring;
mod subjects;
