//! The buildpack `kouti/java`: makes an image of a Java app, from source or from what was built elsewhere.
//!
//! One build as data sees it: `app` reads facts, `settings` what the user wants, `recipe` decides, `build`
//! acts; what `compile` has made is then looked at by `packaged`.

mod agents;
mod app;
mod artifact;
mod build;
mod compile;
mod compile_recipe;
mod configuration_metadata;
mod contents;
mod dependencies;
mod detect;
mod dist_zip;
mod downloads;
mod failure;
mod gradle;
mod gradle_build;
mod jar;
mod java_version;
mod jlink;
mod jvm;
mod live_reload;
mod manifest;
mod maven;
mod packaged;
mod pom;
mod processes;
mod proxy;
mod recipe;
mod sbom;
mod sbt;
mod settings;
mod shape;
mod slices;
mod spring;
mod spring_boot;
#[cfg(test)]
mod testing;
mod tomcat;
mod tool;
mod tool_settings;
mod training;
mod tree;
mod vendor;
mod version_file;
mod web_type;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct Java;

impl Buildpack for Java {
    const NAME: &'static str = "Kouti Java";
    const SETTINGS: &'static [Declared] = settings::ALL;
    const LANGUAGE: Option<&'static str> = Some("java");

    fn detect(context: &Context) -> Result<Detection, Problem> {
        detect::detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<Java>();
}
