//! What the buildpacks of web servers have in common: who serves the app and how, which files are
//! served, templates in configuration files, and what a container decides when it starts.

pub mod basic_auth;
mod debug;
mod document_root;
mod fixed_port;
mod functions;
mod glob;
pub mod graceful;
pub mod precompress;
mod preset;
mod project_toml;
mod provider;
pub mod public_env;
mod rules;
mod serving;
pub mod settings;
mod site;
pub mod template;
mod web_server;
pub mod workers;

pub use debug::show_configuration;
pub use document_root::{DocumentRoot, NoRoot};
pub use fixed_port::FixedPort;
pub use functions::{Surroundings, port, temp_dir};
pub use glob::{Glob, quoted_regex};
pub use preset::Preset;
pub use project_toml::{BadProjectToml, ProjectToml};
pub use provider::{Asked, PHP, Provider, SITE, UnknownServer};
pub use rules::{BadRule, ErrorPage, HeaderRule, Redirect};
pub use serving::Served;
pub use site::{CacheRules, PushState, RuntimeEnv, Site, with_site};
pub use web_server::{WebServer, build};

/// A complete table of media types, in nginx's form.
pub const MIME_TYPES: &str = include_str!("../conf/mime.types");
/// The parameters of `FastCGI`, as nginx ships them.
pub const FASTCGI_PARAMS: &str = include_str!("../conf/fastcgi_params");
