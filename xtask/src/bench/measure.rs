//! Timing programs from outside.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kouti_testing::lifecycle::{Lifecycle, Order};

use crate::builder::Descriptor;
use crate::workspace::Workspace;
use crate::{dev, package};

/// The middle one: a single slow run of a busy machine does not count.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// Median seconds of `act`, which is run once more before for warm caches.
pub(super) fn seconds(runs: usize, mut act: impl FnMut() -> Result<()>) -> Result<f64> {
    act()?;
    let mut times = Vec::new();
    for _ in 0..runs {
        let since = Instant::now();
        act()?;
        times.push(since.elapsed().as_secs_f64());
    }
    Ok(median(times))
}

/// Runs a program to its end; its output is only shown if it fails.
pub(super) fn run(command: &mut Command) -> Result<Duration> {
    let since = Instant::now();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let took = since.elapsed();
    if !output.status.success() {
        bail!(
            "{} failed ({})\n{}{}",
            command.get_program().display(),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(took)
}

/// Builds a sample below `dir` with runtimes for this host: the builder holds those for its base image.
pub(super) fn sample(
    workspace: &Workspace,
    dir: &Path,
    name: &str,
    variables: &[&str],
) -> Result<Lifecycle> {
    let dirs = package::directories(workspace, &workspace.release(), &dir.join("buildpacks"))?;
    let order = dev::order(&Descriptor::read(&workspace.root)?, &dirs)?;
    let mut lifecycle: Lifecycle = dev::lifecycle(workspace, &dir.join("lifecycle"))?;
    let variables: Vec<_> = variables.iter().map(ToString::to_string).collect();
    lifecycle.set_user_env(&dev::user_env(workspace, &variables)?)?;
    lifecycle.copy_app(&workspace.root.join("samples").join(name))?;
    build(&mut lifecycle, &order)?;
    Ok(lifecycle)
}

/// Builds the app of a miniature lifecycle; its log is only shown if it fails.
pub(super) fn build(lifecycle: &mut Lifecycle, order: &Order) -> Result<()> {
    let detected = lifecycle.detect(order)?.outcome.map_err(anyhow::Error::from)?;
    let mut log = String::new();
    let built = lifecycle.build(&detected, &mut |_, line| {
        log.push_str(line);
        log.push('\n');
    });
    built.map(drop).context(log)
}

/// Peak memory in MB of the program and what it starts, one at a time, by GNU time.
pub(super) fn peak_memory(command: &Command) -> Result<f64> {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["--format", "%M", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        timed.current_dir(dir);
    }
    let output = timed.output().context("cannot start /usr/bin/time")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let kilobytes: f64 = text
        .lines()
        .next_back()
        .and_then(|line| line.trim().parse().ok())
        .with_context(|| format!("GNU time printed no size:\n{text}"))?;
    Ok(kilobytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_run_does_not_count() {
        assert!((median(vec![1.0, 100.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
