//! Next.js: makes a server that stands alone complete.

use std::io;
use std::path::Path;

use kouti::tree;
use kouti_node::Project;

/// What such a server serves, and what the build of Next.js leaves where it is because a CDN
/// might serve it instead.
const SERVED: [&str; 2] = ["public", ".next/static"];

/// Copies what is missing beside `server`; what has been copied.
pub(crate) fn complete(project: &Project, server: &str) -> io::Result<Vec<&'static str>> {
    let Some(dir) = Path::new(server).parent() else { return Ok(Vec::new()) };
    let mut copied = Vec::new();
    for name in SERVED {
        let from = project.dir.join(name);
        let to = project.dir.join(dir).join(name);
        if from.is_dir() && !to.exists() {
            tree::link(&from, &to)?;
            copied.push(name);
        }
    }
    Ok(copied)
}
