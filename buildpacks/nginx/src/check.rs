//! Tries a configuration out with `nginx -t`, and tells what nginx finds in terms of the user's files.

use std::cell::RefCell;
use std::path::Path;

use kouti::{
    BuildContext, CommandFailed, Env, Explain, Fault, Log, Notice, Problem, Span, excerpt,
};
use kouti_nginx::{Configuration, Place, Source, Written, missing_in_main, root_of, write};
use kouti_web::{FixedPort, Surroundings};

/// Reads the configuration, remarks on what is strange, and lets nginx try it.
pub(crate) fn check(
    context: &BuildContext,
    log: &mut Log,
    dist: &Path,
    conf: &Path,
) -> Result<(), Problem> {
    let dir = tempfile::Builder::new().prefix("kouti-nginx-").tempdir()?;
    let app_dir = context.app_dir.to_string_lossy();
    let env = context.env.texts().chain([("APP_ROOT", &*app_dir)]).collect();
    let surroundings = Surroundings {
        env,
        app_dir: context.app_dir.clone(),
        modules: dist.join("modules"),
        mime_types: dir.path().join("check/mime.types"),
        content_version: String::new(),
        root: "/".into(),
        is_check: true,
        warnings: RefCell::default(),
    };
    let configuration = Configuration::read(conf, &context.app_dir, "", &surroundings)?;
    if let Some(fixed) = fixed_port(&configuration, &context.app_dir) {
        fixed.tell(&context.env, log)?;
    }
    for notice in remarks(&configuration) {
        log.warn(notice);
    }
    let written = write(
        &configuration,
        Place {
            dir: &dir.path().join("check"),
            root: root_of(conf, &context.app_dir),
            temp_dir: dir.path(),
            dist,
        },
    )?;
    run(context, log, dist, &configuration, &written, dir.path())
}

fn run(
    context: &BuildContext,
    log: &mut Log,
    dist: &Path,
    configuration: &Configuration,
    written: &Written,
    temp: &Path,
) -> Result<(), Problem> {
    let mut env = Env::new();
    env.set("PATH", context.env.get_os("PATH").unwrap_or_default());
    let libraries = dist.join("lib");
    if libraries.is_dir() {
        env.set("LD_LIBRARY_PATH", libraries.as_os_str());
    }
    let program = dist.join("sbin/nginx");
    let result = context
        .command(&program.to_string_lossy(), &context.app_dir, &env)
        .args(["-t", "-p"])
        .arg(&context.app_dir)
        .arg("-c")
        .arg(&written.conf)
        .args(["-e", "stderr", "-g"])
        .arg(missing_in_main(configuration, temp, 1))
        .output();
    match result {
        Ok(_) => {
            log.detail("nginx accepts it");
            Ok(())
        }
        Err(CommandFailed::Status { tail, .. })
            if !tail.iter().any(|line| line.starts_with("nginx: ")) =>
        {
            Err(CannotRun { message: tail.last().cloned().unwrap_or_default() }.into())
        }
        Err(CommandFailed::Status { tail, .. }) => match complaint(&tail, written, temp) {
            Complaint::Wrong(problem) => Err(problem.into()),
            Complaint::Unknowable(text) => {
                log.warn(
                    Notice::new(format!("nginx cannot check all of it here: {text}"))
                        .hint("this is not an error if it will be there when the container starts"),
                );
                Ok(())
            }
        },
        Err(error) => Err(error.into()),
    }
}

enum Complaint {
    Wrong(BadConfiguration),
    /// What only the container will have: names, certificates, ports.
    Unknowable(String),
}

const UNKNOWABLE: [&str; 6] = [
    "host not found",
    "bind() to",
    "cannot load certificate",
    "BIO_new_file() failed",
    "only-known-at-launch",
    "SSL_CTX_",
];

/// nginx's first message, with the user's file and line in place of those that it saw below `temp`.
fn complaint(tail: &[String], written: &Written, temp: &Path) -> Complaint {
    let is_severe = |line: &&String| line.contains("[emerg]") || line.contains("[crit]");
    let line = tail.iter().find(is_severe).or(tail.last()).map(String::as_str).unwrap_or_default();
    let text = line.split_once("] ").map_or(line, |(_, text)| text);
    // Once it has started, nginx puts its process before the text.
    let text = match text.split_once(": ") {
        Some((process, text)) if process.contains('#') && !process.contains(' ') => text,
        _ => text,
    };
    if UNKNOWABLE.iter().any(|sign| text.contains(sign)) {
        return Complaint::Unknowable(text.to_owned());
    }
    let place = text.rsplit_once(" in ").and_then(|(message, place)| {
        let (path, line) = place.rsplit_once(':')?;
        let line: usize = line.trim().parse().ok()?;
        let source = written.sources.iter().find(|source| source.path == Path::new(path))?;
        Some((message, source, line))
    });
    // Where the app is seen through links.
    let tree = format!("{}/", temp.join("check/tree").display());
    let text = text.replace(&tree, "");
    Complaint::Wrong(match place {
        Some((message, source, line)) => {
            BadConfiguration::at(message.replace(&tree, ""), source, line)
        }
        None => BadConfiguration { message: text, place: None, excerpt: None },
    })
}

