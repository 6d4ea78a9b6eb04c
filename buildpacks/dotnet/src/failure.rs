//! Why a `dotnet` command failed, in words the user can act on.
//!
//! MSBuild, NuGet and the compilers print stable codes. Their output is in the log already; the page
//! repeats what counts and says what it means for a build.

use kouti::{CommandFailed, Fault, Problem};

/// One known way to fail.
struct Known {
    /// Any of these in a line of the output tells it.
    codes: &'static [&'static str],
    /// And one of each of these, in the same line.
    and: &'static [&'static [&'static str]],
    fault: Fault,
    hint: &'static str,
}

const ANY: &[&[&str]] = &[];

/// The first one that is found decides.
const KNOWN: &[Known] = &[
    Known {
        codes: &["NU1301", "error NU1900"],
        and: &[&["401", "403", "Unauthorized", "Forbidden"]],
        fault: Fault::App,
        hint: "the package feed wants credentials: a binding of type `nugetconfig`, or the variable \
               NuGetPackageSourceCredentials_<name of the source>",
    },
    Known {
        codes: &["NU1101", "NU1102", "NU1103"],
        and: ANY,
        fault: Fault::App,
        hint: "no feed has this package or version: commit a nuget.config that names the feed, or bind \
               one, type `nugetconfig`",
    },
    Known {
        // As a warning it only says that nobody knows about vulnerabilities.
        codes: &["NU1301", "error NU1900"],
        and: ANY,
        fault: Fault::Surroundings,
        hint: "the package feed cannot be reached: behind a proxy set HTTPS_PROXY; otherwise building \
               again may help",
    },
    Known {
        codes: &["NU1004"],
        and: ANY,
        fault: Fault::App,
        hint: "packages.lock.json does not fit: restore with `--use-lock-file --runtime linux-x64` and \
               commit it, or unset BP_DOTNET_RESTORE_LOCKED",
    },
    Known {
        codes: &["error NU1901", "error NU1902", "error NU1903", "error NU1904"],
        and: ANY,
        fault: Fault::App,
        hint: "update the package that is named above, or let the build go on: BP_DOTNET_AUDIT=warn",
    },
    Known {
        codes: &["NETSDK1045"],
        and: ANY,
        fault: Fault::App,
        hint: "the SDK is older than the target framework: raise `sdk.version` in global.json, or set \
               BP_DOTNET_SDK_VERSION",
    },
    Known {
        codes: &["NETSDK1141", "A compatible .NET SDK was not found", "compatible installed .NET"],
        and: ANY,
        fault: Fault::App,
        hint: "global.json asks for another SDK: correct it, or set BP_DOTNET_SDK_VERSION",
    },
    Known {
        codes: &["NETSDK1129"],
        and: ANY,
        fault: Fault::App,
        hint: "the project has several target frameworks: set BP_DOTNET_TARGET_FRAMEWORK",
    },
    Known {
        codes: &["NETSDK1147"],
        and: ANY,
        fault: Fault::App,
        hint: "the SDK needs a workload: set BP_DOTNET_WORKLOADS to its name, which is above",
    },
    Known {
        codes: &["NETSDK1100"],
        and: ANY,
        fault: Fault::App,
        hint: "the project targets Windows: take `-windows` from its target framework",
    },
    Known {
        codes: &["NETSDK1102", "NETSDK1094"],
        and: ANY,
        fault: Fault::App,
        hint: "trimming and ReadyToRun need a runtime identifier and fitting self-contained settings: \
               compare the project with BP_DOTNET_PUBLISH_FLAGS",
    },
    Known {
        codes: &["MSB3073"],
        and: &[&["exited with code 127"], &["node", "npm", "npx", "yarn", "pnpm"]],
        fault: Fault::App,
        hint: "a step of the build needs Node.js, which was not noticed: set \
               BP_DOTNET_INCLUDE_NODE=build",
    },
    Known {
        codes: &["MSB3073"],
        and: &[&["exited with code 127"]],
        fault: Fault::App,
        hint: "a step of the build runs a program that this builder does not have: use a builder that \
               has it, or leave the step out",
    },
    Known {
        codes: &["MSB3073"],
        and: ANY,
        fault: Fault::App,
        hint: "a command that the project runs has failed: what it has printed is above",
    },
    Known {
        codes: &["MSB3202", "MSB4025", "MSB9008"],
        and: ANY,
        fault: Fault::App,
        hint: "a project that is referred to is missing or broken: build from the root of the \
               repository, with BP_DOTNET_PROJECT_PATH for the part",
    },
    Known {
        codes: &["CS0579"],
        and: ANY,
        fault: Fault::App,
        hint: "a directory `obj` of another machine is compiled in: keep `obj` and `bin` out of the \
               upload",
    },
];

