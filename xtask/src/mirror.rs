//! `cargo xtask mirror`: the runtimes of the local profile, assembled from package registries.
//!
//! Every artifact takes the same way: its pin in `local-profile.toml` is resolved to exact input files; if the lock
//! has no archive made from these, they are fetched, assembled and packed; the lock remembers the result, and the
//! catalogue is written from the lock. Archive and lock are replaced in one step each, so that after an interruption
//! the next run goes on where this one stopped.

mod composer;
mod crates;
mod debian;
mod dotnet;
mod elf;
mod httpd;
mod java;
mod jks;
mod lock;
mod maven;
mod nginx;
mod node;
mod npm;
mod phar;
mod php;
mod pins;
mod public;
mod registry;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;

use crate::stamp::Key;
use crate::tarball::{self, Measure};
use crate::workspace::Workspace;
use crate::{files, package};

pub(crate) use registry::fetch as from_registry;

use debian::{Deb, Suite};
use lock::{Input, Lock, Locked};
use pins::Pins;

/// Counted up when the same inputs give another archive than before.
const ASSEMBLER: &str = "1";

/// Where records of the local catalogue say that their artifacts are. Nothing answers there: they travel inside the
/// packages.
const ADDRESS: &str = "https://artifacts.kouti.invalid";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these families of runtimes
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FAMILY")]
    only: Vec<Family>,
    /// Look for newer versions of what is there
    #[arg(long)]
    refresh: bool,
    /// Instead, put all that the buildpacks of the public profile download into this directory, with a list of it
    /// (`artifacts.json`), to be served by a mirror
    #[arg(long, value_name = "DIR", conflicts_with_all = ["only", "refresh"])]
    pub(crate) to: Option<PathBuf>,
    /// What of it: glob on id@version, may be repeated
    #[arg(long = "filter", value_name = "GLOB", requires = "to")]
    filters: Vec<String>,
}

/// Runtimes that are made together.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, clap::ValueEnum)]
pub(crate) enum Family {
    Node,
    Nginx,
    Httpd,
    Java,
    Php,
    Dotnet,
    Watchexec,
}

impl Family {
    /// The catalogue ids that the family supplies.
    fn ids(self) -> &'static [&'static str] {
        match self {
            Self::Node => node::IDS,
            Self::Nginx => nginx::IDS,
            Self::Httpd => httpd::IDS,
            Self::Java => java::IDS,
            Self::Php => php::IDS,
            Self::Dotnet => dotnet::IDS,
            Self::Watchexec => crates::IDS,
        }
    }

    /// Whether making it takes minutes, so that nobody should wait for it unasked.
    fn takes_long(self) -> bool {
        self == Self::Watchexec
    }

    fn recipes(self, workspace: &Workspace, pins: &Pins) -> Result<Vec<Box<dyn Recipe>>> {
        match self {
            Self::Node => node::recipes(workspace, pins),
            Self::Nginx => Ok(nginx::recipes(pins)),
            Self::Httpd => Ok(httpd::recipes(pins)),
            Self::Java => java::recipes(pins),
            Self::Php => Ok(php::recipes(pins)),
            Self::Dotnet => Ok(dotnet::recipes(pins)),
            Self::Watchexec => crates::recipes(workspace, pins),
        }
    }
}

/// The families that supply artifacts of these catalogue ids, but for those that [take long](Family::takes_long).
pub(crate) fn families_of<'a>(ids: impl IntoIterator<Item = &'a str>) -> BTreeSet<Family> {
    let ids: BTreeSet<&str> = ids.into_iter().collect();
    let wanted =
        |family: &&Family| !family.takes_long() && family.ids().iter().any(|id| ids.contains(id));
    Family::value_variants().iter().filter(wanted).copied().collect()
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if let Some(dir) = &args.to {
        return package::mirror_to(workspace, dir, &args.filters);
    }
    let families = if args.only.is_empty() { Family::value_variants() } else { &args.only };
    make(workspace, families, args.refresh)?;
    workspace.say("mirror", format_args!("catalogue: {}", catalog(workspace).display()));
    Ok(())
}

/// Makes what is missing of these families. Needs no network when nothing is.
pub(crate) fn ensure(workspace: &Workspace, families: &[Family]) -> Result<()> {
    make(workspace, families, false)
}

/// The generated catalogue.
pub(crate) fn catalog(workspace: &Workspace) -> PathBuf {
    workspace.mirror().join("catalog.toml")
}

/// The file of the artifact whose record has this `uri`.
pub(crate) fn artifact(workspace: &Workspace, uri: &str) -> Result<PathBuf> {
    let file =
        uri.strip_prefix(ADDRESS).with_context(|| format!("{uri} is not of the local profile"))?;
    Ok(archives(workspace).join(file.trim_start_matches('/')))
}

