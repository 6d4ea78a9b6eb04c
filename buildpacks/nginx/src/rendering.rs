//! Writes a rendered configuration where nginx reads it, and leaves the app's own files alone.
//!
//! nginx resolves certificates, password files and scripts against the directory of its main file.
//! So that file stands in a copy of its surroundings, in which everything else is a symbolic link.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use kouti_web::template::{Rendered, is_template};
use kouti_web::{FASTCGI_PARAMS, MIME_TYPES};

use crate::configuration::{Configuration, Target};

/// A configuration that nginx can be started with.
#[derive(Debug)]
pub struct Written {
    /// The main file.
    pub conf: PathBuf,
    /// All files, by where nginx sees them.
    pub sources: Vec<Source>,
}

/// A file that nginx reads, and the one it was made from.
#[derive(Debug)]
pub struct Source {
    /// Where nginx reads it.
    pub path: PathBuf,
    /// As the user would call it.
    pub origin: String,
    /// As it was written.
    pub template: String,
    rendered: Rendered,
}

impl Source {
    /// The user's line for a line that nginx names.
    #[must_use]
    pub fn line(&self, line: usize) -> usize {
        self.rendered.line_in(&self.template, line)
    }

    /// The text of a line that nginx names.
    #[must_use]
    pub fn text(&self, line: usize) -> &str {
        self.rendered.text.lines().nth(line.saturating_sub(1)).unwrap_or_default()
    }
}

/// Directives that only some builds of nginx have.
const OPTIONAL: [&str; 2] = ["scgi_temp_path", "uwsgi_temp_path"];
/// Where it is noted which of them this one has.
const NOTE: &str = "optional-directives";

/// Notes in the directory of an nginx what its program knows, so that no start has to ask it.
pub fn note_optional_directives(dist: &Path) -> io::Result<()> {
    let program = fs_err::read(dist.join("sbin/nginx"))?;
    let has = |name: &&str| program.windows(name.len()).any(|window| window == name.as_bytes());
    let known: Vec<_> = OPTIONAL.into_iter().filter(has).collect();
    fs_err::write(dist.join(NOTE), known.join("\n"))
}

/// Directives of the `http` block without which nginx writes where nobody may: its defaults are
/// made for a machine of its own.
fn missing_in_http(configuration: &Configuration, place: &Place<'_>) -> String {
    let note = fs_err::read_to_string(place.dist.join(NOTE)).unwrap_or_default();
    let always = ["client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path"];
    let mut text = String::new();
    for directive in always.into_iter().chain(note.lines()) {
        if !configuration.http.contains(directive) {
            let name = directive.trim_end_matches("_path");
            let _ = write!(text, " {directive} {}/{name};", place.temp_dir.display());
        }
    }
    if !configuration.http.contains("access_log") {
        text += " access_log /dev/stdout;";
    }
    text
}

/// Where a configuration is written and what for.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// What is written goes here, in place of what was there.
    pub dir: &'a Path,
    /// The top of what relative paths may reach: the app, for a configuration that is a part of it.
    pub root: &'a Path,
    /// Where nginx may write.
    pub temp_dir: &'a Path,
    /// The nginx that reads it.
    pub dist: &'a Path,
}

/// Writes `configuration` where nginx can read it.
pub fn write(configuration: &Configuration, place: Place<'_>) -> io::Result<Written> {
    let Place { dir, root, .. } = place;
    let plan = Plan { configuration, dir, root, extra: missing_in_http(configuration, &place) };
    let changed = plan.changed();
    let new = dir.with_extension("new");
    remove(&new)?;
    private_dir(&new)?;
    private_dir(&new.join("files"))?;
    plan.link_surroundings(&new.join("tree"))?;
    let mut sources = Vec::new();
    for (index, file) in configuration.files.iter().enumerate() {
        let path = plan.path(index, &changed);
        if let Ok(below) = path.strip_prefix(dir) {
            private_file(&new.join(below), &plan.text(index, &changed))?;
        }
        sources.push(Source {
            path,
            origin: file.origin.clone(),
            template: file.template.clone(),
            rendered: file.rendered.clone(),
        });
    }
    let script = "fastcgi_param  SCRIPT_FILENAME    $document_root$fastcgi_script_name;\n";
    private_file(&new.join("mime.types"), MIME_TYPES)?;
    private_file(&new.join("fastcgi_params"), FASTCGI_PARAMS)?;
    private_file(&new.join("fastcgi.conf"), &format!("{script}{FASTCGI_PARAMS}"))?;
    remove(dir)?;
    fs_err::rename(&new, dir)?;
    Ok(Written { conf: plan.path(0, &changed), sources })
}

