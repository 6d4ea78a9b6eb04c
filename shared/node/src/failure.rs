//! Why a command of a build failed, in words the user can act on.
//!
//! Package managers print stable codes. The command's own output is in the log
//! already; what is added here is what it means for a build, and what to do.

mod known;

use kouti::{CommandFailed, Fault, KnownFailure, Problem};

use crate::manager::Kind;
use known::{KNOWN, OF_INSTALL};

/// What the command was for.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Packages are installed, compiled or removed.
    Packages,
    /// A script of `package.json` runs.
    Script(&'a str),
}

/// The exit code of a shell whose command was killed, which nearly always the kernel did.
const KILLED: i32 = 137;

/// Explains a failed command.
#[must_use]
pub fn explain(failed: CommandFailed, step: Step<'_>, kind: Kind) -> Problem {
    let CommandFailed::Status { status, tail, .. } = &failed else {
        return failed.into();
    };
    let mut output = tail.join("\n") + "\n";
    if status.0.code() == Some(KILLED) {
        output.push_str("ENOMEM: not enough memory\n");
    }
    let of_install = match step {
        Step::Packages => OF_INSTALL,
        // What a script of the app does is its own affair.
        Step::Script(_) => &[],
    };
    let known =
        KnownFailure::find(KNOWN, &output).or_else(|| KnownFailure::find(of_install, &output));
    if let Some(known) = known {
        let mut problem = known.problem(&output, failed);
        problem.summary = in_words_of(kind, &problem.summary);
        problem.hints = problem.hints.iter().map(|hint| in_words_of(kind, hint)).collect();
        return problem;
    }
    match step {
        Step::Script(name) => {
            let problem = Problem::new(
                "script-failed",
                Fault::App,
                format!("the script `{name}` ended with {status}"),
            );
            problem.hint("its own message is above")
        }
        Step::Packages => failed.into(),
    }
}