fn archives(workspace: &Workspace) -> PathBuf {
    workspace.mirror().join("archives")
}

/// How one artifact is made; each family file implements it.
trait Recipe: Send {
    /// The artifact in progress lines and in the lock, `node-24.21.0`; stays when only inputs change.
    fn name(&self) -> String;

    /// All that the repository says about it. While this stays the same, an archive once made is good.
    fn pin(&self) -> String;

    /// Finds out what exactly it is made from now.
    fn resolve(&self, sources: &Sources) -> Result<Resolved>;

    /// Makes it in the empty directory `work`.
    fn make(&self, sources: &Sources, resolved: &Resolved, work: &Path) -> Result<Made>;
}

/// What a [`Recipe`] is going to make.
struct Resolved {
    /// File name of the artifact.
    file: String,
    /// Its catalogue record but for `uri` and `checksum`.
    record: toml::Table,
    inputs: Vec<Input>,
    /// Those inputs that are Debian packages.
    debs: Vec<Deb>,
}

impl Resolved {
    /// An archive of things from Debian packages; some of them get patched.
    fn from_debian(id: &str, record: toml::Table, debs: Vec<Deb>) -> Result<Self> {
        let version =
            record.get("version").and_then(|version| version.as_str()).unwrap_or_default();
        let file = format!("{id}-{version}-linux-amd64.tar.gz");
        let inputs = debs
            .iter()
            .map(|deb| Ok(deb.input()))
            .chain([elf::patcher()])
            .collect::<Result<_>>()?;
        Ok(Self { file, record, inputs, debs })
    }
}

/// What a [`Recipe`] made.
enum Made {
    /// A directory, to be packed as `.tar.gz`, and the package URLs of what is in it.
    Tree { dir: PathBuf, contains: Vec<String> },
    /// The artifact itself.
    File { path: PathBuf, contains: Vec<String> },
}

impl Made {
    fn contains(self) -> Vec<String> {
        match self {
            Self::Tree { contains, .. } | Self::File { contains, .. } => contains,
        }
    }
}

/// What recipes fetch from.
struct Sources<'a> {
    workspace: &'a Workspace,
    /// Fetched files, kept from run to run.
    cache: PathBuf,
    suites: Mutex<BTreeMap<String, Arc<Suite>>>,
    /// Held by whoever runs Maven.
    maven: Mutex<()>,
}

impl<'a> Sources<'a> {
    fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            cache: workspace.mirror().join("cache"),
            suites: Mutex::default(),
            maven: Mutex::default(),
        }
    }

    /// A Debian release, whose index is fetched once in a run.
    fn suite(&self, name: &str) -> Result<Arc<Suite>> {
        let mut suites = locked(&self.suites);
        if let Some(suite) = suites.get(name) {
            return Ok(Arc::clone(suite));
        }
        let suite = Arc::new(Suite::open(self.workspace, &self.cache, name)?);
        suites.insert(name.to_owned(), Arc::clone(&suite));
        Ok(suite)
    }
}

fn make(workspace: &Workspace, families: &[Family], refresh: bool) -> Result<()> {
    let _lock = workspace.lock("mirror")?;
    let pins = Pins::read(&workspace.root)?;
    let mut recipes = Vec::new();
    for family in Family::value_variants() {
        let wanted = families.contains(family);
        recipes
            .extend(family.recipes(workspace, &pins)?.into_iter().map(|recipe| (recipe, wanted)));
    }
    bring_up(workspace, recipes, refresh, &pins.default_versions)
}

/// Makes those of all `recipes` that are wanted and not current.
fn bring_up(
    workspace: &Workspace,
    recipes: Vec<(Box<dyn Recipe>, bool)>,
    refresh: bool,
    default_versions: &toml::Table,
) -> Result<()> {
    let mut lock = Lock::read(workspace)?;
    let known: BTreeSet<String> = recipes.iter().map(|(recipe, _)| recipe.name()).collect();
    let dropped = lock.keep(&known);
    let is_current = |recipe: &dyn Recipe| {
        let found = lock.get(&recipe.name()).filter(|found| found.is_there(&archives(workspace)));
        found.is_some_and(|found| found.pin == pin_digest(recipe))
    };
    let todo: VecDeque<_> = recipes
        .into_iter()
        .filter(|(recipe, wanted)| *wanted && (refresh || !is_current(recipe.as_ref())))
        .map(|(recipe, _)| recipe)
        .collect();
    if todo.is_empty() && !dropped && catalog(workspace).exists() {
        return Ok(());
    }

    let work = workspace.mirror().join("work");
    if work.exists() {
        fs_err::remove_dir_all(&work)?; // of a run that was stopped
    }
    let sources = Sources::new(workspace);
    for registry in ["npm", "maven"] {
        files::sweep(&sources.cache.join(registry))?;
    }
    let lock = Mutex::new(lock);
    all(todo, |recipe| {
        let found = locked(&lock).get(&recipe.name()).cloned();
        let done = one(&sources, recipe, found, &work.join(recipe.name()))?;
        let mut lock = locked(&lock);
        lock.put(done);
        lock.write(workspace)
    })?;
    let lock = lock.into_inner().unwrap_or_else(PoisonError::into_inner);
    lock.write(workspace)?;
    lock.sweep(&archives(workspace))?;
    files::write(&catalog(workspace), lock.catalog(default_versions)?)
}