const USUAL: &str =
    "correct what the compiler says above; `dotnet publish` on your machine must work first";

/// The page for a failed publish of `project`.
pub(crate) fn explain(failed: CommandFailed, project: &str) -> Problem {
    let CommandFailed::Status { status, tail, .. } = &failed else { return failed.into() };
    let killed = status.0.code() == Some(137) || tail.iter().any(|line| line.trim() == "Killed");
    if failed_by_signal(&failed) == Some(9) || killed {
        return Problem::new(
            "publish-failed",
            Fault::Surroundings,
            format!("`dotnet publish` of {project} was killed"),
        )
        .hint("it was probably out of memory: give the build more")
        .hint("or let it do less at a time: BP_DOTNET_PUBLISH_FLAGS=-maxcpucount:1");
    }
    if failed_by_signal(&failed) == Some(11) || status.0.code() == Some(139) {
        return Problem::new(
            "publish-failed",
            Fault::Surroundings,
            format!("`dotnet publish` of {project} crashed"),
        )
        .hint("if this build emulates another architecture, build on a machine that has it");
    }
    let known = KNOWN.iter().find(|known| known.is_in(tail));
    let summary = format!("`dotnet publish` of {project} ended with {status}");
    let fault = known.map_or(Fault::App, |known| known.fault);
    let mut problem = Problem::new("publish-failed", fault, summary)
        .hint(known.map_or(USUAL, |known| known.hint));
    problem.excerpt = errors(tail);
    problem
}

fn failed_by_signal(failed: &CommandFailed) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt as _;
    match failed {
        CommandFailed::Status { status, .. } => status.0.signal(),
        _ => None,
    }
}

impl Known {
    fn is_in(&self, lines: &[String]) -> bool {
        let has = |line: &&String, words: &[&str]| words.iter().any(|word| line.contains(word));
        lines
            .iter()
            .filter(|line| has(line, self.codes))
            .any(|line| self.and.iter().all(|words| has(&line, words)))
    }
}

/// How many errors the page repeats.
const REPEATED: usize = 5;

