//! The build tools.

use serde::Serialize;

/// What builds an app from source.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tool {
    Maven,
    Gradle,
    Sbt,
}

impl Tool {
    /// The name in build plans, settings and catalogues.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Maven => "maven",
            Self::Gradle => "gradle",
            Self::Sbt => "sbt",
        }
    }

    /// As people write it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Maven => "Maven",
            Self::Gradle => "Gradle",
            Self::Sbt => "sbt",
        }
    }

    /// The script that an app brings along to run the right version of the tool.
    pub(crate) fn wrapper(self) -> Option<&'static str> {
        match self {
            Self::Maven => Some("mvnw"),
            Self::Gradle => Some("gradlew"),
            Self::Sbt => None,
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Maven, Self::Gradle, Self::Sbt].into_iter().find(|tool| tool.id() == name)
    }

    /// The setting that names what was built.
    pub(crate) fn artifact_setting(self) -> &'static str {
        match self {
            Self::Maven => "BP_MAVEN_BUILT_ARTIFACT",
            Self::Gradle => "BP_GRADLE_BUILT_ARTIFACT",
            Self::Sbt => "BP_SBT_BUILT_ARTIFACT",
        }
    }

    /// The setting that names the module that is the app.
    pub(crate) fn module_setting(self) -> &'static str {
        match self {
            Self::Maven => "BP_MAVEN_BUILT_MODULE",
            Self::Gradle => "BP_GRADLE_BUILT_MODULE",
            Self::Sbt => "BP_SBT_BUILT_MODULE",
        }
    }
}