/// Runs `act` for all, as many at a time as there are processors; the first error ends it.
fn all(
    todo: VecDeque<Box<dyn Recipe>>,
    act: impl Fn(&dyn Recipe) -> Result<()> + Sync,
) -> Result<()> {
    let (todo, act) = (&Mutex::new(todo), &act);
    let next = || locked(todo).pop_front();
    let worker = move || -> Result<()> {
        while let Some(recipe) = next() {
            if let Err(error) = act(recipe.as_ref()) {
                locked(todo).clear();
                return Err(error.context(format!("cannot make {}", recipe.name())));
            }
        }
        Ok(())
    };
    let count = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(worker)).collect();
        let outcomes: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        outcomes.into_iter().try_for_each(|outcome| {
            outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

/// Brings one artifact up to date.
fn one(
    sources: &Sources,
    recipe: &dyn Recipe,
    found: Option<Locked>,
    work: &Path,
) -> Result<Locked> {
    let (name, start) = (recipe.name(), Instant::now());
    let resolved = recipe.resolve(sources)?;
    let key = input_digest(&resolved.inputs);
    let archives = archives(sources.workspace);
    let same = |found: &Locked| {
        found.key == key && found.file == resolved.file && found.is_there(&archives)
    };
    let (measure, contains) = if let Some(same) = found.filter(same) {
        (Measure { sha256: same.sha256, size: same.size }, same.contains)
    } else {
        sources.workspace.say("mirror", format_args!("{name}: assembling"));
        fs_err::create_dir_all(work)?;
        let made = recipe.make(sources, &resolved, work)?;
        let measure = put(&made, &archives.join(&resolved.file))?;
        fs_err::remove_dir_all(work)?;
        let (size, time) =
            (kouti_report::bytes(measure.size), kouti_report::duration(start.elapsed()));
        sources.workspace.say("mirror", format_args!("{name}: {size} in {time}"));
        (measure, made.contains())
    };
    let mut record = resolved.record;
    record.insert("uri".into(), format!("{ADDRESS}/{}", resolved.file).into());
    record.insert("checksum".into(), format!("sha256:{}", measure.sha256).into());
    if !contains.is_empty() {
        record.insert("contains".into(), contains.clone().into());
    }
    Ok(Locked {
        name,
        pin: pin_digest(recipe),
        key,
        file: resolved.file,
        sha256: measure.sha256,
        size: measure.size,
        inputs: resolved.inputs,
        contains,
        record,
    })
}

/// Puts what was made at `file` in one step.
fn put(made: &Made, file: &Path) -> Result<Measure> {
    let dir = file.parent().context("an archive has a directory")?;
    fs_err::create_dir_all(dir)?;
    let (temporary, measure) = match made {
        Made::Tree { dir: tree, .. } => {
            let out = tarball::gzip(tarball::Measured::new(files::new_in(dir)?));
            tarball::write(&tarball::entries(tree)?, out)?.finish()?.finish()
        }
        Made::File { path, .. } => {
            let mut out = tarball::Measured::new(files::new_in(dir)?);
            std::io::copy(&mut fs_err::File::open(path)?, &mut out)?;
            out.finish()
        }
    };
    temporary.persist(file).with_context(|| format!("cannot replace {}", file.display()))?;
    Ok(measure)
}

fn pin_digest(recipe: &dyn Recipe) -> String {
    Key::new().text("assembler", ASSEMBLER).text("pin", &recipe.pin()).finish()
}

fn input_digest(inputs: &[Input]) -> String {
    let mut sorted: Vec<&Input> = inputs.iter().collect();
    sorted.sort();
    let key = Key::new().text("assembler", ASSEMBLER);
    sorted.into_iter().fold(key, |key, input| key.text(&input.name, &input.digest)).finish()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere ends the run anyway; what is guarded here is never left half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
