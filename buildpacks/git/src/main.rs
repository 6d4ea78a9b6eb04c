//! The revision of an app on its image, and access to private repositories in the build.

mod build;
mod config;
mod context;
mod credentials;
mod remote;
mod repository;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct Git;

impl Buildpack for Git {
    const NAME: &'static str = "Kouti Git";
    const SETTINGS: &'static [Declared] = &[];

    fn detect(context: &Context) -> Result<Detection, Problem> {
        let is_bound = |kind: &&str| !context.bindings.find(kind).is_empty();
        if !context.app_dir.join(repository::DIR).exists()
            && !credentials::BINDINGS.iter().any(is_bound)
        {
            return Detection::skip(
                "neither a .git directory nor a binding of type git-credentials or git-ssh",
            );
        }
        Ok(Detection::pass())
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<Git>();
}
