//! `cargo xtask demo`: from nothing to a running app, with times and sizes.

mod cf;
mod http;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::advice::Advice;
use crate::builder;
use crate::command::{Command, tail};
use crate::profile::Choice;
use crate::setup::{self, Setup, Times};
use crate::workspace::{Workspace, print};

/// The port on which every sample listens in its container.
const PORT: u16 = 8080;

/// How long an app may take until it answers.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Samples to build and run, by the names of the directories under samples/; `cf` before them stages them as Cloud
    /// Foundry does
    #[arg(default_value = "nodejs", value_name = "LANGUAGE")]
    languages: Vec<String>,
    /// All samples
    #[arg(long)]
    all: bool,
    /// Base images and sources of runtimes
    #[arg(long, value_enum, default_value_t)]
    profile: Choice,
    /// Only end the Docker daemon that an earlier demo started
    #[arg(long, conflicts_with_all = ["languages", "all", "profile"])]
    stop: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if args.stop {
        return crate::docker::stop(workspace);
    }
    let samples = workspace.samples()?;
    if let [first, languages @ ..] = args.languages.as_slice()
        && first == "cf"
    {
        return cf::run(workspace, languages);
    }
    let languages = if args.all { &samples } else { &args.languages };
    if let Some(unknown) = languages.iter().find(|language| !samples.contains(language)) {
        let hint = format!("there are {}", samples.join(", "));
        return Err(Advice::new(format!("there is no sample `{unknown}`"), hint).into());
    }

    let times = Times::default();
    let setup = setup::make(workspace, args.profile, languages, &times)?;
    let mut images = vec![setup.builder.to_owned()];
    for language in languages {
        images.push(show(workspace, &setup, &times, language)?);
    }

    print("");
    print(times);
    let sizes: Vec<_> = images.into_iter().map(|image| (image.clone(), size(&image))).collect();
    print("");
    print(setup::table(&sizes));
    Ok(())
}

/// Builds one sample, runs it, requests it, and returns its image.
fn show(workspace: &Workspace, setup: &Setup, times: &Times, language: &str) -> Result<String> {
    let image = format!("kouti/sample-{language}");
    let app_dir = workspace.root.join("samples").join(language);
    workspace.say("demo", format_args!("building {image} from samples/{language}"));
    times
        .measure(format!("pack build {language}"), || build(workspace, setup, &image, &app_dir))?;

    workspace.say("demo", format_args!("running {image}"));
    let answer = times.measure(format!("start {language}"), || {
        let name = format!("kouti-demo-{language}");
        Container::start(&name, &image)?.first_answer()
    })?;
    workspace.say("demo", format_args!("GET / -> {}", answer.status));
    print(tail(&answer.body));
    if answer.status != 200 {
        bail!("{image} answered {}", answer.status);
    }
    Ok(image)
}

fn build(workspace: &Workspace, setup: &Setup, image: &str, app_dir: &Path) -> Result<()> {
    let policy = builder::pull_policy(setup.profile);
    builder::pack(workspace, &setup.tools)
        .args([
            "build",
            image,
            "--builder",
            setup.builder,
            "--trust-builder",
            "--pull-policy",
            policy,
            "--path",
        ])
        .arg(app_dir)
        .shown()
}

/// A running container; dropping it removes it.
struct Container<'a> {
    name: &'a str,
    image: &'a str,
    since: Instant,
}

impl<'a> Container<'a> {
    fn start(name: &'a str, image: &'a str) -> Result<Self> {
        Self::start_with(name, image, &[], &[])
    }

    /// With further options of `docker run`, and words after the image.
    fn start_with(name: &'a str, image: &'a str, options: &[&str], words: &[&str]) -> Result<Self> {
        let container = Self { name, image, since: Instant::now() };
        container.remove(); // what an interrupted demo left
        let (port, env) = (format!("127.0.0.1::{PORT}"), format!("PORT={PORT}"));
        let run = ["run", "--detach", "--name", name, "--publish", &port, "--env", &env];
        docker(&[&run[..], options, &[image], words].concat())?;
        Ok(container)
    }

    /// Asks until it answers.
    fn first_answer(&self) -> Result<http::Answer> {
        let address = docker(&["port", self.name, &PORT.to_string()]).unwrap_or_default();
        loop {
            let problem = match http::get(address.trim(), "/") {
                Ok(answer) => return Ok(answer),
                Err(problem) => problem,
            };
            let runs = docker(&["inspect", "--format", "{{.State.Running}}", self.name])?;
            let late = self.since.elapsed() > PATIENCE;
            if late || runs.trim() != "true" {
                let what = if late { "does not answer" } else { "ended" };
                let log = Command::new("docker").args(["logs", self.name]).all_output()?;
                let summary = format!("the app {what}; its output:\n{}", tail(&log));
                let hint =
                    format!("try it by hand: docker run --rm -it -p {PORT}:{PORT} {}", self.image);
                return Err(Advice::new(summary, hint).because(problem).into());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn remove(&self) {
        // There may be none.
        let _ = docker(&["rm", "--force", "--volumes", self.name]);
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

fn docker(args: &[&str]) -> Result<String> {
    Command::new("docker").args(args).output()
}

fn size(image: &str) -> String {
    let size = docker(&["image", "inspect", "--format", "{{.Size}}", image]);
    let size = size.ok().and_then(|size| size.trim().parse().ok());
    size.map_or_else(|| "unknown".to_owned(), kouti_report::bytes)
}
