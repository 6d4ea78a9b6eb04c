//! Actions: carries a recipe out, step by step.

use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use kouti::{BuildContext, Launch, LayerEnv, Log, Problem, settings};

use crate::app::App;
use crate::classic_files;
use crate::cloud_foundry::Classic;
use crate::composer::Runner;
use crate::config;
use crate::extensions::{Extensions, Wishes};
use crate::fpm;
use crate::inventory::Inventory;
use crate::packages;
use crate::processes;
use crate::recipe::Recipe;
use crate::runtime;
use crate::settings::Settings;
use crate::toolchain::Toolchain;

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let classic = Classic::read(context)?;
    let env = classic.apply(&context.env);
    let context = &BuildContext { context: context.with_env(env), ..context.clone() };
    if classic.is_active {
        classic_files::fill_in(&context.app_dir, &context.env)?;
    }
    let app = App::read(context, classic)?;
    let settings = Settings::read(&context.env)?;
    let recipe = Recipe::decide(&app, &settings, context)?;
    explain(context, log, &recipe)?;

    let php = &recipe.php.artifact;
    let composer = recipe.install.as_ref().map(|install| &install.composer.artifact);
    let downloads = std::iter::once(php).chain(composer).collect();
    let mut toolchain = Toolchain::new(context, php, downloads);
    let inventory = Inventory::take(context, log, &mut toolchain)?;
    let extensions = Extensions::decide(
        &Wishes {
            required: &recipe.required,
            stood_for: &recipe.stood_for,
            setting: &settings.extensions,
            snippets: &app.snippets.ini,
            php: &php.version,
        },
        &inventory,
    )?;
    for notice in &extensions.notices {
        log.warn(notice.clone());
    }
    let config = config::Config::assemble(&app, &settings, &recipe, &extensions);

    if let Some(install) = &recipe.install {
        let mut env = toolchain.configure(log, &inventory, &config.ini)?;
        config::for_commands(&mut env, &context.layers)?;
        env.set("KOUTI_PHP_LINE", format!("{}.{}", php.version.major(), php.version.minor()));
        Runner::new(context, install, log, &toolchain, &env)?.install(log)?;
    } else if recipe.php_for_others {
        toolchain.configure(log, &inventory, &config.ini)?;
    }
    if recipe.is_provider && !context.plan.any("php", "launch") {
        return Ok(Launch::default());
    }
    make_writable(&app.dir, &recipe)?;
    if recipe.server.uses_fpm() {
        // Buildpacks after this one put files there, as they do for Paketo's.
        fs_err::create_dir_all(app.dir.join(fpm::OTHERS))?;
    }
    config.install(context, log, &mut toolchain, &inventory, &recipe)?;
    runtime::install(context, log, &toolchain, &inventory, &extensions)?;
    if app.classic.is_active {
        link_classic_names(context)?;
        link_classic_vendor(&app.dir, &recipe)?;
    }
    context.helper_layer(log, &["php-launch"], &processes::PROGRAMS, LayerEnv::new())?;

    let with_dev = recipe.install.as_ref().is_some_and(|install| install.with_dev);
    let mut packages = packages::document(&app, false, &context.id);
    if let (Some(packages), true) = (&mut packages, with_dev) {
        let dev = packages::document(&app, true, &context.id);
        packages.components.extend(dev.into_iter().flat_map(|document| document.components));
    }
    let vendor = recipe.install.iter().map(|install| vec![install.vendor_dir.clone()]);
    Ok(Launch {
        processes: processes::declare(&app, &recipe),
        labels: processes::labels(&recipe, &extensions),
        slices: vendor.collect(),
        sbom: packages,
        ..Launch::default()
    })
}

/// `$HOME/.bp/bin/start` and `pre-start` stand in manifests and `Procfile`s.
fn link_classic_names(context: &BuildContext) -> io::Result<()> {
    let bin = context.app_dir.join(".bp/bin");
    fs_err::create_dir_all(&bin)?;
    for name in ["start", "pre-start"] {
        let link = bin.join(name);
        if link.symlink_metadata().is_ok() {
            fs_err::remove_file(&link)?;
        }
        symlink(context.layers.path("helper").join("bin/helper"), link)?;
    }
    Ok(())
}

/// Apps look for their packages in the document root too, where the classic buildpack has a link.
fn link_classic_vendor(app_dir: &Path, recipe: &Recipe) -> io::Result<()> {
    let (Some(install), Some(site)) = (&recipe.install, &recipe.site) else { return Ok(()) };
    let link = app_dir.join(&site.web_dir).join("vendor");
    if link.symlink_metadata().is_ok() {
        return Ok(());
    }
    let up = "../".repeat(Path::new(&site.web_dir).components().count());
    symlink(format!("{up}{}", install.vendor_dir), link)
}

/// What was chosen, and why.
fn explain(context: &BuildContext, log: &mut Log, recipe: &Recipe) -> Result<(), Problem> {
    let policy = settings::EOL_POLICY.read(&context.env)?;
    context.explain_choice(log, &recipe.php, policy)?;
    if let Some(install) = &recipe.install {
        context.explain_choice(log, &install.composer, policy)?;
    }
    if !recipe.is_provider {
        log.step("Choosing a server");
        log.table(&processes::facts(recipe));
    }
    for notice in &recipe.notices {
        log.warn(notice.clone());
    }
    Ok(())
}

/// The user of the container is another one than that of the build, but in the same group.
fn make_writable(app_dir: &Path, recipe: &Recipe) -> io::Result<()> {
    for dir in &recipe.writable_dirs {
        let dir = app_dir.join(dir);
        fs_err::create_dir_all(&dir)?;
        open_to_group(&dir)?;
    }
    Ok(())
}

fn open_to_group(path: &Path) -> io::Result<()> {
    let metadata = fs_err::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mut permissions = metadata.permissions();
    let more = if metadata.is_dir() { 0o070 } else { 0o060 };
    permissions.set_mode(permissions.mode() | more);
    fs_err::set_permissions(path, permissions)?;
    if metadata.is_dir() {
        for entry in fs_err::read_dir(path)? {
            open_to_group(&entry?.path())?;
        }
    }
    Ok(())
}
