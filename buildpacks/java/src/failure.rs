//! What the failure of a build tool means, and what to do about it.

use kouti::{CommandFailed, Fault, KnownFailure, Problem};

use crate::compile_recipe::Compile;
use crate::tool::Tool;

/// What Maven and Gradle print around the repository that they ask.
const REPOSITORY: &[(&str, &str)] =
    &[(" from/to ", ": "), ("Could not GET '", "'"), ("Could not HEAD '", "'")];

/// The first one whose trace is found decides.
const KNOWN: &[KnownFailure] = &[
    KnownFailure {
        id: "repository-certificate",
        fault: Fault::Surroundings,
        traces: &["PKIX path building failed", "unable to find valid certification path"],
        subject: REPOSITORY,
        summary: "Java does not believe the certificate of {}",
        plain: "a repository has a certificate that Java does not believe",
        hints: &["add the certificate authority with a binding of type `ca-certificates`"],
    },
    KnownFailure {
        id: "repository-access",
        fault: Fault::Surroundings,
        traces: &[
            "status code: 401",
            "status code: 403",
            "status code 401",
            "status code 403",
            "Unauthorized (401)",
            "status: 401",
            "status: 403",
        ],
        subject: REPOSITORY,
        summary: "{} refuses access",
        plain: "a repository refuses access",
        hints: &[
            "give the credentials in a settings file, with a binding of type `maven` or `gradle`",
        ],
    },
    KnownFailure {
        id: "repository-rate-limit",
        fault: Fault::Surroundings,
        traces: &["status code: 429", "status code 429", "Too Many Requests"],
        subject: REPOSITORY,
        summary: "{} has had too many requests from here",
        plain: "a repository has had too many requests from here",
        hints: &[
            "use a mirror: name it in a settings file, with a binding of type `maven` or `gradle`",
        ],
    },
    KnownFailure {
        id: "java-too-old",
        fault: Fault::App,
        traces: &[
            "invalid target release",
            "release version ",
            "has been compiled by a more recent version of the Java Runtime",
            "error: invalid source release",
        ],
        subject: &[
            ("release version ", " not supported"),
            ("invalid target release: ", "\n"),
            ("invalid source release: ", "\n"),
        ],
        summary: "the source is for Java {}, which is later than the one that compiles it",
        plain: "the source is for a later Java than the one that compiles it",
        hints: &["set BP_JVM_VERSION to the version that the build file asks for"],
    },
    KnownFailure {
        id: "java-too-new",
        fault: Fault::App,
        traces: &["Unsupported class file major version"],
        subject: &[],
        summary: "",
        plain: "the build tool, or a plugin of it, does not know this Java yet",
        hints: &["raise the tool or the plugin", "or set BP_JVM_VERSION to an older version"],
    },
    KnownFailure {
        id: "java-toolchain-missing",
        fault: Fault::App,
        traces: &[
            "Cannot find a Java installation on your machine",
            "No matching toolchains found",
            "Cannot find matching toolchain definitions",
        ],
        subject: &[("languageVersion=", ","), ("[ version='", "'")],
        summary: "the build asks for Java {} as a toolchain, and another one is installed",
        plain: "the build asks for another Java than the one that is installed",
        hints: &["set BP_JVM_VERSION to the version of the toolchain"],
    },
    KnownFailure {
        id: "parent-pom-missing",
        fault: Fault::App,
        traces: &["Non-resolvable parent POM"],
        subject: &[("could not be resolved: ", " "), ("Could not find artifact ", " ")],
        summary: "the parent of pom.xml, {}, is not to be had",
        plain: "the parent of pom.xml is not to be had",
        hints: &[
            "build from the directory that holds the parent too",
            "or name the repository that has it, in a settings file with a binding of type `maven`",
        ],
    },
    KnownFailure {
        id: "repository-unreachable",
        fault: Fault::Surroundings,
        traces: &[
            "Connection refused",
            "Connection timed out",
            "Connect timed out",
            "Name or service not known",
            "Network is unreachable",
            "Temporary failure in name resolution",
            "Unknown host",
            "UnknownHostException",
        ],
        subject: REPOSITORY,
        summary: "{} cannot be reached",
        plain: "a repository cannot be reached",
        hints: &[
            "let the build reach it, through HTTPS_PROXY if there is a proxy; building again may help",
            "or name a mirror in a settings file, with a binding of type `maven` or `gradle`",
        ],
    },
    KnownFailure {
        id: "build-out-of-memory",
        fault: Fault::Surroundings,
        traces: &["java.lang.OutOfMemoryError", "GC overhead limit exceeded"],
        subject: &[],
        summary: "",
        plain: "the build tool has run out of memory",
        hints: &["set MAVEN_OPTS or GRADLE_OPTS to `-Xmx2g`, or more"],
    },
    KnownFailure {
        id: "compilation-failed",
        fault: Fault::App,
        traces: &[
            "COMPILATION ERROR",
            "Compilation failed",
            "Compilation failure",
            "compilation failed",
        ],
        subject: &[],
        summary: "",
        plain: "the source does not compile",
        hints: &["correct what the compiler has printed above"],
    },
];

