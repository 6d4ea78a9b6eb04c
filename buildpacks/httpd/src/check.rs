//! Tries a configuration out with `httpd -t`, and shows what httpd finds in the user's file.

use std::path::Path;

use kouti::{
    BuildContext, CommandFailed, Env, Explain, Fault, Log, Notice, Problem, Span, excerpt,
};
use kouti_web::FixedPort;

/// Lets httpd read the configuration.
pub(crate) fn check(
    context: &BuildContext,
    log: &mut Log,
    dist: &Path,
    conf: &Path,
) -> Result<(), Problem> {
    let temp = tempfile::tempdir()?;
    let text = fs_err::read_to_string(conf)?;
    let mut env = context.env.clone();
    for (name, value) in variables(&context.app_dir, dist, temp.path()) {
        env.set_default(name, value);
    }
    if let Some(fixed) = fixed_port(&text, conf, &context.app_dir) {
        fixed.tell(&context.env, log)?;
    }
    for notice in remarks(&text, &env, conf, &context.app_dir) {
        log.warn(notice);
    }
    let libraries = dist.join("lib");
    if libraries.is_dir() {
        env.set("LD_LIBRARY_PATH", libraries.as_os_str());
    }
    let directive = |name: &str, value: String| format!("{name} {value}");
    let result = context
        .command(&dist.join("bin/httpd").to_string_lossy(), &context.app_dir, &env)
        .args(["-t", "-C"])
        .arg(directive("ServerRoot", format!("\"{}\"", dist.display())))
        .arg("-C")
        .arg(directive("DefaultRuntimeDir", format!("\"{}\"", temp.path().display())))
        .args(["-C", "ErrorLog /proc/self/fd/2", "-f"])
        .arg(conf)
        .output();
    match result {
        Ok(_) => {
            log.detail("httpd accepts it");
            Ok(())
        }
        Err(CommandFailed::Status { tail, .. }) => {
            Err(complaint(&tail, conf, &text, &context.app_dir))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the program in front of httpd sets in a container.
fn variables(app_dir: &Path, dist: &Path, temp: &Path) -> Vec<(&'static str, String)> {
    let shown = |path: &Path| path.display().to_string();
    vec![
        ("PORT", "8080".to_owned()),
        ("APP_ROOT", shown(app_dir)),
        ("SERVER_ROOT", shown(dist)),
        ("TMPDIR", shown(temp)),
        ("KOUTI_ACCESS_LOG", "combined".to_owned()),
        ("KOUTI_HTPASSWD", shown(&temp.join("htpasswd"))),
        ("KOUTI_PUBLIC_ENV", shown(temp)),
    ]
}

/// httpd's message: `AH00526: Syntax error on line 3 of /app/httpd.conf:` and what is wrong, in the same
/// line or in the next.
fn complaint(tail: &[String], conf: &Path, text: &str, app_dir: &Path) -> Problem {
    // AH00558 only remarks on the lack of a ServerName. The loader names the program by its path.
    let is_message = |line: &&String| {
        (line.contains("AH0") || line.starts_with("httpd: ")) && !line.contains("AH00558")
    };
    if !tail.iter().any(|line| is_message(&line)) {
        return CannotRun { message: tail.last().cloned().unwrap_or_default() }.into();
    }
    let place = tail.iter().enumerate().find_map(|(index, line)| {
        // Each file that includes another one puts its own line in front.
        let (_, rest) = line.rsplit_once("Syntax error on line ")?;
        let (number, rest) = rest.split_once(" of ")?;
        let (path, message) = rest.split_once(':')?;
        let message = match message.trim() {
            "" => tail.get(index + 1)?.trim(),
            message => message,
        };
        // The place once more.
        let again = format!("{path}:{number}: ");
        let message = message.strip_prefix(&again).unwrap_or(message);
        Some((number.parse::<usize>().ok()?, path, message))
    });
    let Some((line, path, message)) = place else {
        let message = tail.iter().find(is_message).cloned().unwrap_or_default();
        let message = message.split_once("httpd: ").map_or(message.as_str(), |(_, text)| text);
        let message = message.to_owned();
        return BadConfiguration { message, place: None, excerpt: None }.into();
    };
    let path = Path::new(path);
    let origin = path.strip_prefix(app_dir).unwrap_or(path).display().to_string();
    let read = if path == conf { Some(text.to_owned()) } else { fs_err::read_to_string(path).ok() };
    let excerpt = read.map(|text| {
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let content = text.lines().nth(line - 1).unwrap_or_default();
        let indent = content.len() - content.trim_start().len();
        let span = Span { bytes: start + indent..start + content.trim_end().len().max(indent) };
        excerpt(&origin, &text, &span, "here")
    });
    let place = Some(format!("{origin}:{line}"));
    BadConfiguration { message: message.to_owned(), place, excerpt }.into()
}

/// httpd refuses the configuration.
#[derive(Debug, thiserror::Error)]
#[error("{}httpd says: {message}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
struct BadConfiguration {
    message: String,
    place: Option<String>,
    excerpt: Option<String>,
}

impl Explain for BadConfiguration {
    fn id(&self) -> &'static str {
        "bad-httpd-configuration"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn excerpt(&self) -> Option<String> {
        self.excerpt.clone()
    }

    fn hints(&self) -> Vec<String> {
        let own = match self.message.as_str() {
            text if text.contains("built-in and can't be loaded") => {
                "put it between `<IfModule !name_module>` and `</IfModule>`: not every httpd has it \
                 compiled in"
            }
            text if text.contains("Invalid command") => {
                "check its spelling, or load the module that defines it"
            }
            text if text.contains("No MPM loaded") => {
                "load one: `LoadModule mpm_event_module modules/mod_mpm_event.so`"
            }
            text if text.contains("Could not open configuration file") => {
                "include a file of the app with its whole path: `${APP_ROOT}/more.conf`"
            }
            text if text.contains("Cannot load") => {
                "name a file of ${SERVER_ROOT}/modules, or one of the app with its whole path"
            }
            _ => "correct the configuration where the message points",
        };
        vec![
            own.to_owned(),
            "set BP_HTTPD_CONFIG_CHECK=false to build without this check".to_owned(),
        ]
    }
}

/// httpd did not even get as far as the configuration.
#[derive(Debug, thiserror::Error)]
#[error("httpd does not run in this build image: {message}")]
struct CannotRun {
    message: String,
}

impl Explain for CannotRun {
    fn id(&self) -> &'static str {
        "httpd-not-runnable"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "use a build image of the distribution that this httpd was made for".to_owned(),
            "set BP_HTTPD_CONFIG_CHECK=false to build without running it".to_owned(),
        ]
    }
}

fn directives(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#'))
}

/// Whether it listens, but not where the platform wants it to.
fn fixed_port(text: &str, conf: &Path, app_dir: &Path) -> Option<FixedPort> {
    let listens: Vec<_> = directives(text)
        .filter_map(|line| line.strip_prefix("Listen").filter(|rest| rest.starts_with(' ')))
        .collect();
    let is_fixed = !listens.is_empty() && !listens.iter().any(|listen| listen.contains("${PORT}"));
    let conf = conf.strip_prefix(app_dir).unwrap_or(conf).display().to_string();
    is_fixed.then_some(FixedPort { conf, instead: "Listen ${PORT}" })
}

/// What httpd accepts, but a container does not do well with.
fn remarks(text: &str, env: &Env, conf: &Path, app_dir: &Path) -> Vec<Notice> {
    let name = conf.strip_prefix(app_dir).unwrap_or(conf).display();
    let mut notices = Vec::new();
    let mut unknown: Vec<&str> = directives(text)
        .flat_map(|line| line.split("${").skip(1))
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .filter(|name| env.get(name).is_none() && !text.contains(&format!("Define {name}")))
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    for variable in unknown {
        notices.push(
            Notice::new(format!("{name} uses ${{{variable}}}, which is not set in the build"))
                .hint("set it when the container is started, or httpd takes the text as it is"),
        );
    }
    notices
}
