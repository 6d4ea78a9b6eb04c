//! A runtime of the modules that are needed.

use std::path::Path;

use kouti::{BuildContext, Log, Problem};

use crate::recipe::{Jlink, Modules};

/// Of the JDK, what apps and their operators use without naming it.
const OF_JDK: [&str; 11] = [
    "jdk.charsets",
    "jdk.crypto.ec",
    "jdk.httpserver",
    "jdk.jcmd",
    "jdk.jdwp.agent",
    "jdk.jfr",
    "jdk.localedata",
    "jdk.management",
    "jdk.management.agent",
    "jdk.unsupported",
    "jdk.zipfs",
];

/// Files that some archives bring along and their modules do not have, one name in each line.
const BUNDLED: &str = "lib/kouti-bundled.txt";

/// Runs `jlink` of `jdk`; `dir` is empty and will be the runtime.
pub(crate) fn make(
    context: &BuildContext,
    log: &mut Log,
    jlink: &Jlink,
    jdk: &Path,
    dir: &Path,
) -> Result<(), Problem> {
    let program = |name: &str| jdk.join("bin").join(name).display().to_string();
    let mut arguments = jlink.arguments.clone();
    let modules = match &jlink.modules {
        None => None,
        Some(Modules::These(list)) => Some(list.clone()),
        Some(Modules::Usual) => {
            let java = context.command(&program("java"), &context.app_dir, &context.env);
            Some(usual(&java.arg("--list-modules").output()?))
        }
    };
    if let Some(modules) = modules {
        arguments.extend(["--add-modules".to_owned(), modules]);
    }
    // It refuses a directory that exists.
    fs_err::remove_dir(dir)?;
    arguments.extend(["--output".to_owned(), dir.display().to_string()]);
    context.command(&program("jlink"), &context.app_dir, &context.env).args(arguments).run(log)?;
    let bundled = fs_err::read_to_string(jdk.join(BUNDLED)).unwrap_or_default();
    for name in bundled.lines() {
        fs_err::copy(jdk.join("lib").join(name), dir.join("lib").join(name))?;
    }
    // Those of the modules are not the ones of the archive.
    let store = "lib/security/cacerts";
    if jdk.join(store).is_file() {
        fs_err::copy(jdk.join(store), dir.join(store))?;
    }
    Ok(())
}

/// The names in the output of `java --list-modules`.
fn usual(list: &str) -> String {
    let names = list.lines().map(|line| line.split('@').next().unwrap_or(line).trim());
    let names = names.filter(|name| name.starts_with("java.") || OF_JDK.contains(name));
    names.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    #[test]
    fn modules_of_java_and_a_few_of_the_jdk_are_usual() {
        let list = "java.base@21.0.13\njava.sql@21.0.13\njdk.compiler@21.0.13\njdk.jfr@21.0.13\n";
        assert_eq!(super::usual(list), "java.base,java.sql,jdk.jfr");
    }
}
