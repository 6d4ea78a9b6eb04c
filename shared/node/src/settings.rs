//! The settings that both buildpacks read.

use kouti::Setting;
use kouti::setting::Words;

/// Range of versions of Node.js.
pub const VERSION: Setting<Option<String>> =
    Setting::build("BP_NODE_VERSION", "", "version of Node.js, or a range as npm has them");

/// Whether long-term support counts more than being new.
pub const PREFER_LTS: Setting<bool> = Setting::build(
    "BP_NODE_PREFER_LTS",
    "false",
    "of the versions that fit, take the newest with long-term support",
);

/// Which package of the app is built.
pub const PROJECT_PATH: Setting<String> = Setting::build(
    "BP_NODE_PROJECT_PATH",
    "",
    "directory of the package to build, relative to the app",
);

/// Scripts to run; set and empty means none.
pub const RUN_SCRIPTS: Setting<Words> = Setting::build(
    "BP_NODE_RUN_SCRIPTS",
    "",
    "scripts of package.json to run, in this order; `build` if it is not set",
);
