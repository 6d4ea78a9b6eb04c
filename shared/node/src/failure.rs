//! Why a command of a build failed, in words the user can act on.
//!
//! Package managers print stable codes. The command's own output is in the log
//! already; what is added here is what it means for a build, and what to do.

use kouti::{CommandFailed, Fault, KnownFailure, Problem};

/// What the command was for.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Packages are installed, compiled or removed.
    Packages,
    /// A script of `package.json` runs.
    Script(&'a str),
}

/// The first one whose trace is found decides.
const KNOWN: &[KnownFailure] = &[
    KnownFailure {
        id: "lockfile-out-of-date",
        fault: Fault::App,
        traces: &["are in sync", "code EUSAGE"],
        subject: &[("Missing: ", " from lock file"), ("lock file's ", " does not satisfy")],
        summary: "package-lock.json does not fit package.json: it lacks `{}`",
        plain: "package-lock.json does not fit package.json",
        hints: &["run `npm install` and commit package-lock.json"],
    },
    KnownFailure {
        id: "peer-conflict",
        fault: Fault::App,
        traces: &["code ERESOLVE"],
        subject: &[("error peer ", " from"), ("ERR! peer ", " from")],
        summary: "no set of packages fits together: a package wants {} beside it",
        plain: "no set of packages fits together",
        hints: &[
            "change one of the versions that are named above, then run `npm install` and commit",
            "if it works on your machine with `--legacy-peer-deps`, write \
             `legacy-peer-deps=true` into .npmrc",
        ],
    },
    KnownFailure {
        id: "unsupported-engine",
        fault: Fault::App,
        traces: &["code EBADENGINE"],
        subject: &[("Not compatible with your version of node/npm: ", "\n")],
        summary: "`{}` does not run on this version of Node.js or npm, and .npmrc says \
                  `engine-strict`",
        plain: "a package does not run on this version of Node.js",
        hints: &["the version it wants is named above: set BP_NODE_VERSION or `engines.node`"],
    },
    KnownFailure {
        id: "variable-not-set",
        fault: Fault::App,
        traces: &["Failed to replace env in config"],
        subject: &[("Failed to replace env in config: ${", "}")],
        summary: ".npmrc uses the variable {}, which is not set in this build",
        plain: ".npmrc uses a variable that is not set in this build",
        hints: &[
            "pass it with `--env`",
            "or bind the whole file: a binding of type `npmrc` with an entry `.npmrc`",
        ],
    },
    KnownFailure {
        id: "registry-refused",
        fault: Fault::App,
        traces: &["code E401", "code E403", "code ENEEDAUTH"],
        subject: &[("GET ", " "), ("PUT ", " ")],
        summary: "the registry wants to know who asks for {}",
        plain: "the registry wants to know who asks",
        hints: &[
            "bind the credentials: a binding of type `npmrc` with an entry `.npmrc`",
            "if the registry knows you, its answer above says what is missing",
        ],
    },
    KnownFailure {
        id: "package-not-found",
        fault: Fault::App,
        traces: &["code E404"],
        subject: &[("The requested resource '", "'"), ("404  '", "'")],
        summary: "the registry has no package `{}`",
        plain: "the registry does not have a package",
        hints: &[
            "check its name and version in package.json",
            "if it is private, .npmrc must name its registry, such as \
             `@scope:registry=https://…`; a binding of type `npmrc` can hold it",
        ],
    },
    KnownFailure {
        id: "package-version-not-found",
        fault: Fault::App,
        traces: &["code ETARGET"],
        subject: &[("No matching version found for ", ".\n")],
        summary: "no version of a package fits `{}`",
        plain: "no version of a package fits what is asked for",
        hints: &["change the version in package.json, then run `npm install` and commit"],
    },
    KnownFailure {
        id: "package-changed",
        fault: Fault::Surroundings,
        traces: &["code EINTEGRITY"],
        subject: &[],
        summary: "",
        plain: "a package is not the one that package-lock.json describes",
        hints: &[
            "if it was published anew, remove its entry from package-lock.json, run `npm install` \
             and commit",
            "otherwise a mirror or proxy changes packages: ask those who run it",
        ],
    },
    KnownFailure {
        id: "wrong-package-manager",
        fault: Fault::App,
        traces: &["code EUNSUPPORTEDPROTOCOL"],
        subject: &[("Unsupported URL Type \"", "\"")],
        summary: "npm does not know dependencies that begin with `{}`",
        plain: "npm does not know the way in which a dependency is written",
        hints: &["they are of pnpm or Yarn: commit their lockfile instead of package-lock.json"],
    },
    KnownFailure {
        id: "unknown-npm-option",
        fault: Fault::App,
        traces: &["code EUNKNOWNCONFIG"],
        subject: &[("Unknown ", "\n")],
        summary: "npm no longer accepts an unknown {}",
        plain: "npm no longer accepts options that it does not know",
        hints: &["remove it from .npmrc, or unset the variable `npm_config_…`"],
    },
    KnownFailure {
        id: "install-script-not-allowed",
        fault: Fault::App,
        traces: &["ESTRICTALLOWSCRIPTS", "EALLOWGIT", "EALLOWREMOTE", "EALLOWFILE"],
        subject: &[],
        summary: "",
        plain: "npm refuses a package until you allow it",
        hints: &["allow it as npm says above, and commit what that changes"],
    },
    KnownFailure {
        id: "git-over-ssh",
        fault: Fault::App,
        traces: &["Host key verification failed", "Permission denied (publickey)"],
        subject: &[("ssh://git@", "\n")],
        summary: "a dependency is fetched over SSH, for which a build has no key: {}",
        plain: "a dependency is fetched over SSH, for which a build has no key",
        hints: &["name it by an https address, or publish it to a registry"],
    },
    KnownFailure {
        id: "certificate-not-trusted",
        fault: Fault::Surroundings,
        traces: &[
            "SELF_SIGNED_CERT_IN_CHAIN",
            "DEPTH_ZERO_SELF_SIGNED_CERT",
            "UNABLE_TO_GET_ISSUER_CERT",
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "CERT_HAS_EXPIRED",
        ],
        subject: &[("request to ", " failed")],
        summary: "the certificate for {} is not trusted",
        plain: "the certificate of the registry is not trusted",
        hints: &[
            "bind the authority that signed it: a binding of type `ca-certificates`",
            "if a proxy inspects TLS, it is the authority of the proxy",
        ],
    },
    KnownFailure {
        id: "registry-unreachable",
        fault: Fault::Surroundings,
        traces: &[
            "code ENOTFOUND",
            "code EAI_AGAIN",
            "code ECONNREFUSED",
            "code ECONNRESET",
            "code ETIMEDOUT",
            "code ENETUNREACH",
            "code EHOSTUNREACH",
            "code ERR_SOCKET_TIMEOUT",
            "code ENOTCACHED",
        ],
        subject: &[("request to ", " failed"), ("request ", " failed")],
        summary: "{} cannot be reached from this build",
        plain: "the registry cannot be reached from this build",
        hints: &[
            "npm has tried it several times; building again may help",
            "behind a proxy, set HTTPS_PROXY; with a mirror, set `registry=` in .npmrc",
        ],
    },
    KnownFailure {
        id: "no-space-left",
        fault: Fault::Surroundings,
        traces: &["ENOSPC", "No space left on device"],
        subject: &[],
        summary: "",
        plain: "the disk of this build is full",
        hints: &["free some space, or give the build more"],
    },
    KnownFailure {
        id: "out-of-memory",
        fault: Fault::Surroundings,
        traces: &["JavaScript heap out of memory", "code ENOMEM", "ENOMEM: not enough memory"],
        subject: &[],
        summary: "",
        plain: "Node.js ran out of memory",
        hints: &[
            "let it use more: `--env NODE_OPTIONS=--max-old-space-size=4096`",
            "the build needs as much memory as that; give it more if it has less",
        ],
    },
    KnownFailure {
        id: "no-compiler",
        fault: Fault::Surroundings,
        traces: &[
            "gyp ERR! find Python",
            "not found: make",
            "make: not found",
            "g++: not found",
            "make: g++: No such file",
        ],
        subject: &[("npm error path ", "\n"), ("npm ERR! path ", "\n")],
        summary: "a package has to be compiled, and this builder cannot: {}",
        plain: "a package has to be compiled, and this builder has no compiler or Python",
        hints: &[
            "use a builder with compilers and Python (of Paketo's, `builder-*-full`)",
            "or a version of the package that comes compiled",
        ],
    },
    KnownFailure {
        id: "openssl-too-new",
        fault: Fault::App,
        traces: &["ERR_OSSL_EVP_UNSUPPORTED", "error:0308010C"],
        subject: &[],
        summary: "",
        plain: "a tool of the app uses cryptography that Node.js 17 and later refuse",
        hints: &[
            "move to webpack 5",
            "or build with `--env NODE_OPTIONS=--openssl-legacy-provider`",
        ],
    },
    KnownFailure {
        id: "module-not-found",
        fault: Fault::App,
        traces: &["Cannot find module '", "ERR_MODULE_NOT_FOUND"],
        subject: &[("Cannot find module '", "'"), ("Cannot find package '", "'")],
        summary: "`{}` is used but not installed",
        plain: "a module is used but not installed",
        hints: &[
            "add it to package.json with `npm install`, and commit package-lock.json",
            "if its name ends in a platform such as `linux-x64`, package-lock.json was made without \
             it: remove node_modules and package-lock.json, then run `npm install`",
        ],
    },
    KnownFailure {
        id: "program-not-found",
        fault: Fault::App,
        traces: &[": not found"],
        subject: &[("sh: 1: ", ": not found"), ("sh: ", ": not found")],
        summary: "the program `{}` is not installed",
        plain: "a program is not installed",
        hints: &["add the package it comes with to package.json, such as `npm install --save-dev`"],
    },
];

/// The exit code of a shell whose command was killed, which nearly always the kernel did.
const KILLED: i32 = 137;

/// Explains a failed command.
#[must_use]
pub fn explain(failed: CommandFailed, step: Step<'_>) -> Problem {
    let CommandFailed::Status { status, tail, .. } = &failed else {
        return failed.into();
    };
    let mut output = tail.join("\n") + "\n";
    if status.0.code() == Some(KILLED) {
        output.push_str("ENOMEM: not enough memory\n");
    }
    if let Some(known) = KnownFailure::find(KNOWN, &output) {
        return known.problem(&output, failed);
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
        let failed = CommandFailed::Status {
            command: command.to_owned(),
            status: EndStatus(ExitStatus::from_raw(code << 8)),
            tail: output.lines().map(|line| line.trim().to_owned()).collect(),
        };
        explain(failed, step).page("", Colour::Off)
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
        hint: if it is private, .npmrc must name its registry, such as `@scope:registry=https://…`; a binding of type `npmrc` can hold it
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
        hint: behind a proxy, set HTTPS_PROXY; with a mirror, set `registry=` in .npmrc
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

        hint: add it to package.json with `npm install`, and commit package-lock.json
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

        hint: add the package it comes with to package.json, such as `npm install --save-dev`
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
