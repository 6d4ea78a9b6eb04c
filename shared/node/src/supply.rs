//! Bringing a package manager to where its commands are found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kouti::catalog::{Algorithm, Artifact, Checksum};
use kouti::fetch::Unpack;
use kouti::version::Version;
use kouti::{BuildContext, Env, Fault, Layer, LayerEnv, Log, Made, Problem, Uses, settings, tree};
use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::failure::{Step, explain};
use crate::manager::Kind;
use crate::project::Project;
use crate::selection::{PackageManager, Supply};
use crate::sources::Sources;
use crate::toolchain::{keep, unpack};

#[derive(Serialize)]
struct Key {
    version: String,
    checksum: String,
    node: u64,
}

impl PackageManager {
    /// `pnpm`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind.manager().program()
    }

    /// `Yarn 4.18.1`.
    #[must_use]
    pub fn title(&self) -> String {
        let title = self.kind.manager().title();
        self.version
            .as_ref()
            .map_or_else(|| title.to_owned(), |version| format!("{title} {version}"))
    }

    /// Shows which one it is and why, unless it is what everybody expects.
    pub fn explain(&self, context: &BuildContext, log: &mut Log) -> Result<(), Problem> {
        match &self.supply {
            Supply::Bundled => {}
            Supply::Catalogue(choice) => {
                context.explain_choice(log, choice, settings::EOL_POLICY.read(&context.env)?)?;
            }
            Supply::Registry(origin) => log.step(&format!("Choosing {}: {origin}", self.title())),
            Supply::App(path) => {
                log.step(&format!("Choosing {}: {} of the app", self.title(), path.display()));
            }
        }
        Ok(())
    }

    /// Installs it for the commands of a build; `None` if it is part of Node.js.
    pub(crate) fn install(
        &self,
        context: &BuildContext,
        log: &mut Log,
        project: &Project,
        node: &Artifact,
        env: &Env,
    ) -> Result<Option<Made>, Problem> {
        if self.supply == Supply::Bundled {
            return Ok(None);
        }
        let layer = Layer {
            name: "package-manager-build",
            title: format!("{} for the build", self.title()),
            uses: Uses::BUILD,
            key: self.key(node),
            env: LayerEnv::new(),
            sbom: None,
        };
        let made = context
            .layers
            .ensure(log, &layer, |dir, log| self.install_into(context, log, project, env, dir))?;
        Ok(Some(made))
    }

    /// The names under which it is run.
    #[must_use]
    pub fn programs(&self) -> Vec<&'static str> {
        let manager = self.kind.manager();
        match &self.version {
            Some(version) => manager.programs(version).into_iter().map(|(name, _)| name).collect(),
            None => vec![manager.program()],
        }
    }

    /// Makes the launch layer: a `Procfile` and scripts may run it. Without `program`, it only has
    /// the variables that the packages need.
    #[expect(clippy::too_many_arguments, reason = "each is of another kind")]
    pub fn install_for_launch(
        &self,
        context: &BuildContext,
        log: &mut Log,
        project: &Project,
        sources: &Sources,
        node: &Artifact,
        built: Option<&Path>,
        program: bool,
    ) -> Result<(), Problem> {
        let manager = self.kind.manager();
        let env = manager.launch_environment(LayerEnv::new(), project, sources);
        let has_program = program && self.supply != Supply::Bundled;
        if !has_program && env.is_empty() {
            return Ok(());
        }
        if !has_program {
            let layer = Layer {
                name: manager.program(),
                title: format!("variables of {}", manager.title()),
                uses: Uses::LAUNCH,
                key: BTreeMap::from([("variables", "only")]),
                env,
                sbom: None,
            };
            context.layers.ensure(log, &layer, |_, _| Ok(()))?;
            return Ok(());
        }
        let layer = Layer {
            name: manager.program(),
            title: self.title(),
            uses: Uses::LAUNCH,
            key: self.key(node),
            env,
            sbom: match &self.supply {
                Supply::Catalogue(choice) => Some(context.document(&choice.artifact)),
                _ => None,
            },
        };
        context.layers.ensure(log, &layer, |dir, log| match built {
            Some(built) => Ok(tree::link(built, dir)?),
            None => self.install_into(context, log, project, &context.env, dir),
        })?;
        Ok(())
    }

    fn key(&self, node: &Artifact) -> Key {
        let checksum = match &self.supply {
            Supply::Catalogue(choice) => choice.artifact.checksum.to_string(),
            Supply::App(path) => path.display().to_string(),
            Supply::Registry(_) | Supply::Bundled => String::new(),
        };
        let version = self.version.as_ref().map(ToString::to_string).unwrap_or_default();
        Key { version, checksum, node: node.version.major() }
    }

    fn install_into(
        &self,
        context: &BuildContext,
        log: &mut Log,
        project: &Project,
        env: &Env,
        dir: &Path,
    ) -> Result<(), Problem> {
        match &self.supply {
            Supply::Bundled => Ok(()),
            Supply::App(path) => Ok(write_wrapper(dir, &project.root.join(path))?),
            Supply::Catalogue(choice) if !self.comes_from_registry(context) => {
                let artifact = &choice.artifact;
                if let Some((algorithm, wanted)) = &self.hash {
                    let path = dir.join("download");
                    download(context, log, artifact, &path)?;
                    self.check_hash(algorithm, wanted, &path)?;
                    fs_err::remove_file(path)?;
                }
                let program = if is_program(artifact) {
                    let name = Path::new("yarn.js");
                    download(context, log, artifact, &dir.join(PACKAGE).join(name))?;
                    Some(name)
                } else {
                    unpack(context, DOWNLOAD, artifact, &Unpack::into(dir.join(PACKAGE)), log)?;
                    None
                };
                self.link_programs(dir, program)
            }
            Supply::Catalogue(_) | Supply::Registry(_) => {
                self.install_from_registry(context, log, env, dir)?;
                self.link_programs(dir, None)
            }
        }
    }

    /// Whether nobody but the registry has it.
    fn comes_from_registry(&self, context: &BuildContext) -> bool {
        match &self.supply {
            Supply::Catalogue(choice) => {
                choice.artifact.uri.is_none() && !context.is_packaged(&choice.artifact)
            }
            Supply::Registry(_) => true,
            Supply::Bundled | Supply::App(_) => false,
        }
    }

    /// Lets npm bring the package: it knows the user's registry, credentials and proxy, and
    /// proves what it brings by the registry's own digest.
    fn install_from_registry(
        &self,
        context: &BuildContext,
        log: &mut Log,
        env: &Env,
        dir: &Path,
    ) -> Result<(), Problem> {
        let Some(version) = &self.version else { return Ok(()) };
        let manager = self.kind.manager();
        let wanted =
            format!("{}@{version}", manager.registry_package(version, &context.target.arch));
        let key = BTreeMap::from([("package", wanted.as_str())]);
        let file = context.layers.cache(log, DOWNLOAD, key)?.join("package.tgz");
        if !file.is_file() {
            if settings::OFFLINE.read(&context.env)? {
                return Err(self.unavailable(context, &wanted));
            }
            let packed = dir.join("packed");
            fs_err::create_dir_all(&packed)?;
            context
                .command("npm", &packed, env)
                .args(["pack", wanted.as_str(), "--ignore-scripts", "--loglevel=error"])
                .run(log)
                .map_err(|failed| {
                    self.with_known(context, explain(failed, Step::Packages, self.kind))
                })?;
            let made = fs_err::read_dir(&packed)?.next().transpose()?;
            let made = made.ok_or_else(|| self.unavailable(context, &wanted))?;
            // Only what is complete is kept.
            fs_err::rename(made.path(), &file)?;
            fs_err::remove_dir(packed)?;
        }
        let artifact = self.packed(version, &file, &fs_err::read(&file)?);
        context.fetcher(None, log)?.archive(&artifact, &Unpack::into(dir.join(PACKAGE)), log)?;
        if let Some((algorithm, wanted)) = &self.hash {
            // Of Yarn 2 and later the hash is that of the program inside.
            let is_berry = self.kind == Kind::YarnBerry;
            let proof = if is_berry { dir.join(PACKAGE).join("bin/yarn.js") } else { file };
            self.check_hash(algorithm, wanted, &proof)?;
        }
        Ok(())
    }

    /// The record of what npm has brought.
    fn packed(&self, version: &Version, file: &Path, bytes: &[u8]) -> Artifact {
        let uri = Some(format!("file://{}", file.display()));
        if let Supply::Catalogue(choice) = &self.supply {
            return Artifact { uri, ..choice.artifact.clone() };
        }
        let checksum = Checksum { algorithm: Algorithm::Sha512, hex: hex::<Sha512>(bytes) };
        Artifact {
            id: self.kind.manager().artifact().to_owned(),
            name: self.kind.manager().title().to_owned(),
            version: version.clone(),
            uri,
            alternates: Vec::new(),
            checksum,
            os: None,
            arch: None,
            distros: Vec::new(),
            cpes: Vec::new(),
            purl: None,
            licenses: Vec::new(),
            source: None,
            source_checksum: None,
            eol_date: None,
            strip_components: 1,
            bundles: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// Puts the programs where `PATH` finds them.
    fn link_programs(&self, dir: &Path, program: Option<&Path>) -> Result<(), Problem> {
        let Some(version) = &self.version else { return Ok(()) };
        fs_err::create_dir_all(dir.join("bin"))?;
        for (name, file) in self.kind.manager().programs(version) {
            let file = Path::new(PACKAGE).join(program.unwrap_or(Path::new(file)));
            let on_disk = dir.join(&file);
            if !on_disk.is_file() {
                continue;
            }
            fs_err::set_permissions(on_disk, Permissions::from_mode(0o755))?;
            let link = dir.join("bin").join(name);
            fs_err::os::unix::fs::symlink(Path::new("..").join(file), link)?;
        }
        Ok(())
    }

    fn check_hash(&self, algorithm: &str, wanted: &str, file: &Path) -> Result<(), Problem> {
        let bytes = fs_err::read(file)?;
        let found = match algorithm {
            "sha1" => hex::<Sha1>(&bytes),
            "sha224" => hex::<Sha224>(&bytes),
            "sha256" => hex::<Sha256>(&bytes),
            "sha384" => hex::<Sha384>(&bytes),
            _ => hex::<Sha512>(&bytes),
        };
        if found == wanted {
            return Ok(());
        }
        let summary = format!(
            "{} is not the one that `packageManager` in package.json describes: its {algorithm} is \
             {found}, not {wanted}",
            self.title()
        );
        Err(Problem::new("package-manager-changed", Fault::App, summary)
            .hint(format!("write the hash anew: `corepack use {}@…`, or remove it", self.name()))
            .hint("if it was right, a mirror or proxy changes packages: ask those who run it"))
    }

    fn unavailable(&self, context: &BuildContext, wanted: &str) -> Problem {
        let summary = format!("{wanted} is not in this buildpack, and nothing may be downloaded");
        self.with_known(context, Problem::new("package-manager-unavailable", Fault::App, summary))
            .hint("or let it be downloaded: unset BP_OFFLINE")
    }

    /// Adds the versions that this buildpack knows.
    fn with_known(&self, context: &BuildContext, problem: Problem) -> Problem {
        let id = self.kind.manager().artifact();
        let artifacts = context.catalog.artifacts.iter().filter(|artifact| artifact.id == id);
        let known = artifacts.filter(|artifact| artifact.fits(&context.target));
        let known: BTreeSet<_> = known.map(|artifact| artifact.version.clone()).collect();
        let known: Vec<_> = known.iter().rev().map(ToString::to_string).collect();
        if known.is_empty() {
            return problem;
        }
        problem.hint(format!("ask for one that this buildpack knows: {}", known.join(", ")))
    }
}

/// Where the package is in its layer: a directory `lib` would be one of libraries.
const PACKAGE: &str = "package";

/// The layer that keeps what was downloaded.
const DOWNLOAD: &str = "package-manager-download";

/// Whether an artifact is one file, not an archive.
fn is_program(artifact: &Artifact) -> bool {
    artifact.extra("bin") == Some("yarn.js")
}

fn download(
    context: &BuildContext,
    log: &mut Log,
    artifact: &Artifact,
    path: &Path,
) -> Result<(), Problem> {
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let keep = keep(context, DOWNLOAD, artifact, log)?;
    context.fetcher(keep.as_deref(), log)?.file(artifact, path, true, log)?;
    Ok(())
}

/// Runs the program that came with the app, whose mode is not ours to change.
fn write_wrapper(dir: &Path, program: &Path) -> std::io::Result<()> {
    let bin = dir.join("bin");
    fs_err::create_dir_all(&bin)?;
    for name in ["yarn", "yarnpkg"] {
        let wrapper = format!("#!/bin/sh\nexec node '{}' \"$@\"\n", program.display());
        fs_err::write(bin.join(name), wrapper)?;
        fs_err::set_permissions(bin.join(name), Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn hex<D: Digest>(bytes: &[u8]) -> String {
    D::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
