//! Frameworks whose build makes the server that is started.

use std::path::Path;

use kouti_node::{PackageJson, Project};

use crate::script::Script;
use crate::start::Start;

/// A package that tells which framework an app uses, and the server that its build makes.
struct Framework {
    package: &'static str,
    /// Relative to the package that is built.
    server: &'static str,
    /// What runs it.
    program: &'static str,
    /// Whether an app that depends on it can be started without saying how.
    is_app: bool,
}

const fn framework(package: &'static str, server: &'static str) -> Framework {
    Framework { package, server, program: "node", is_app: true }
}

/// Where several servers exist, the first counts.
const FRAMEWORKS: [Framework; 9] = [
    framework("next", ".next/standalone/server.js"),
    framework("nuxt", NITRO),
    framework("@sveltejs/adapter-node", "build/index.js"),
    framework("@astrojs/node", ASTRO_SERVER),
    // The server is started by a script, `serve:ssr:<app>`.
    framework("@angular/ssr", ""),
    Framework {
        program: "react-router-serve",
        ..framework("@react-router/serve", "build/server/index.js")
    },
    Framework { program: "remix-serve", ..framework("@remix-run/serve", "build/server/index.js") },
    Framework { is_app: false, ..framework("@nestjs/core", "dist/main.js") },
    Framework { is_app: false, ..framework("", NITRO) },
];

/// What everything that Nitro builds has in common: apps of Nuxt and several younger frameworks.
const NITRO: &str = ".output/server/index.mjs";

/// What Astro builds.
pub(crate) const ASTRO_SERVER: &str = "dist/server/entry.mjs";

/// Where Next.js puts what runs without `node_modules`.
const STANDALONE: &str = ".next/standalone";

/// Whether the app is one of a framework that makes a server.
pub(crate) fn makes_server(package: &PackageJson) -> bool {
    FRAMEWORKS.iter().any(|framework| framework.is_app && package.depends_on(framework.package))
}

/// How the server that a build has made is started.
pub(crate) fn start(project: &Project) -> Option<Start> {
    let package = project.package.as_ref()?;
    let used = |framework: &&Framework| {
        framework.package.is_empty() || package.depends_on(framework.package)
    };
    FRAMEWORKS.iter().filter(used).find_map(|framework| {
        if framework.server.is_empty() {
            let name = package.scripts.keys().find(|name| name.starts_with("serve:ssr:"))?;
            return Script::read(package, name).map(Start::Script);
        }
        let server = if framework.server.starts_with(STANDALONE) {
            standalone(project)?
        } else {
            framework.server.to_owned()
        };
        let exists = project.dir.join(&server).is_file();
        exists.then(|| Start::Server { program: framework.program.to_owned(), file: server })
    })
}

/// The server that Next.js has made to stand alone. In a workspace, it lies as deep there as the
/// package does in the workspace.
pub(crate) fn standalone(project: &Project) -> Option<String> {
    let member = project.dir.strip_prefix(&project.root).unwrap_or(Path::new(""));
    let dir = Path::new(STANDALONE);
    [dir.join(member), dir.to_owned()]
        .into_iter()
        .map(|dir| dir.join("server.js"))
        .find(|server| project.dir.join(server).is_file())
        .map(|server| server.to_string_lossy().into_owned())
}