/// nginx did not even get as far as the configuration.
#[derive(Debug, thiserror::Error)]
#[error("nginx does not run in this build image: {message}")]
struct CannotRun {
    message: String,
}

impl Explain for CannotRun {
    fn id(&self) -> &'static str {
        "nginx-not-runnable"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "use a build image of the distribution that this nginx was made for".to_owned(),
            "set BP_NGINX_CONFIG_CHECK=false to build without running it".to_owned(),
        ]
    }
}

/// nginx refuses the configuration.
#[derive(Debug, thiserror::Error)]
#[error("{}nginx says: {message}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub(crate) struct BadConfiguration {
    message: String,
    place: Option<String>,
    excerpt: Option<String>,
}

impl BadConfiguration {
    fn at(message: String, source: &Source, line: usize) -> Self {
        let (rendered, line) = (source.text(line).trim(), source.line(line));
        let template = source.template.lines().nth(line - 1).unwrap_or_default();
        let start: usize = source.template.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let indent = template.len() - template.trim_start().len();
        let span = Span { bytes: start + indent..start + template.trim_end().len().max(indent) };
        let label = if template.contains("{{") {
            format!("rendered as `{rendered}`")
        } else {
            "here".to_owned()
        };
        Self {
            message,
            place: Some(format!("{}:{line}", source.origin)),
            excerpt: Some(excerpt(&source.origin, &source.template, &span, &label)),
        }
    }
}

impl Explain for BadConfiguration {
    fn id(&self) -> &'static str {
        "bad-nginx-configuration"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        self.excerpt.clone()
    }

    fn hints(&self) -> Vec<String> {
        let own = match self.message.as_str() {
            text if text.contains("is not binary compatible") => {
                "build the module for this version of nginx, configured --with-compat"
            }
            text if text.contains("getgrnam(") || text.contains("getpwnam(") => {
                "remove the `user` directive: nginx does not run as root, so it has no effect"
            }
            text if text.contains("mkdir()") => {
                "use a path below {{tempDir}}: nothing else can be written to"
            }
            text if text.contains("/logs/") => "write logs to /dev/stdout and stderr",
            text if text.contains("open() ") && text.contains("No such file") => {
                "name a file of the app, relative to the directory of the main configuration"
            }
            text if text.contains("dlopen()") => {
                "name a module with {{module \"name\"}}, which finds the app's and nginx's own"
            }
            text if text.contains("unknown directive") => {
                "check its spelling; directives of a module need {{module \"name\"}} at the top"
            }
            _ => "correct the configuration where the message points",
        };
        vec![
            own.to_owned(),
            "set BP_NGINX_CONFIG_CHECK=false to build without this check".to_owned(),
        ]
    }
}

/// Whether no file of it asks for the port.
fn fixed_port(configuration: &Configuration, app_dir: &Path) -> Option<FixedPort> {
    let mut own = configuration.files.iter().filter(|file| file.path.starts_with(app_dir));
    let uses_port = configuration
        .files
        .iter()
        .any(|file| file.template.contains("{{") && mentions_port(&file.template));
    let conf = own.next().map_or("the configuration", |file| &file.origin).to_owned();
    (!uses_port).then_some(FixedPort { conf, instead: "listen {{port}};" })
}

/// What nginx accepts, but a container does not do well with.
fn remarks(configuration: &Configuration) -> Vec<Notice> {
    let mut notices = Vec::new();
    for listen in configuration.listens() {
        let port = listen.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        if let Some(port @ 1..1024) = port {
            notices.push(
                Notice::new(format!("`listen {listen}` needs privileges in many containers"))
                    .hint(format!("write `listen {{{{port}}}};` instead of port {port}")),
            );
        }
    }
    let is_file = |log: &&String| {
        let elsewhere = ["off", "stderr"].contains(&log.as_str()) || log.contains([':', '$']);
        log.starts_with("/var/") || !(elsewhere || log.starts_with('/'))
    };
    if let Some(log) = configuration.logs().iter().find(is_file) {
        notices.push(
            Notice::new(format!("`{log}` is a log that nobody sees, and that fills the container"))
                .hint("write `access_log /dev/stdout;` and `error_log stderr;`"),
        );
    }
    if configuration.main_directive("user").is_some() {
        notices.push(
            Notice::new("the `user` directive has no effect: nginx does not run as root")
                .hint("remove it"),
        );
    }
    if configuration.main_directive("daemon") == Some("on") {
        notices.push(
            Notice::new("`daemon on` ends the container as soon as nginx has started")
                .hint("remove it, or write `daemon off;`"),
        );
    }
    notices
}

fn mentions_port(template: &str) -> bool {
    template.split("{{").skip(1).any(|action| {
        let action = action.split("}}").next().unwrap_or_default();
        action.contains("port") || action.contains("PORT")
    })
}
