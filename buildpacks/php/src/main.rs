//! The buildpack `kouti/php`: makes an image of a PHP app.
//!
//! One build as data sees it: `app` reads facts, `settings` what the user wants,
//! `recipe` decides, `build` acts.

mod app;
mod audit;
mod auth;
mod build;
mod check;
mod classic_files;
mod cloud_foundry;
mod composer;
mod composer_failure;
mod composer_file;
mod composer_json;
mod composer_lock;
mod config;
mod content_hash;
mod detect;
mod extensions;
mod fpm;
mod framework;
mod httpd;
mod ini;
mod install;
mod inventory;
mod library_links;
mod nginx;
mod packages;
mod php_version;
mod processes;
mod recipe;
mod runtime;
mod server;
mod settings;
mod site;
mod toolchain;
mod web_dir;

use kouti::setting::Declared;
use kouti::{BuildContext, Buildpack, Context, Detection, Launch, Log, Problem};

struct Php;

impl Buildpack for Php {
    const NAME: &'static str = "Kouti PHP";
    const SETTINGS: &'static [Declared] = settings::ALL;
    const LANGUAGE: Option<&'static str> = Some("php");

    fn detect(context: &Context) -> Result<Detection, Problem> {
        detect::detect(context)
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        build::build(context, log)
    }
}

fn main() {
    kouti::main::<Php>();
}
