//! The buildpacks of a case: the real one under test, and fakes around it.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::artifact::Artifact;
use crate::lifecycle::BuildPlan;
use crate::tree;

/// A real buildpack: its program and descriptor, with the artifacts of the test in place of its catalogue.
#[derive(Clone)]
pub struct Subject {
    program: PathBuf,
    descriptor: PathBuf,
    helper: Option<PathBuf>,
    artifacts: Vec<Artifact>,
    metadata: Vec<toml::Table>,
    pub(super) optional: bool,
}

impl Subject {
    /// The buildpack whose phases `program` runs and whose `buildpack.toml` is `descriptor`.
    pub fn new(program: impl Into<PathBuf>, descriptor: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            descriptor: descriptor.into(),
            helper: None,
            artifacts: Vec::new(),
            metadata: Vec::new(),
            optional: false,
        }
    }

    /// The buildpack in `buildpacks/<name>`, for a test of the one in `manifest_dir` together with it.
    ///
    /// `program` is the tested buildpack's own, beside which Cargo puts those of the others.
    ///
    /// # Panics
    ///
    /// If it has not been compiled: a test of one package alone does not compile the others.
    #[must_use]
    #[track_caller]
    pub fn neighbour(program: &str, manifest_dir: &str, name: &str) -> Self {
        let other = Path::new(program).with_file_name(format!("kouti-{name}"));
        assert!(other.exists(), "first run `cargo build -p kouti-{name}`");
        let helper = other.with_file_name(format!("kouti-{name}-helper"));
        let descriptor = Path::new(manifest_dir).with_file_name(name).join("buildpack.toml");
        let subject = Self::new(other, descriptor);
        if helper.exists() { subject.helper(helper) } else { subject }
    }

    /// Its helper program, `bin/helper`.
    #[must_use]
    pub fn helper(mut self, program: impl Into<PathBuf>) -> Self {
        self.helper = Some(program.into());
        self
    }

    /// Adds an artifact to its catalogue.
    #[must_use]
    pub fn artifact(mut self, artifact: Artifact) -> Self {
        self.artifacts.push(artifact);
        self
    }

    /// Version of `id` that is installed if nobody asks for one.
    #[must_use]
    pub fn default_version(self, id: &str, version: &str) -> Self {
        self.metadata(&format!("default-versions = {{ {id} = \"{version}\" }}"))
    }

    /// Adds to `[metadata]` of its descriptor: release lines, for example.
    ///
    /// # Panics
    ///
    /// If `text` is not TOML.
    #[must_use]
    #[track_caller]
    pub fn metadata(mut self, text: &str) -> Self {
        self.metadata.push(toml::from_str(text).expect("metadata is TOML"));
        self
    }

    /// Makes it an optional member of the group.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Writes the directory that the packager would make.
    fn write(&self, dir: &Path) -> io::Result<()> {
        let text = fs_err::read_to_string(&self.descriptor)?;
        let mut descriptor: toml::Table = toml::from_str(&text).map_err(io::Error::other)?;
        let metadata = descriptor.entry("metadata").or_insert_with(|| toml::Table::new().into());
        if let toml::Value::Table(metadata) = metadata {
            metadata.remove("catalog");
            let entries = self.artifacts.iter().map(Artifact::catalogue_entry);
            let entries: Vec<toml::Value> = entries.map(toml::Value::Table).collect();
            metadata.insert("dependencies".to_owned(), entries.into());
            for more in &self.metadata {
                add(metadata, more.clone());
            }
        }
        let descriptor = toml::to_string(&descriptor).map_err(io::Error::other)?;
        tree::write(&dir.join("buildpack.toml"), descriptor)?;

        let bin = dir.join("bin");
        fs_err::create_dir_all(&bin)?;
        symlink(&self.program, bin.join("build"))?;
        symlink(&self.program, bin.join("detect"))?;
        if let Some(helper) = &self.helper {
            symlink(helper, bin.join("helper"))?;
        }
        for artifact in self.artifacts.iter().filter(|artifact| artifact.is_stored()) {
            let file = dir.join("dependencies/sha256").join(artifact.sha256());
            tree::write(&file, artifact.to_bytes())?;
        }
        Ok(())
    }
}

