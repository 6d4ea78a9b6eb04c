//! What `builder`, `demo` and `test` stand on: tools, base images, runtimes, packages and a builder image, made at the
//! same time as far as one does not need the other.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::beside::Beside;
use crate::package::Package;
use crate::profile::{Choice, Profile};
use crate::tools::Tools;
use crate::workspace::Workspace;
use crate::{base, build, builder, docker, package, profile, tools};

/// What is there after the set-up.
pub(crate) struct Setup {
    pub(crate) profile: Profile,
    pub(crate) tools: Tools,
    /// The builder image.
    pub(crate) builder: &'static str,
    /// The packages in it.
    pub(crate) packages: Vec<Package>,
}

/// How long each step took.
#[derive(Default)]
pub(crate) struct Times(Mutex<Vec<(String, Duration)>>);

impl Times {
    /// Runs a step and remembers its time.
    pub(crate) fn measure<T>(&self, step: impl Into<String>, act: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let result = act();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((step.into(), since.elapsed()));
        result
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rows: Vec<_> = times
            .iter()
            .map(|(step, time)| (step.clone(), kouti_report::duration(*time)))
            .collect();
        f.write_str(&table(&rows))
    }
}

/// Makes what is missing for apps of these languages; for all if none is named.
pub(crate) fn make(
    workspace: &Workspace,
    choice: Choice,
    languages: &[String],
    times: &Times,
) -> Result<Setup> {
    times.measure("docker", || docker::ensure(workspace))?;
    let profile = profile::choose(workspace, choice)?;
    let local = profile == Profile::Local;
    let buildpacks = &builder::members(workspace, profile, languages)?;
    let beside = Beside::new(workspace);
    let tools = thread::scope(|scope| {
        let start = |name, act: fn(&Workspace, &[String]) -> Result<()>| {
            let step = move || act(workspace, buildpacks);
            let beside = &beside;
            scope.spawn(move || beside.run(|| times.measure(name, step)));
        };
        start("release build", |workspace, buildpacks| {
            build::release(workspace, buildpacks).map(drop)
        });
        if local {
            start("base images", |workspace, _| base::ensure(workspace));
            start("runtimes", package::runtimes);
        }
        beside.run(|| times.measure("tools", || tools::ensure(workspace)))
    });
    let tools = beside.end(tools)?;
    let packages =
        times.measure("packages", || package::packages(workspace, profile, local, buildpacks))?;
    times.measure("builder", || builder::ensure(workspace, profile, &tools, &packages))?;
    Ok(Setup { profile, tools, builder: builder::image(profile), packages })
}

/// Two columns, the second one flush right.
pub(crate) fn table(rows: &[(String, String)]) -> String {
    let left = rows.iter().map(|(left, _)| left.len()).max().unwrap_or_default();
    let right = rows.iter().map(|(_, right)| right.len()).max().unwrap_or_default();
    rows.iter().map(|(a, b)| format!("  {a:left$}  {b:>right$}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn a_table_aligns_names_left_and_values_right() {
        let rows = [("tools", "1m 02s"), ("base images", "0.5s")];
        let rows = rows.map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_snapshot!(table(&rows), @r"
        tools        1m 02s
        base images    0.5s
        ");
    }
}