/// The exit code of a shell whose command was killed, which nearly always the kernel did.
const KILLED: i32 = 137;

/// Explains a failed build; `java` is the major version that it ran on.
pub(crate) fn explain(failed: CommandFailed, compile: &Compile, java: Option<u64>) -> Problem {
    let CommandFailed::Status { status, tail, .. } = &failed else {
        return failed.into();
    };
    let tool = compile.tool.title();
    if status.0.code() == Some(KILLED) {
        let text = format!("{tool} was killed, as happens when memory runs out");
        let problem = Problem::new("build-killed", Fault::Surroundings, text);
        let problem = problem.hint("give the container of the build more memory");
        return Problem { cause: Some(failed.into()), ..problem };
    }
    let output = told(tail);
    let Some(known) = KnownFailure::find(KNOWN, &output) else {
        let problem =
            Problem::new("build-failed", Fault::App, format!("{tool} ended with {status}"))
                .hint("its own message is above")
                .hint(format!(
                    "`{}` on your machine should fail in the same way",
                    by_hand(compile)
                ));
        return Problem { cause: Some(failed.into()), ..problem };
    };
    let places = (known.id == "compilation-failed").then(|| places(tail)).flatten();
    let mut problem = known.problem(&output, failed);
    if let Some(java) = java.filter(|_| ["java-too-old", "java-too-new"].contains(&known.id)) {
        problem.summary = format!("{} (Java {java})", problem.summary);
    }
    problem.excerpt = places;
    problem
}

/// How many messages of the compiler the page repeats.
const REPEATED: usize = 5;

/// What the compiler says about which line, each once: Maven says everything twice.
fn places(lines: &[String]) -> Option<String> {
    let mut found: Vec<&str> = Vec::new();
    for line in lines {
        let line = line.trim().trim_start_matches("[ERROR] ").trim_start_matches("e: ");
        // Of Maven, and of javac itself.
        let is_place = line.starts_with('/') && (line.contains(":[") || line.contains(": error: "));
        if is_place && !found.contains(&line) {
            found.push(line);
        }
    }
    found.truncate(REPEATED);
    (!found.is_empty()).then(|| format!("  {}", found.join("\n  ")))
}

/// The command that a user would type.
fn by_hand(compile: &Compile) -> &'static str {
    match compile.tool {
        Tool::Maven => "mvn package",
        Tool::Gradle => "gradle assemble",
        Tool::Sbt => "sbt universal:packageBin",
    }
}

/// What counts of the last lines: a build does not end because of what is only warned of, such as a second
/// repository that does not answer.
fn told(tail: &[String]) -> String {
    let lines = tail.iter().filter(|line| !line.trim_start().starts_with("[WARNING]"));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_that_is_only_warned_of_is_not_the_cause() {
        let tail = [
            "[WARNING] Could not transfer metadata from/to snapshots (https://example.org): Name or service not known",
            "[ERROR] COMPILATION ERROR :",
            "[ERROR] /workspace/Page.java:[13,29] cannot find symbol",
        ];
        let found = KnownFailure::find(KNOWN, &told(&tail.map(str::to_owned)));
        assert_eq!(found.map(|known| known.id), Some("compilation-failed"));
    }
}
