//! The builder: runs the buildpacks of the group, one after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::buildpack::Buildpack;
use super::detect::Detected;
use super::failure::Failure;
use super::files::{BuildFile, LaunchFile, LayerFile, ProcessEntry, SliceEntry, write_toml};
use super::image::Process;
use super::plan::Require;
use super::program::Invocation;
use super::{Lifecycle, Result};
use crate::tree;
use kouti_launch::launcher::Variables as Env;

/// What all buildpacks together ask of the image.
#[derive(Default)]
pub(crate) struct Products {
    /// By buildpack id, then by layer name.
    pub(crate) layers: BTreeMap<String, BTreeMap<String, LayerFile>>,
    pub(crate) processes: BTreeMap<String, Process>,
    pub(crate) default_process: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) slices: Vec<SliceEntry>,
    pub(crate) warnings: Vec<String>,
    /// What a buildpack after the last one would see.
    pub(crate) env: Env,
}

/// The buildpack plan.
#[derive(Serialize)]
struct BuildpackPlan {
    entries: Vec<Require>,
}

impl Lifecycle {
    /// Runs the build programs; `on_line` gets the id of the buildpack and each line it prints.
    pub(crate) fn run_buildpacks(
        &self,
        detected: &Detected,
        on_line: &mut dyn FnMut(&str, &str),
    ) -> Result<Products> {
        let mut products = Products { env: self.base_env(), ..Products::default() };
        let mut plan = detected.plan.clone();
        for buildpack in &detected.group {
            let entries = plan.requires_for(&buildpack.id);
            self.run_build(buildpack, &entries, &products.env, on_line)?;
            let met = self
                .collect(buildpack, &entries, &mut products)
                .map_err(|reason| Failure::BadOutput { buildpack: buildpack.id.clone(), reason })?;
            plan.drop_met(&met);
        }
        Ok(products)
    }

    fn run_build(
        &self,
        buildpack: &Buildpack,
        entries: &[Require],
        env: &Env,
        on_line: &mut dyn FnMut(&str, &str),
    ) -> Result<()> {
        let layers_dir = buildpack.layers_dir(&self.layers_dir());
        fs_err::create_dir_all(&layers_dir)?;
        let plan_dir = tempfile::tempdir()?;
        let plan_path = plan_dir.path().join("plan.toml");
        write_toml(&plan_path, &BuildpackPlan { entries: entries.to_vec() })?;

        let outcome = Invocation {
            program: &buildpack.program("build"),
            arguments: &[&layers_dir, &self.platform_dir(), &plan_path],
            variables: &[("CNB_LAYERS_DIR", &layers_dir), ("CNB_BP_PLAN_PATH", &plan_path)],
            env: self.env_for(buildpack, env)?,
            dir: &self.app_dir(),
            killed_after: self.kill_after,
        }
        .run(&mut |line| on_line(&buildpack.id, line))?;
        match outcome.code {
            Some(0) => Ok(()),
            _ => Err(Failure::BuildFailed {
                buildpack: buildpack.id.clone(),
                status: outcome.status,
            }),
        }
    }

    /// Takes in what a buildpack has written; returns the names of the plan entries it has met.
    fn collect(
        &self,
        buildpack: &Buildpack,
        entries: &[Require],
        products: &mut Products,
    ) -> Result<Vec<String>, String> {
        let dir = buildpack.layers_dir(&self.layers_dir());
        let io = |error: std::io::Error| error.to_string();

        let layers = read_layers(&dir)?;
        for (name, layer) in &layers {
            if layer.types.build {
                products.env.add_build_layer(&dir.join(name)).map_err(io)?;
            }
        }

        let build = BuildFile::read(&dir.join("build.toml"))?;
        for unmet in &build.unmet {
            if entries.iter().all(|entry| entry.name != unmet.name) {
                return Err(format!("build.toml: `{}` is not in its plan", unmet.name));
            }
        }
        let unmet = |name: &str| build.unmet.iter().any(|unmet| unmet.name == name);
        let met = entries.iter().map(|entry| &entry.name).filter(|name| !unmet(name));

        for file in sbom_files(&dir, &layers)? {
            file.check(buildpack)?;
            for place in file.places {
                let target = self.layers_dir().join("sbom").join(place);
                let target = target.join(buildpack.escaped_id()).join(&file.layer);
                fs_err::create_dir_all(&target).map_err(io)?;
                fs_err::copy(&file.path, target.join(&file.name)).map_err(io)?;
            }
        }

        let launch = LaunchFile::read(&dir.join("launch.toml"))?;
        for label in launch.labels {
            products.labels.insert(label.key, label.value);
        }
        products.slices.extend(launch.slices);
        for process in launch.processes {
            products.add_process(buildpack, process);
        }
        products.layers.insert(buildpack.id.clone(), layers);
        Ok(met.cloned().collect())
    }
}

