//! What the failure of a build tool means, and what to do about it.

use kouti::{CommandFailed, Fault, Problem};

use crate::compile_recipe::Compile;
use crate::tool::Tool;

/// A failure that is known by what a tool prints.
struct Known {
    id: &'static str,
    fault: Fault,
    traces: &'static [&'static str],
    summary: &'static str,
    hints: &'static [&'static str],
}

const KNOWN: &[Known] = &[
    Known {
        id: "repository-certificate",
        fault: Fault::Surroundings,
        traces: &["PKIX path building failed", "unable to find valid certification path"],
        summary: "a repository has a certificate that Java does not believe",
        hints: &["add the certificate authority with a binding of type `ca-certificates`"],
    },
    Known {
        id: "repository-access",
        fault: Fault::Surroundings,
        traces: &[
            "status code: 401",
            "status code: 403",
            "Unauthorized (401)",
            "status: 401",
            "status: 403",
        ],
        summary: "a repository refuses access",
        hints: &[
            "give the credentials in a settings file, with a binding of type `maven` or `gradle`",
        ],
    },
    Known {
        id: "repository-rate-limit",
        fault: Fault::Surroundings,
        traces: &["status code: 429", "Too Many Requests"],
        summary: "a repository has had too many requests from here",
        hints: &[
            "use a mirror: name it in a settings file, with a binding of type `maven` or `gradle`",
        ],
    },
    Known {
        id: "java-too-old",
        fault: Fault::App,
        traces: &[
            "invalid target release",
            "release version ",
            "has been compiled by a more recent version of the Java Runtime",
            "error: invalid source release",
        ],
        summary: "the source is for a later Java than the one that compiles it",
        hints: &["set BP_JVM_VERSION to the version that the build file asks for"],
    },
    Known {
        id: "java-too-new",
        fault: Fault::App,
        traces: &["Unsupported class file major version"],
        summary: "the build tool, or a plugin of it, does not know this Java yet",
        hints: &["raise the tool or the plugin", "or set BP_JVM_VERSION to an older version"],
    },
    Known {
        id: "java-toolchain-missing",
        fault: Fault::App,
        traces: &[
            "Cannot find a Java installation on your machine",
            "No matching toolchains found",
            "Cannot find matching toolchain definitions",
        ],
        summary: "the build asks for another Java than the one that is installed",
        hints: &["set BP_JVM_VERSION to the version of the toolchain"],
    },
    Known {
        id: "parent-pom-missing",
        fault: Fault::App,
        traces: &["Non-resolvable parent POM"],
        summary: "the parent of pom.xml is not to be had",
        hints: &[
            "build from the directory that holds the parent too",
            "or name the repository that has it, in a settings file with a binding of type `maven`",
        ],
    },
    Known {
        id: "repository-unreachable",
        fault: Fault::Surroundings,
        traces: &[
            "Connection refused",
            "UnknownHostException",
            "Unknown host",
            "Connect timed out",
            "Temporary failure in name resolution",
        ],
        summary: "a repository cannot be reached",
        hints: &[
            "let the build reach it, through HTTPS_PROXY if there is a proxy",
            "or name a mirror in a settings file, with a binding of type `maven` or `gradle`",
        ],
    },
    Known {
        id: "build-out-of-memory",
        fault: Fault::Surroundings,
        traces: &["java.lang.OutOfMemoryError", "GC overhead limit exceeded"],
        summary: "the build tool has run out of memory",
        hints: &["set MAVEN_OPTS or GRADLE_OPTS to `-Xmx2g`, or more"],
    },
    Known {
        id: "compilation-failed",
        fault: Fault::App,
        traces: &[
            "COMPILATION ERROR",
            "Compilation failed",
            "Compilation failure",
            "compilation failed",
        ],
        summary: "the source does not compile",
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
    let output = tail.join("\n");
    let known = KNOWN.iter().find(|known| known.traces.iter().any(|trace| output.contains(trace)));
    let mut problem = match known {
        Some(known) => {
            let summary = match (known.id, java) {
                ("java-too-old" | "java-too-new", Some(java)) => {
                    format!("{} (Java {java})", known.summary)
                }
                _ => known.summary.to_owned(),
            };
            let mut problem = Problem::new(known.id, known.fault, summary);
            problem.hints = known.hints.iter().map(ToString::to_string).collect();
            problem
        }
        None => Problem::new("build-failed", Fault::App, format!("{tool} ended with {status}"))
            .hint("its own message is above")
            .hint(format!("`{}` on your machine should fail in the same way", by_hand(compile))),
    };
    problem.cause = Some(failed.into());
    problem
}

/// The command that a user would type.
fn by_hand(compile: &Compile) -> &'static str {
    match compile.tool {
        Tool::Maven => "mvn package",
        Tool::Gradle => "gradle assemble",
        Tool::Sbt => "sbt universal:packageBin",
    }
}
