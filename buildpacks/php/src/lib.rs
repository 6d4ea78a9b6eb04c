//! What runs in the container: settings that the container decides, and the supervisor of PHP-FPM
//! and web server. The build uses the same code to check what it has generated.

mod ini_values;
mod launch;
mod launch_files;
mod launch_settings;
pub mod names;
mod plan;
mod process_file;
mod run_dir;
mod session;
pub mod start;
mod supervisor;
mod workers;

pub use launch::php_launch;
pub use run_dir::RUN_DIR;
