//! One call of the platform: what it hands over, checked.

use std::ffi::OsString;
use std::path::PathBuf;

use kouti_launch::Env;
use kouti_report::{Fault, Problem};

use crate::place::{ALONE, Place};
use crate::zip::{Distro, Zip};
use crate::{stack, zip};

#[derive(Debug)]
pub(crate) struct Staging {
    pub(crate) env: Env,
    pub(crate) zip: Zip,
    pub(crate) place: Place,
    pub(crate) distro: Distro,
    /// The app, which has to be there again at the end.
    pub(crate) build_dir: PathBuf,
    /// What the next staging gets back.
    pub(crate) cache_dir: PathBuf,
    /// What buildpacks supply; here it is at a random path.
    pub(crate) deps_dir: PathBuf,
    /// Our directory in there.
    pub(crate) index: String,
    /// Scripts that run before the app.
    pub(crate) profile_dir: PathBuf,
    /// Whether the platform knows one buildpack for an app, whose directory then is part of the app.
    pub(crate) alone: bool,
}

impl Staging {
    pub(crate) fn read(env: &Env, args: &[OsString]) -> Result<Self, Problem> {
        let zip = zip()?;
        refuse_root()?;
        let distro = Distro::of_this_container();
        stack::check(&zip, env, &distro)?;
        let [build_dir, cache_dir, rest @ ..] = args else { return Err(too_few(args)) };
        let build_dir = PathBuf::from(build_dir);
        // Platforms that know only one buildpack for an app name no more than two directories.
        let deps_dir = rest.first().map_or_else(|| build_dir.join(ALONE), PathBuf::from);
        let index = rest.get(1).map_or("0".to_owned(), |index| index.display().to_string());
        let profile_dir = rest.get(2).map_or_else(|| build_dir.join(".profile.d"), PathBuf::from);
        let staging = Self {
            env: env.clone(),
            place: if rest.is_empty() { Place::alone(env) } else { Place::new(env) },
            alone: rest.is_empty(),
            zip,
            distro,
            cache_dir: PathBuf::from(cache_dir),
            deps_dir,
            index,
            profile_dir,
            build_dir,
        };
        staging.refuse_old_shims()?;
        Ok(staging)
    }

    /// Our directory among those of all buildpacks.
    pub(crate) fn own(&self) -> PathBuf {
        self.deps_dir.join(&self.index)
    }

    /// An earlier adapter of this kind took the app away, and only its own last part brings it back.
    fn refuse_old_shims(&self) -> Result<(), Problem> {
        let sentinel = self.place.app().join(".cloudfoundry/sentinel");
        let is_gone = self.build_dir.is_symlink() && !self.build_dir.exists();
        if !is_gone && !sentinel.exists() {
            return Ok(());
        }
        let path = if is_gone { &self.build_dir } else { &sentinel };
        let summary =
            format!("another adapter of buildpacks was here before and left {}", path.display());
        Err(Problem::new("cf-other-shim", Fault::App, summary)
            .hint("remove that buildpack from the list of the app: the two cannot be combined"))
    }
}

fn too_few(args: &[OsString]) -> Problem {
    let summary = format!("the platform has named {} directories, not at least two", args.len());
    Problem::new("cf-usage", Fault::Surroundings, summary)
        .hint("let the platform call the programs in the `bin` directory of the buildpack")
}

/// The lifecycle builds as no other user than the one of the app.
pub(crate) fn refuse_root() -> Result<(), Problem> {
    if rustix::process::geteuid().is_root() { Err(as_root()) } else { Ok(()) }
}

fn as_root() -> Problem {
    Problem::new("cf-root", Fault::Surroundings, "an app cannot be staged as root (user id 0)")
        .hint("stage it as the platform does, as a user with the id 2000")
}

/// A directory of our own for what is only needed now; only this user can read it.
pub(crate) fn scratch() -> Result<tempfile::TempDir, Problem> {
    Ok(tempfile::Builder::new().prefix("kouti-cf-").tempdir()?)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::Colour;

    use super::*;

    #[test]
    fn who_calls_it_otherwise_than_the_platform_is_told() {
        assert_snapshot!(as_root().page("", Colour::Off), @"
        error[cf-root]: an app cannot be staged as root (user id 0)

        hint: stage it as the platform does, as a user with the id 2000
        ");
        assert_snapshot!(too_few(&["/tmp/app".into()]).page("", Colour::Off), @"
        error[cf-usage]: the platform has named 1 directories, not at least two

        hint: let the platform call the programs in the `bin` directory of the buildpack
        ");
    }
}
