//! The buildpack `kouti/dotnet`, and its helpers at launch.
//!
//! One build as data sees it: `app` reads facts, `settings` what the user wants, `recipe` decides,
//! `build` acts. What the image needs is decided when the output is there, in `image`.

mod app;
mod assets;
mod at_launch;
mod audit;
mod bill;
mod build;
mod compile;
mod constraint;
mod debugger;
mod deps_json;
mod detect;
mod discovery;
mod elf;
mod entry_point;
mod failure;
mod file_app;
mod fixes;
mod framework_choice;
mod global_json;
mod icu;
mod image;
mod kept;
mod lenient_json;
mod msbuild;
mod node;
mod nuget;
mod placement;
mod port;
mod processes;
mod project;
mod project_file;
mod properties;
mod provider;
mod publish;
mod publish_flags;
mod published;
mod reading;
mod recipe;
mod restored;
mod runtime;
mod runtime_config;
mod runtime_roll_forward;
mod runtime_version;
mod sdk;
mod sdk_roll_forward;
mod sdk_version;
mod settings;
mod site;
mod slices;
mod solution;
mod source;
mod source_text;
mod tables;
mod target_framework;
mod trouble;
mod xml;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

pub use port::listen_on_port;
pub use reading::read_as_every_format;
pub use site::configure_site;

/// The buildpack.
#[derive(Debug)]
pub struct Dotnet;

impl Buildpack for Dotnet {
    const NAME: &'static str = "Kouti .NET";
    const SETTINGS: &'static [Declared] = settings::ALL;
    const LANGUAGE: Option<&'static str> = Some("dotnet");

    fn detect(context: &Context) -> Result<Detection, Problem> {
        detect::detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}
