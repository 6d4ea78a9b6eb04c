//! The system on which the app is staged.

use std::path::Path;

use kouti_launch::Env;
use kouti_report::{Fault, Problem};

use crate::settings;
use crate::zip::{Distro, Zip};

impl Distro {
    /// The one of the container; what its file does not say is `unknown`.
    pub(crate) fn of_this_container() -> Self {
        let text = fs_err::read_to_string(Path::new("/etc/os-release")).unwrap_or_default();
        Self::parse(&text)
    }

    fn parse(os_release: &str) -> Self {
        let field = |name: &str| {
            os_release
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .map_or("unknown", |value| value.trim().trim_matches(['"', '\'']))
                .to_owned()
        };
        Self { name: field("ID"), version: field("VERSION_ID") }
    }

    /// The stack by which buildpacks of old know it; `cf_stack` is the platform's name.
    pub(crate) fn stack_id(&self, cf_stack: Option<&str>) -> String {
        match (self.name.as_str(), self.version.as_str()) {
            ("ubuntu", "22.04") => "io.buildpacks.stacks.jammy".to_owned(),
            ("ubuntu", "24.04") => "io.buildpacks.stacks.noble".to_owned(),
            _ => cf_stack.unwrap_or("unknown").to_owned(),
        }
    }
}

/// Refuses a container for whose libraries the zip was not made.
pub(crate) fn check(zip: &Zip, env: &Env, found: &Distro) -> Result<(), Problem> {
    let Some(wanted) = &zip.about.distro else { return Ok(()) };
    if wanted == found || settings::flag(env, "BP_CF_IGNORE_STACK", false)? {
        return Ok(());
    }
    let stack = env.given("CF_STACK").unwrap_or("a stack without a name");
    Err(other(wanted, found, stack, &zip.about.language))
}

fn other(wanted: &Distro, found: &Distro, stack: &str, language: &str) -> Problem {
    let summary = format!(
        "this buildpack is for {} {}, and the app is staged on {} {} ({stack})",
        wanted.name, wanted.version, found.name, found.version
    );
    Problem::new("cf-wrong-stack", Fault::Surroundings, summary)
        .hint(format!(
            "upload the zip of `kouti_{language}` for this stack as well; one name may stand for one zip per stack"
        ))
        .hint("or push the app with `cf push -s` and the stack of this buildpack")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kouti_report::Colour;

    use super::*;

    #[test]
    fn another_distribution_is_named_with_ours() {
        let distro = |version: &str| Distro { name: "ubuntu".into(), version: version.into() };
        let problem = other(&distro("22.04"), &distro("24.04"), "cflinuxfs5", "nodejs");
        assert_snapshot!(problem.page("", Colour::Off), @"
        error[cf-wrong-stack]: this buildpack is for ubuntu 22.04, and the app is staged on ubuntu 24.04 (cflinuxfs5)

        hint: upload the zip of `kouti_nodejs` for this stack as well; one name may stand for one zip per stack
        hint: or push the app with `cf push -s` and the stack of this buildpack
        ");
    }

    #[test]
    fn the_distribution_is_read_from_os_release() {
        let text = "NAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nID=ubuntu\n";
        let distro = Distro::parse(text);
        assert_eq!(distro, Distro { name: "ubuntu".into(), version: "22.04".into() });
        assert_eq!(distro.stack_id(Some("cflinuxfs4")), "io.buildpacks.stacks.jammy");
        let unknown = Distro::parse("");
        assert_eq!(unknown, Distro { name: "unknown".into(), version: "unknown".into() });
        assert_eq!(unknown.stack_id(Some("mine")), "mine");
    }
}