/// The lines with an error, each once: MSBuild says everything twice, and where it was built.
fn errors(lines: &[String]) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    for line in lines.iter().filter(|line| line.contains("error ") && line.contains(": ")) {
        let text = line.trim();
        let text = match text.rsplit_once(" [") {
            Some((text, project)) if project.ends_with(']') => text,
            _ => text,
        };
        if !found.iter().any(|known| known == text) {
            found.push(text.to_owned());
        }
    }
    let more = found.len().saturating_sub(REPEATED);
    found.truncate(REPEATED);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    (!found.is_empty()).then(|| format!("  {}", found.join("\n  ")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use insta::assert_snapshot;
    use kouti::{Colour, EndStatus};

    use super::*;

    fn page(status: i32, lines: &[&str]) -> String {
        let failed = CommandFailed::Status {
            command: "dotnet publish".into(),
            status: EndStatus(ExitStatus::from_raw(status)),
            tail: lines.iter().map(ToString::to_string).collect(),
        };
        explain(failed, "src/Shop.csproj").page("", Colour::Off)
    }

    #[test]
    fn compiler_errors_are_repeated_once() {
        let line =
            "/workspace/src/Program.cs(3,5): error CS1002: ; expected [/workspace/src/Shop.csproj]";
        assert_snapshot!(page(256, &["Restored", line, "", line, "    1 Error(s)"]), @"
        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          /workspace/src/Program.cs(3,5): error CS1002: ; expected

        hint: correct what the compiler says above; `dotnet publish` on your machine must work first
        ");
    }

    #[test]
    fn every_code_has_its_advice() {
        let lines = [
            "error NU1301: Response status code does not indicate success: 401 (Unauthorized).",
            "error NU1101: Unable to find package Acme.Json. No packages exist with this id",
            "error NU1301: Unable to load the service index for source https://feed.test/v3/index.json.",
            "error NU1004: The package references have changed for net10.0.",
            "error NU1903: Package 'Acme.Json' 1.0.0 has a known high severity vulnerability",
            "error NETSDK1045: The current .NET SDK does not support targeting .NET 11.0.",
            "A compatible .NET SDK was not found.",
            "error NETSDK1129: The 'Publish' target is not supported without specifying a target framework.",
            "error NETSDK1147: To build this project, the following workloads must be installed: wasm-tools",
            "error NETSDK1100: To build a project targeting Windows on this operating system",
            "error NETSDK1094: Unable to optimize assemblies for performance",
            "error MSB3073: The command \"npm ci\" exited with code 127.",
            "error MSB3073: The command \"protoc a.proto\" exited with code 127.",
            "error MSB3073: The command \"npm run build\" exited with code 1.",
            "error MSB3202: The project file \"../Lib/Lib.csproj\" was not found.",
            "error CS0579: Duplicate 'global::System.Runtime.Versioning.TargetFrameworkAttribute' attribute",
        ];
        assert_eq!(lines.len(), KNOWN.len(), "each known failure has a line here");
        let pages: Vec<_> = lines.iter().map(|line| page(256, &[line])).collect();
        assert_snapshot!(pages.join("\n"), @r#"
        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NU1301: Response status code does not indicate success: 401 (Unauthorized).

        hint: the package feed wants credentials: a binding of type `nugetconfig`, or the variable NuGetPackageSourceCredentials_<name of the source>

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NU1101: Unable to find package Acme.Json. No packages exist with this id

        hint: no feed has this package or version: commit a nuget.config that names the feed, or bind one, type `nugetconfig`

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NU1301: Unable to load the service index for source https://feed.test/v3/index.json.

        hint: the package feed cannot be reached: behind a proxy set HTTPS_PROXY; otherwise building again may help

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NU1004: The package references have changed for net10.0.

        hint: packages.lock.json does not fit: restore with `--use-lock-file --runtime linux-x64` and commit it, or unset BP_DOTNET_RESTORE_LOCKED

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NU1903: Package 'Acme.Json' 1.0.0 has a known high severity vulnerability

        hint: update the package that is named above, or let the build go on: BP_DOTNET_AUDIT=warn

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NETSDK1045: The current .NET SDK does not support targeting .NET 11.0.

        hint: the SDK is older than the target framework: raise `sdk.version` in global.json, or set BP_DOTNET_SDK_VERSION

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1

        hint: global.json asks for another SDK: correct it, or set BP_DOTNET_SDK_VERSION

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NETSDK1129: The 'Publish' target is not supported without specifying a target framework.

        hint: the project has several target frameworks: set BP_DOTNET_TARGET_FRAMEWORK

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NETSDK1147: To build this project, the following workloads must be installed: wasm-tools

        hint: the SDK needs a workload: set BP_DOTNET_WORKLOADS to its name, which is above

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NETSDK1100: To build a project targeting Windows on this operating system

        hint: the project targets Windows: take `-windows` from its target framework

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error NETSDK1094: Unable to optimize assemblies for performance

        hint: trimming and ReadyToRun need a runtime identifier and fitting self-contained settings: compare the project with BP_DOTNET_PUBLISH_FLAGS

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error MSB3073: The command "npm ci" exited with code 127.

        hint: a step of the build needs Node.js, which was not noticed: set BP_DOTNET_INCLUDE_NODE=build

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error MSB3073: The command "protoc a.proto" exited with code 127.

        hint: a step of the build runs a program that this builder does not have: use a builder that has it, or leave the step out

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error MSB3073: The command "npm run build" exited with code 1.

        hint: a command that the project runs has failed: what it has printed is above

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error MSB3202: The project file "../Lib/Lib.csproj" was not found.

        hint: a project that is referred to is missing or broken: build from the root of the repository, with BP_DOTNET_PROJECT_PATH for the part

        error[publish-failed]: `dotnet publish` of src/Shop.csproj ended with exit code 1
          error CS0579: Duplicate 'global::System.Runtime.Versioning.TargetFrameworkAttribute' attribute

        hint: a directory `obj` of another machine is compiled in: keep `obj` and `bin` out of the upload
        "#);
    }

    #[test]
    fn a_warning_is_not_taken_for_the_cause() {
        let warning = "warning NU1900: Error occurred while getting package vulnerability data";
        let page = page(256, &[warning, "Program.cs(3,5): error CS1002: ; expected"]);
        assert!(page.contains("hint: correct what the compiler says"), "{page}");
    }

    #[test]
    fn a_killed_or_crashed_build_is_told_apart() {
        assert_snapshot!(page(9, &[]), @"
        error[publish-failed]: `dotnet publish` of src/Shop.csproj was killed

        hint: it was probably out of memory: give the build more
        hint: or let it do less at a time: BP_DOTNET_PUBLISH_FLAGS=-maxcpucount:1
        ");
        assert_snapshot!(page(139 << 8, &[]), @"
        error[publish-failed]: `dotnet publish` of src/Shop.csproj crashed

        hint: if this build emulates another architecture, build on a machine that has it
        ");
    }
}