/// A buildpack made of two shell scripts.
#[derive(Clone, Debug)]
pub struct Fake {
    id: String,
    plan: String,
    detect: String,
    build: String,
    header: String,
    targets: String,
    pub(super) optional: bool,
}

impl Fake {
    /// A buildpack that passes detect with an empty plan and builds nothing.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            plan: String::new(),
            detect: String::new(),
            build: String::new(),
            header: String::new(),
            targets: "[[targets]]\nos = \"linux\"\n".to_owned(),
            optional: false,
        }
    }

    /// The build plan that it writes, as TOML.
    #[must_use]
    pub fn plan(mut self, plan: &str) -> Self {
        plan.clone_into(&mut self.plan);
        self
    }

    /// Commands that detect runs before it writes the plan.
    #[must_use]
    pub fn detect(mut self, script: &str) -> Self {
        script.clone_into(&mut self.detect);
        self
    }

    /// Commands that build runs in the app directory; `$layers` is its layers directory.
    #[must_use]
    pub fn build(mut self, script: &str) -> Self {
        script.clone_into(&mut self.build);
        self
    }

    /// Further lines of the `[buildpack]` table.
    #[must_use]
    pub fn header(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.header);
        self
    }

    /// What it declares to run on, if not any Linux.
    #[must_use]
    pub fn targets(mut self, tables: &str) -> Self {
        tables.clone_into(&mut self.targets);
        self
    }

    /// Makes it an optional member of the group.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    fn write(&self, dir: &Path) -> io::Result<()> {
        let Self { id, plan, detect, build, header, targets, .. } = self;
        let descriptor = format!(
            "api = \"0.10\"\n[buildpack]\nid = \"{id}\"\nversion = \"1.0.0\"\n{header}\n{targets}"
        );
        tree::write(&dir.join("buildpack.toml"), descriptor)?;
        tree::write(&dir.join("plan.toml"), plan)?;
        let copy_plan = r#"cat "$CNB_BUILDPACK_DIR/plan.toml" >"$CNB_BUILD_PLAN_PATH""#;
        let detect = format!("#!/bin/sh\nset -eu\n{detect}\n{copy_plan}\n");
        tree::write_program(&dir.join("bin/detect"), detect)?;
        let build = format!("#!/bin/sh\nset -eu\nlayers=$CNB_LAYERS_DIR\n{build}\n");
        tree::write_program(&dir.join("bin/build"), build)
    }
}

/// One member of a case's group.
#[derive(Clone)]
pub enum Part {
    /// A real buildpack.
    Subject(Box<Subject>),
    /// A fake one.
    Fake(Fake),
}

impl From<Subject> for Part {
    fn from(subject: Subject) -> Self {
        Self::Subject(Box::new(subject))
    }
}

impl From<Fake> for Part {
    fn from(fake: Fake) -> Self {
        Self::Fake(fake)
    }
}

impl Part {
    pub(super) fn is_optional(&self) -> bool {
        match self {
            Self::Subject(subject) => subject.optional,
            Self::Fake(fake) => fake.optional,
        }
    }

    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        match self {
            Self::Subject(subject) => subject.write(dir),
            Self::Fake(fake) => fake.write(dir),
        }
    }
}

pub(super) fn plan_text(plan: &BuildPlan) -> String {
    toml::to_string(plan).expect("a plan is plain data")
}

/// Tables are merged, lists grow, everything else is replaced.
fn add(table: &mut toml::Table, more: toml::Table) {
    for (key, value) in more {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(table)), toml::Value::Table(more)) => add(table, more),
            (Some(toml::Value::Array(list)), toml::Value::Array(more)) => list.extend(more),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}