impl Products {
    /// A later process replaces an earlier one of the same type, and with it the mark as default.
    fn add_process(&mut self, buildpack: &Buildpack, entry: ProcessEntry) {
        let ProcessEntry { r#type, command, args, default, working_dir, direct: _ } = entry;
        if default {
            self.default_process = Some(r#type.clone());
        } else if self.default_process.as_ref() == Some(&r#type) {
            self.default_process = None;
            self.warnings.push(format!(
                "{} redefines the default process `{type}` without marking it as default",
                buildpack.id
            ));
        }
        let buildpack_id = buildpack.id.clone();
        let process = Process { r#type: r#type.clone(), command, args, working_dir, buildpack_id };
        self.processes.insert(r#type, process);
    }
}

/// Reads all `<layer>.toml` files and hides the directories of layers that nobody claimed.
fn read_layers(dir: &Path) -> Result<BTreeMap<String, LayerFile>, String> {
    let mut layers = BTreeMap::new();
    for file in tree::names(dir).map_err(|error| error.to_string())? {
        let Some(name) = file.strip_suffix(".toml") else { continue };
        if ["build", "launch", "store"].contains(&name) {
            continue;
        }
        let layer = LayerFile::read(&dir.join(&file))?;
        let layer_dir = dir.join(name);
        if layer.types == super::Types::NONE && layer_dir.exists() {
            let hidden = dir.join(format!("{name}.ignore"));
            fs_err::rename(layer_dir, hidden).map_err(|error| error.to_string())?;
        }
        layers.insert(name.to_owned(), layer);
    }
    Ok(layers)
}

/// One SBOM file beside the layers.
struct SbomFile {
    path: PathBuf,
    /// Name without the layer: `sbom.cdx.json`.
    name: String,
    /// Empty for the SBOM of a whole buildpack.
    layer: String,
    places: Vec<&'static str>,
}

const SBOM_FORMATS: [(&str, &str); 3] = [
    ("sbom.cdx.json", "application/vnd.cyclonedx+json"),
    ("sbom.spdx.json", "application/spdx+json"),
    ("sbom.syft.json", "application/vnd.syft+json"),
];

fn sbom_files(dir: &Path, layers: &BTreeMap<String, LayerFile>) -> Result<Vec<SbomFile>, String> {
    let mut found = Vec::new();
    for file in tree::names(dir).map_err(|error| error.to_string())? {
        // The name of the layer ends at the first dot, whatever the layer is called.
        let Some((owner, name)) = file.split_once('.') else { continue };
        let is_json = Path::new(&file).extension().is_some_and(|extension| extension == "json");
        if !(is_json && file.contains(".sbom.")) {
            continue;
        }
        let (layer, places) = match (owner, layers.get(owner)) {
            ("launch" | "build", _) => {
                (String::new(), vec![if owner == "launch" { "launch" } else { "build" }])
            }
            (_, Some(LayerFile { types, .. })) => {
                let mut places = vec![if types.launch { "launch" } else { "build" }];
                places.extend(types.cache.then_some("cache"));
                (owner.to_owned(), places)
            }
            (_, None) => continue,
        };
        found.push(SbomFile { path: dir.join(&file), name: name.to_owned(), layer, places });
    }
    Ok(found)
}

impl SbomFile {
    fn check(&self, buildpack: &Buildpack) -> Result<(), String> {
        let file = self.path.file_name().unwrap_or_default().display();
        let Some((_, format)) = SBOM_FORMATS.iter().find(|(name, _)| self.name.ends_with(name))
        else {
            return Err(format!("{file}: unsupported SBOM format"));
        };
        // `application/vnd.cyclonedx+json;version=1.5` declares the format as well.
        let declared = buildpack.sbom_formats.iter().map(|format| format.split(';').next());
        if declared.flatten().any(|declared| declared.trim() == *format) {
            Ok(())
        } else {
            Err(format!("{file}: buildpack.toml does not declare {format}"))
        }
    }
}