/// Fills in how this package manager calls things.
fn in_words_of(kind: Kind, text: &str) -> String {
    let manager = kind.manager();
    let lockfile = manager.lockfiles().last();
    let settings = manager.settings_file();
    text.replace("{manager}", manager.title())
        .replace("{lockfile}", lockfile.map_or("the lockfile", |lockfile| lockfile.file_name()))
        .replace("{install}", lockfile.map_or("", |lockfile| lockfile.written_by()))
        .replace("{settings}", settings)
        .replace("{binding}", if settings == ".yarnrc.yml" { "yarnrc" } else { "npmrc" })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use insta::assert_snapshot;
    use kouti::EndStatus;
    use kouti_report::Colour;

    use super::*;

    /// The page for a command that printed `output`.
    fn page_of(command: &str, code: i32, output: &str, step: Step<'_>) -> String {
        page_by(Kind::Npm, command, code, output, step)
    }

    fn page_by(kind: Kind, command: &str, code: i32, output: &str, step: Step<'_>) -> String {
        let failed = CommandFailed::Status {
            command: command.to_owned(),
            status: EndStatus(ExitStatus::from_raw(code << 8)),
            tail: output.lines().map(|line| line.trim().to_owned()).collect(),
        };
        explain(failed, step, kind).page("", Colour::Off)
    }

    fn page(output: &str) -> String {
        page_of("npm ci --include=dev", 1, output, Step::Packages)
    }

    fn script(output: &str) -> String {
        page_of("npm run build", 1, output, Step::Script("build"))
    }

    #[test]
    fn a_lockfile_that_does_not_fit() {
        assert_snapshot!(page(
            "npm error code EUSAGE
             npm error
             npm error `npm ci` can only install packages when your package.json and package-lock.json \
             or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.
             npm error
             npm error Missing: debug@4.4.3 from lock file"
        ), @"
        error[lockfile-out-of-date]: package-lock.json does not fit package.json: it lacks `debug@4.4.3`
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: run `npm install` and commit package-lock.json
        ");
    }

    #[test]
    fn packages_that_came_with_the_app_and_do_not_fit() {
        assert_snapshot!(page(
            "npm error code ELSPROBLEMS
             npm error missing: debug@4.4.3, required by shop@1.2.3"
        ), @"
        error[vendored-modules-incomplete]: node_modules came with the app and does not fit package.json: `debug@4.4.3`
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: run `npm install` and add node_modules again
        hint: or let packages be installed: leave node_modules out, or set BP_NODE_VENDORED=false
        ");
    }

    #[test]
    fn a_package_that_no_offline_cache_holds() {
        assert_snapshot!(page_by(
            Kind::Npm,
            "npm ci --offline",
            1,
            "npm error code ENOTCACHED
             npm error request to https://npm.example/debug failed: cache mode is 'only-if-cached'",
            Step::Packages
        ), @"
        error[not-in-offline-cache]: https://npm.example/debug is needed, and this build has no network
          caused by: `npm ci --offline` ended with exit code 1

        hint: run `npm install` and add the cache or mirror that it fills to the app again
        hint: or allow the network: unset BP_NODE_OFFLINE and BP_OFFLINE
        ");
        let of_yarn = page_by(
            Kind::YarnClassic,
            "yarn install --offline",
            1,
            "error Can't make a request in offline mode (\"https://npm.example/ms.tgz\")",
            Step::Packages,
        );
        let summary = "error[not-in-offline-cache]: https://npm.example/ms.tgz is needed";
        assert!(of_yarn.starts_with(summary), "{of_yarn}");
    }

    #[test]
    fn a_package_that_is_too_new_for_the_app() {
        assert_snapshot!(page_by(
            Kind::Pnpm,
            "pnpm install --frozen-lockfile",
            1,
            "ERR_PNPM_NO_MATURE_MATCHING_VERSION  No matching version found for debug@4.4.3 published by then",
            Step::Packages
        ), @"
        error[package-too-new]: `debug@4.4.3` was published more recently than the app allows
          caused by: `pnpm install --frozen-lockfile` ended with exit code 1

        hint: wait, or ask for an earlier version
        hint: or allow it: `minimumReleaseAgeExclude` in pnpm-workspace.yaml
        ");
    }

    #[test]
    fn a_script_that_fails_while_packages_are_installed() {
        assert_snapshot!(page(
            "npm error code 1
             npm error path /workspace/node_modules/native
             npm error command failed
             npm error command sh -c node-gyp rebuild"
        ), @"
        error[install-script-failed]: a script that runs on install has failed: that of /workspace/node_modules/native
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: its own message is above
        ");
    }

    #[test]
    fn packages_that_do_not_fit_together() {
        assert_snapshot!(page(
            "npm error code ERESOLVE
             npm error ERESOLVE unable to resolve dependency tree
             npm error Could not resolve dependency:
             npm error peer react@\"^18.0.0\" from react-dom@18.0.0"
        ), @r#"
        error[peer-conflict]: no set of packages fits together: a package wants react@"^18.0.0" beside it
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: change one of the versions that are named above, then run `npm install` and commit
        hint: if it works on your machine with `--legacy-peer-deps`, write `legacy-peer-deps=true` into .npmrc
        "#);
    }

    #[test]
    fn a_package_for_another_node() {
        assert_snapshot!(page(
            "npm error code EBADENGINE
             npm error engine Not compatible with your version of node/npm: a@1.0.0
             npm error notsup Required: {\"node\":\">=99\"}"
        ), @"
        error[unsupported-engine]: `a@1.0.0` does not run on this version of Node.js or npm, and .npmrc says `engine-strict`
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: the version it wants is named above: set BP_NODE_VERSION or `engines.node`
        ");
    }

    #[test]
    fn a_variable_that_is_not_set() {
        assert_snapshot!(page("npm error Failed to replace env in config: ${NPM_TOKEN}"), @"
        error[variable-not-set]: .npmrc uses the variable NPM_TOKEN, which is not set in this build
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: pass it with `--env`
        hint: or bind the whole file: a binding of type `npmrc` with an entry `.npmrc`
        ");
    }

    #[test]
    fn a_registry_that_refuses() {
        assert_snapshot!(page(
            "npm error code E401
             npm error 401 Unauthorized - GET https://npm.example/@corp%2fui - authentication required"
        ), @"
        error[registry-refused]: the registry wants to know who asks for https://npm.example/@corp%2fui
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: bind the credentials: a binding of type `npmrc` with an entry `.npmrc`
        hint: if the registry knows you, its answer above says what is missing
        ");
    }

    #[test]
    fn a_package_that_does_not_exist() {
        assert_snapshot!(page(
            "npm error code E404
             npm error 404 Not Found - GET https://npm.example/@corp%2fui
             npm error 404  The requested resource '@corp/ui@^1' could not be found or you do not have \
             permission to access it."
        ), @"
        error[package-not-found]: the registry has no package `@corp/ui@^1`
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: check its name and version in package.json
        hint: if it is private, .npmrc must name the registry of its scope; a binding of type `npmrc` can hold it
        ");
    }

    #[test]
    fn a_version_that_does_not_exist() {
        assert_snapshot!(page(
            "npm error code ETARGET
             npm error notarget No matching version found for ms@^99."
        ), @"
        error[package-version-not-found]: no version of a package fits `ms@^99`
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: change the version in package.json, then run `npm install` and commit
        ");
    }

    #[test]
    fn a_package_that_is_not_the_locked_one() {
        assert_snapshot!(page(
            "npm error code EINTEGRITY
             npm error Integrity checksum failed when using sha512: wanted sha512-A but got sha512-B."
        ), @"
        error[package-changed]: a package is not the one that package-lock.json describes
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: if it was published anew, remove its entry from package-lock.json, run `npm install` and commit
        hint: otherwise a mirror or proxy changes packages: ask those who run it
        ");
    }

    #[test]
    fn dependencies_of_another_package_manager() {
        assert_snapshot!(page(
            "npm error code EUNSUPPORTEDPROTOCOL
             npm error Unsupported URL Type \"workspace:\": workspace:*"
        ), @"
        error[wrong-package-manager]: npm does not know dependencies that begin with `workspace:`
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: they are of pnpm or Yarn: commit their lockfile instead of package-lock.json
        ");
    }

    #[test]
    fn an_option_that_npm_does_not_know() {
        assert_snapshot!(page(
            "npm error code EUNKNOWNCONFIG
             npm error Unknown project config \"nodedir\"."
        ), @r#"
        error[unknown-npm-option]: npm no longer accepts an unknown project config "nodedir".
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: remove it from .npmrc, or unset the variable `npm_config_…`
        "#);
    }

    #[test]
    fn a_package_that_is_not_allowed() {
        assert_snapshot!(page("npm error code EALLOWGIT"), @"
        error[install-script-not-allowed]: npm refuses a package until you allow it
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: allow it as npm says above, and commit what that changes
        hint: with pnpm that is `pnpm approve-builds`, which writes pnpm-workspace.yaml
        ");
    }

    #[test]
    fn a_repository_over_ssh() {
        assert_snapshot!(page(
            "npm error code 128
             npm error command git ls-remote ssh://git@github.com/corp/ui.git
             npm error git@github.com: Permission denied (publickey)."
        ), @"
        error[git-over-ssh]: a dependency is fetched over SSH, for which a build has no key: github.com/corp/ui.git
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: name it by an https address, or publish it to a registry
        ");
    }

    #[test]
    fn a_certificate_nobody_trusts() {
        assert_snapshot!(page(
            "npm error code SELF_SIGNED_CERT_IN_CHAIN
             npm error request to https://npm.example/ms failed, reason: self-signed certificate"
        ), @"
        error[certificate-not-trusted]: the certificate for https://npm.example/ms is not trusted
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: bind the authority that signed it: a binding of type `ca-certificates`
        hint: if a proxy inspects TLS, it is the authority of the proxy
        ");
    }

    #[test]
    fn a_registry_out_of_reach() {
        assert_snapshot!(page(
            "npm error code ENOTFOUND
             npm error network request to https://npm.example/ms failed, reason: getaddrinfo ENOTFOUND"
        ), @"
        error[registry-unreachable]: https://npm.example/ms cannot be reached from this build
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: npm has tried it several times; building again may help
        hint: behind a proxy, set HTTPS_PROXY; with a mirror, name it in .npmrc
        ");
    }

    #[test]
    fn a_full_disk() {
        assert_snapshot!(page("npm error code ENOSPC\nnpm error nospc ENOSPC: no space left"), @"
        error[no-space-left]: the disk of this build is full
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: free some space, or give the build more
        ");
    }

    #[test]
    fn too_little_memory() {
        assert_snapshot!(script("FATAL ERROR: Reached heap limit - JavaScript heap out of memory"), @"
        error[out-of-memory]: Node.js ran out of memory
          caused by: `npm run build` ended with exit code 1

        hint: let it use more: `--env NODE_OPTIONS=--max-old-space-size=4096`
        hint: the build needs as much memory as that; give it more if it has less
        ");
        let killed = page_of("npm run build", 137, "Killed", Step::Script("build"));
        assert!(killed.starts_with("error[out-of-memory]"), "{killed}");
    }

    #[test]
    fn a_package_that_must_be_compiled() {
        assert_snapshot!(page(
            "npm error path /workspace/node_modules/bcrypt
             npm error gyp ERR! find Python Python is not set"
        ), @"
        error[no-compiler]: a package has to be compiled, and this builder cannot: /workspace/node_modules/bcrypt
          caused by: `npm ci --include=dev` ended with exit code 1

        hint: use a builder with compilers and Python (of Paketo's, `builder-*-full`)
        hint: or a version of the package that comes compiled
        ");
    }

    #[test]
    fn a_system_that_is_too_old() {
        assert_snapshot!(script(
            "node: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found (required by node)"
        ), @"
        error[system-too-old]: a program needs GLIBC_2.28, which the C library of this builder is too old for
          caused by: `npm run build` ended with exit code 1

        hint: if it is `node`, choose an older line of Node.js, or a builder with a newer system
        hint: if it is a module that came with the app, leave node_modules out, so that it is made here
        ");
    }

    #[test]
    fn a_module_of_another_system() {
        assert_snapshot!(script(
            "Error: /workspace/node_modules/bcrypt/lib/bcrypt.node: invalid ELF header"
        ), @"
        error[module-for-other-system]: /workspace/node_modules/bcrypt/lib/bcrypt.node was compiled for another system
          caused by: `npm run build` ended with exit code 1

        hint: leave node_modules out of what you upload, or set BP_NODE_VENDORED=false
        ");
    }

    #[test]
    fn a_directory_that_must_not_be_written_to() {
        assert_snapshot!(script(
            "Error: EACCES: permission denied, mkdir '/usr/share/cache'"
        ), @"
        error[not-writable]: the build may not write to /usr/share/cache
          caused by: `npm run build` ended with exit code 1

        hint: a build may write to the app and to the temporary directory: point the tool there
        hint: if it is a file of the app, check its mode where it was uploaded from
        ");
    }

    #[test]
    fn cryptography_of_yesterday() {
        assert_snapshot!(script("code: 'ERR_OSSL_EVP_UNSUPPORTED'"), @"
        error[openssl-too-new]: a tool of the app uses cryptography that Node.js 17 and later refuse
          caused by: `npm run build` ended with exit code 1

        hint: move to webpack 5
        hint: or build with `--env NODE_OPTIONS=--openssl-legacy-provider`
        ");
    }

    #[test]
    fn a_module_that_is_missing() {
        assert_snapshot!(script("Error: Cannot find module '@rollup/rollup-linux-x64-gnu'"), @"
        error[module-not-found]: `@rollup/rollup-linux-x64-gnu` is used but not installed
          caused by: `npm run build` ended with exit code 1

        hint: add it to package.json, run `npm install`, and commit package-lock.json
        hint: if its name ends in a platform such as `linux-x64`, package-lock.json was made without it: remove node_modules and package-lock.json, then run `npm install`
        ");
    }

    #[test]
    fn a_program_that_is_missing() {
        assert_snapshot!(
            page_of("npm run build", 127, "> tsc -p .\nsh: 1: tsc: not found", Step::Script("build")),
            @"
        error[program-not-found]: the program `tsc` is not installed
          caused by: `npm run build` ended with exit code 127

        hint: add the package it comes with to `devDependencies`, and run `npm install`
        "
        );
    }

    #[test]
    fn anything_else() {
        assert_snapshot!(script("Error: oops"), @"
        error[script-failed]: the script `build` ended with exit code 1

        hint: its own message is above
        ");
        assert_snapshot!(page("npm error Cannot read properties of undefined"), @"
        error[command-failed]: `npm ci --include=dev` ended with exit code 1

        hint: its own message is above
        ");
    }
}
