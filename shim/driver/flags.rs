//! The platform's flags: `-name=value`, with defaults.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Failure;

const DEFAULTS: [(&str, &str); 8] = [
    ("buildDir", "/tmp/app"),
    ("outputDroplet", "/tmp/droplet"),
    ("outputMetadata", "/tmp/result.json"),
    ("outputBuildArtifactsCache", "/tmp/output-cache"),
    ("buildpacksDir", "/tmp/buildpacks"),
    ("buildArtifactsCacheDir", "/tmp/cache"),
    ("buildpackOrder", ""),
    ("skipDetect", "false"),
];

/// What the platform is asked for.
#[derive(Debug)]
pub(crate) struct Flags(BTreeMap<String, String>);

impl Flags {
    pub(crate) fn read(args: &[String]) -> Result<Self, Failure> {
        let mut values: BTreeMap<_, _> = DEFAULTS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        for arg in args {
            let flag = arg.trim_start_matches('-');
            let (name, value) = flag.split_once('=').unwrap_or((flag, "true"));
            // Options that concern downloads and secrets of the platform itself mean nothing here.
            if DEFAULTS.iter().any(|(known, _)| *known == name) {
                values.insert(name.to_owned(), value.to_owned());
            } else if !["skipCertVerify", "buildpacksDownloadDir"].contains(&name) {
                return Err(Failure::new(2, format!("flag provided but not defined: -{name}")));
            }
        }
        Ok(Self(values))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(self.0.get(name).map(String::as_str).unwrap_or_default())
    }

    /// The keys of the buildpacks, in order.
    pub(crate) fn order(&self) -> Vec<&str> {
        self.0["buildpackOrder"].split(',').filter(|key| !key.is_empty()).collect()
    }

    pub(crate) fn skips_detect(&self) -> bool {
        self.0["skipDetect"] == "true"
    }
}
