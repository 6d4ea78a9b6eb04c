//! Settings of package managers that are bound to a build: registries and who asks there.
//!
//! They are read where the platform has put them. Nothing of them is copied into a layer or
//! into the app, and whatever a command prints of them is masked.

use std::path::{Path, PathBuf};

use kouti::binding::Binding;
use kouti::{Context, Env, Fault, Notice, Problem, sha256};
use tempfile::TempDir;

use crate::manager::Kind;

/// The bound files, in a home directory that is made for the commands of one build.
pub(crate) struct RcFiles {
    home: Option<TempDir>,
    npmrc: Option<PathBuf>,
    has_pnpmrc: bool,
}

/// The type of a binding, and the entries that it may have.
const BINDINGS: [(&str, &[&str]); 3] =
    [("npmrc", &[".npmrc"]), ("yarnrc", &[".yarnrc", ".yarnrc.yml"]), ("pnpmrc", &[])];

impl RcFiles {
    /// Finds the bindings, and lays out their files as tools look for them.
    pub(crate) fn read(context: &Context) -> Result<Self, Problem> {
        let mut files = Self { home: None, npmrc: None, has_pnpmrc: false };
        for (kind, entries) in BINDINGS {
            let Some(binding) = context.bindings.exactly_one(kind)? else { continue };
            let known: Vec<&str> = if entries.is_empty() {
                binding.keys().collect()
            } else {
                entries.iter().copied().filter(|entry| binding.get(entry).is_some()).collect()
            };
            if known.is_empty() {
                return Err(without_entry(binding, entries));
            }
            for entry in known {
                let Some(file) = binding.file(entry)? else { continue };
                files.link(&context.env, kind, entry, &file.keep())?;
            }
        }
        Ok(files)
    }

    fn link(&mut self, env: &Env, kind: &str, entry: &str, file: &Path) -> Result<(), Problem> {
        let home = match &self.home {
            Some(home) => home.path().to_owned(),
            None => self.home.insert(private_home(env)?).path().to_owned(),
        };
        let link = if kind == "pnpmrc" {
            self.has_pnpmrc = true;
            fs_err::create_dir_all(home.join(".config/pnpm"))?;
            home.join(".config/pnpm").join(entry)
        } else {
            home.join(entry)
        };
        if kind == "npmrc" {
            self.npmrc = Some(file.to_owned());
        }
        // That of the bindings takes the place of one in the user's own home.
        if link.is_symlink() {
            fs_err::remove_file(&link)?;
        }
        Ok(fs_err::os::unix::fs::symlink(file, link)?)
    }

    /// Points the commands at them.
    pub(crate) fn apply(&self, env: &mut Env) {
        if let Some(home) = &self.home {
            env.set("HOME", home.path());
        }
        if self.has_pnpmrc
            && let Some(home) = &self.home
        {
            env.set("XDG_CONFIG_HOME", home.path().join(".config"));
        }
        if let Some(npmrc) = &self.npmrc {
            // npm takes the project's own file first, then the user's, then the global one.
            env.set_default("NPM_CONFIG_GLOBALCONFIG", npmrc);
            env.set_default("pnpm_config_npmrc_auth_file", npmrc);
        }
    }

    /// What the user should know of them.
    pub(crate) fn remark(&self, kind: Kind) -> Option<Notice> {
        (kind == Kind::YarnBerry && self.npmrc.is_some()).then(|| {
            Notice::new("Yarn 2 and later do not read the bound .npmrc")
                .hint("bind a `.yarnrc.yml` with a binding of type `yarnrc`")
        })
    }
}

/// A home with everything that the user's own has.
fn private_home(env: &Env) -> Result<TempDir, Problem> {
    let home = tempfile::Builder::new().prefix("home-").tempdir()?;
    let own = env.given("HOME").map(Path::new).filter(|own| own.is_dir() && own.parent().is_some());
    if let Some(own) = own {
        for entry in fs_err::read_dir(own)? {
            let entry = entry?;
            if entry.file_name() != ".config" {
                fs_err::os::unix::fs::symlink(entry.path(), home.path().join(entry.file_name()))?;
            }
        }
    }
    Ok(home)
}

fn without_entry(binding: &Binding, entries: &[&str]) -> Problem {
    let wanted: Vec<_> = entries.iter().map(|entry| format!("`{entry}`")).collect();
    let found: Vec<_> = binding.keys().map(|key| format!("`{key}`")).collect();
    let (name, wanted) = (&binding.name, wanted.join(" or "));
    Problem::new(
        "missing-binding-entry",
        Fault::App,
        format!("the binding `{name}` has no entry {wanted}"),
    )
    .hint(format!("it has: {}", found.join(", ")))
}

/// A digest of what the bound files say besides secrets: these only say who asks.
pub(crate) fn digest(context: &Context) -> Option<String> {
    let mut lines = Vec::new();
    for (kind, _) in BINDINGS {
        for binding in context.bindings.find(kind) {
            for key in binding.keys() {
                let text = binding.text(key).unwrap_or_default();
                lines
                    .extend(text.lines().filter(|line| !is_secret_option(line)).map(str::to_owned));
            }
        }
    }
    (!lines.is_empty()).then(|| sha256(lines.join("\n")))
}

/// Whether an option, or a variable, is of those that hold secrets.
pub(crate) fn is_secret_option(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["token", "auth", "password", "secret", "key"].iter().any(|part| lower.contains(part))
}
