//! The platform directory of a build: the user's variables and services, as the lifecycle wants them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kouti_launch::Env;
use kouti_report::{Log, Problem};

use crate::bindings::Directories;
use crate::classic::{Classic, When};
use crate::settings;
use crate::zip::Zip;

/// What belongs to the container, to the user's shell, or to us.
const NOT_THE_USERS: [&str; 11] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "LIBRARY_PATH",
    "CPATH",
    "PKG_CONFIG_PATH",
    "HOME",
    "USER",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
];

/// Variables that a build gets.
#[derive(Debug)]
pub(crate) struct Platform {
    variables: BTreeMap<String, String>,
    services: Option<Directories>,
    classic: Classic,
}

impl Platform {
    /// From the environment of the container, and files of the app that classic buildpacks read.
    pub(crate) fn of(env: &Env, zip: &Zip, app_dir: &Path) -> Result<Self, Problem> {
        let mut variables = env.as_map().clone();
        variables.retain(|name, _| is_the_users(name));
        variables.insert("BP_CF_SHIM".to_owned(), zip.about.version.clone());
        if let Some(artifacts) = zip.artifacts() {
            let path = artifacts.display().to_string();
            variables.entry("BP_DEPENDENCY_CACHE".to_owned()).or_insert(path);
        }
        let classic = Classic::read(env, Some(app_dir), &zip.about.compat)?;
        for (name, value) in classic.variables(When::Staging) {
            variables.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        let mut services = None;
        if settings::flag(env, "BP_CF_BINDINGS_ENABLED", true)? {
            let found = Directories::read(env, &zip.about.compat)?;
            services = Some(found).filter(|found| !found.is_empty());
        }
        // Buildpacks that read the variable would let it hide the directory, or see a service twice.
        if !settings::flag(env, "BP_CF_EXPOSE_VCAP_SERVICES", services.is_none())? {
            variables.remove("VCAP_SERVICES");
            variables.remove("VCAP_SERVICES_FILE_PATH");
        }
        Ok(Self { variables, services, classic })
    }

    /// Says what of the services and the settings is not as the user wrote it.
    pub(crate) fn tell(&self, log: &mut Log) {
        self.classic.tell(log);
        for notice in self.services.iter().flat_map(|services| &services.notices) {
            log.warn(notice.clone());
        }
    }

    /// Variables that earlier buildpacks have supplied; the user's own are replaced.
    pub(crate) fn add(&mut self, variables: BTreeMap<String, String>) {
        self.variables.extend(variables.into_iter().filter(|(name, _)| is_the_users(name)));
    }

    /// Sets one variable.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Writes the directory and returns its path.
    pub(crate) fn write(&self, scratch: &Path) -> Result<PathBuf, Problem> {
        let dir = scratch.join("platform");
        let env = dir.join("env");
        fs_err::create_dir_all(&env)?;
        let write = |name: &str, value: &str| fs_err::write(env.join(name), value);
        for (name, value) in &self.variables {
            write(name, value)?;
        }
        if let Some(services) = &self.services {
            let root = dir.join("bindings");
            services.write(&root)?;
            write("SERVICE_BINDING_ROOT", &root.display().to_string())?;
        }
        Ok(dir)
    }
}

fn is_the_users(name: &str) -> bool {
    let is_file_name = !name.is_empty() && !name.contains(['/', '.']);
    is_file_name
        && !NOT_THE_USERS.contains(&name)
        && !name.starts_with("CNB_")
        && name != "VCAP_PLATFORM_OPTIONS"
}
