//! Bound credentials, as git wants to be told of them.

use std::path::{Path, PathBuf};
use std::{io, io::Write as _};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use kouti::binding::{Binding, Bindings, Secret};
use kouti::{Explain, Fault, Problem};

use crate::config;
use crate::context::Context;

/// Types of the bindings.
pub(crate) const BINDINGS: [&str; 2] = [HTTPS, SSH];
const HTTPS: &str = "git-credentials";
const SSH: &str = "git-ssh";

/// Entries of a binding: for HTTPS ...
const CONTEXT: &str = "context";
const CREDENTIALS: &str = "credentials";
const USERNAME: &str = "username";
const PASSWORD: &str = "password";
/// ... and for SSH, the first as in a secret of Kubernetes.
const PRIVATE_KEY: &str = "ssh-privatekey";
const KNOWN_HOSTS: &str = "known_hosts";

/// Credentials of one binding.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Access {
    pub(crate) binding: String,
    /// Where they count; everywhere, if there is none.
    pub(crate) context: Option<Context>,
    /// What git runs to get them.
    helper: String,
}

impl Access {
    /// All of them, in the order of their bindings.
    pub(crate) fn all(bindings: &Bindings) -> Result<Vec<Self>, Problem> {
        let mut all: Vec<Self> = Vec::new();
        for binding in bindings.find(HTTPS) {
            let access = Self::of(binding)?;
            if let Some(other) = all.iter().find(|other| other.context == access.context) {
                let names = [other.binding.clone(), access.binding];
                return Err(SameContext { context: access.context, names }.into());
            }
            all.push(access);
        }
        Ok(all)
    }

    fn of(binding: &Binding) -> Result<Self, Problem> {
        let context = binding.text(CONTEXT).filter(|text| !text.is_empty());
        let context = context.map(|text| Context::parse(&binding.name, text)).transpose()?;
        let has_pair = binding.get(USERNAME).is_some() && binding.get(PASSWORD).is_some();
        let print = if binding.get(CREDENTIALS).is_none() && has_pair {
            let [user, password] = [USERNAME, PASSWORD].map(|key| file(binding, key));
            format!(
                "printf 'username=%s\\npassword=%s\\n' \"$(cat {})\" \"$(cat {})\"",
                user?, password?
            )
        } else {
            check(binding, binding.require(CREDENTIALS)?)?;
            format!("cat {}", file(binding, CREDENTIALS)?)
        };
        // git also asks to store and to erase.
        let helper = format!("!f() {{ test \"$1\" = get && {print}; }}; f");
        Ok(Self { binding: binding.name.clone(), context, helper })
    }

    /// Its section of git's configuration.
    pub(crate) fn section(&self) -> String {
        let context = self.context.as_ref().map(Context::as_str);
        config::section("credential", context, "helper", &self.helper)
    }
}

/// The lines are those of git's credential protocol; of another format nothing would be understood.
fn check(binding: &Binding, value: &Secret) -> Result<(), BadCredentials> {
    let text = value.text().unwrap_or_default();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_named =
        |line: &str| line.split_once('=').is_some_and(|(name, _)| !name.contains(['/', '@']));
    let all_named = lines.clone().all(is_named);
    if all_named && lines.any(|line| line.starts_with("password=")) {
        return Ok(());
    }
    Err(BadCredentials { binding: binding.name.clone() })
}

/// The file of an entry, as a word of a shell.
fn file(binding: &Binding, key: &str) -> io::Result<String> {
    let file = binding.file(key)?.ok_or(io::ErrorKind::NotFound)?;
    // Where a platform mounts no files, it is read until the build container goes.
    Ok(quoted(&file.keep()))
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// How git has to call `ssh`, if a key is bound.
pub(crate) fn ssh_command(bindings: &Bindings) -> Result<Option<String>, Problem> {
    let Some(binding) = bindings.exactly_one(SSH)? else { return Ok(None) };
    let (key, hosts) = (binding.require(PRIVATE_KEY)?, binding.require(KNOWN_HOSTS)?);
    let dir = tempfile::Builder::new().prefix("git-ssh-").tempdir()?.keep();
    let key = private_copy(&dir, PRIVATE_KEY, key)?;
    let hosts = private_copy(&dir, KNOWN_HOSTS, hosts)?;
    Ok(Some(format!(
        "ssh -i {} -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile={}",
        quoted(&key),
        quoted(&hosts)
    )))
}

/// A copy that nobody else can read, which ssh insists on, and that ends with a line feed.
fn private_copy(dir: &Path, name: &str, secret: &Secret) -> io::Result<PathBuf> {
    let path = dir.join(name);
    let mut options = fs_err::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(secret.reveal())?;
    if !secret.reveal().ends_with(b"\n") {
        file.write_all(b"\n")?;
    }
    Ok(path)
}

/// Which of two bindings counts would depend on chance.
#[derive(Debug, thiserror::Error)]
#[error("the bindings `{}` and `{}` are both for {}", names[0], names[1], self.place())]
struct SameContext {
    context: Option<Context>,
    names: [String; 2],
}

impl SameContext {
    fn place(&self) -> String {
        self.context
            .as_ref()
            .map_or("all repositories".to_owned(), |context| format!("`{}`", context.as_str()))
    }
}

impl Explain for SameContext {
    fn id(&self) -> &'static str {
        "git-context-twice"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!(
            "remove one of them, or give each an entry `{CONTEXT}` of its own, such as `https://example.org/team`"
        )]
    }
}

/// Credentials in another form than git reads.
#[derive(Debug, thiserror::Error)]
#[error(
    "the entry `{CREDENTIALS}` of the binding `{binding}` has no line `password=...`, or lines of another form"
)]
struct BadCredentials {
    binding: String,
}

impl Explain for BadCredentials {
    fn id(&self) -> &'static str {
        "bad-git-credentials"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "write the lines `username=...` and `password=...`".to_owned(),
            format!("or bind two entries instead, `{USERNAME}` and `{PASSWORD}`"),
        ]
    }
}