struct Plan<'a> {
    configuration: &'a Configuration,
    dir: &'a Path,
    root: &'a Path,
    /// What goes to the beginning of the `http` block.
    extra: String,
}

impl Plan<'_> {
    /// The files that nginx has to read in another form than they have; always the main one,
    /// so that there is one way in which nginx runs.
    fn changed(&self) -> BTreeSet<usize> {
        let files = &self.configuration.files;
        let mut changed = BTreeSet::from([0]);
        changed.extend(self.configuration.http_start.map(|(file, _)| file));
        changed.extend((0..files.len()).filter(|index| is_template(&files[*index].template)));
        loop {
            let before = changed.len();
            for (index, file) in files.iter().enumerate() {
                let targets = file.includes.iter().flat_map(|include| &include.targets);
                if targets.into_iter().any(|target| match target {
                    Target::File(file) => changed.contains(file),
                    Target::Ours(_) => true,
                }) {
                    changed.insert(index);
                }
            }
            if changed.len() == before {
                return changed;
            }
        }
    }

    /// Where nginx reads a file.
    fn path(&self, index: usize, changed: &BTreeSet<usize>) -> PathBuf {
        let path = &self.configuration.files[index].path;
        if index == 0 {
            return self.dir.join("tree").join(path.strip_prefix(self.root).unwrap_or(path));
        }
        if !changed.contains(&index) {
            return path.clone();
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.dir.join("files").join(format!("{index:03}-{name}"))
    }

    fn text(&self, index: usize, changed: &BTreeSet<usize>) -> String {
        let file = &self.configuration.files[index];
        let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
        for include in &file.includes {
            let is_changed = |target: &Target| match target {
                Target::File(file) => changed.contains(file),
                Target::Ours(_) => true,
            };
            if include.targets.iter().any(is_changed) {
                let includes = include.targets.iter().map(|target| {
                    let path = match target {
                        Target::File(file) => self.path(*file, changed),
                        Target::Ours(name) => self.dir.join(name),
                    };
                    format!("include \"{}\";", path.display())
                });
                edits.push((include.place.clone(), includes.collect::<Vec<_>>().join(" ")));
            }
        }
        if let Some((_, start)) = self.configuration.http_start.filter(|(file, _)| *file == index) {
            edits.push((start..start, self.extra.clone()));
        }
        edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
        let mut text = file.rendered.text.clone();
        for (place, replacement) in edits {
            text.replace_range(place, &replacement);
        }
        text
    }

    /// Directories from the root down to the main file, and links to everything beside them.
    fn link_surroundings(&self, tree: &Path) -> io::Result<()> {
        let conf = &self.configuration.files[0].path;
        let below = conf.strip_prefix(self.root).unwrap_or(conf);
        let (mut from, mut to) = (self.root.to_owned(), tree.to_owned());
        for part in below.components() {
            private_dir(&to)?;
            for entry in fs_err::read_dir(&from)? {
                let name = entry?.file_name();
                if name != part.as_os_str() {
                    symlink(from.join(&name), to.join(&name))?;
                }
            }
            from.push(part);
            to.push(part);
        }
        Ok(())
    }
}

/// Nobody else's business, unless nginx is started as root: its workers are somebody else then.
fn mode(private: u32, open: u32) -> u32 {
    if rustix::process::geteuid().is_root() { open } else { private }
}

fn private_dir(path: &Path) -> io::Result<()> {
    fs_err::create_dir(path)?;
    fs_err::set_permissions(path, Permissions::from_mode(mode(0o700, 0o755)))
}

fn private_file(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;

    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true).mode(mode(0o600, 0o644));
    options.open(path)?.write_all(text.as_bytes())
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
