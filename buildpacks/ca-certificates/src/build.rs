//! Puts certificates where programs of the build find them, and the helper into the image.

use std::path::Path;

use kouti::{
    BuildContext, Env, Explain, Fault, Launch, Layer, LayerEnv, Log, Notice, Problem, Scope, Uses,
};
use kouti_ca_certificates::{
    BINDING, BUNDLE, CERTIFICATES as BY_SUBJECT, Certificate, EXTRA, Store, read, system_bundle,
    tool_variables,
};
use serde::Serialize;

use crate::detect::{CERTIFICATES, HELPER, PATHS};
use crate::settings;

#[derive(Serialize)]
struct Key {
    certificates: String,
}

/// What is in both layers.
struct Recipe {
    store: Store,
    embed: bool,
    tools: bool,
}

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    let env = &context.env;
    let has_helper = settings::has_helper(env)?;
    warn_about_old_settings(env, log);
    let recipe = Recipe {
        embed: settings::EMBED.read(env)?,
        tools: settings::TOOL_ENV.read(env)?,
        store: collect(context, log)?,
    };
    if !recipe.store.is_empty() {
        certificates(context, &recipe, log)?;
        if recipe.tools {
            bundle(context, &recipe, log)?;
        }
    }
    if has_helper && context.plan.has(HELPER) {
        context.helper_layer(log, &[HELPER], &[], LayerEnv::new())?;
    }
    Ok(Launch::default())
}

fn warn_about_old_settings(env: &Env, log: &mut Log) {
    let name = settings::LAUNCH_ENABLED.declared.name;
    if settings::LAUNCH_ENABLED.is_set(env) {
        let instead = settings::LAUNCH_DISABLED.declared.name;
        log.warn(
            Notice::new(format!("{name} is deprecated"))
                .hint(format!("use {instead}, which means the opposite")),
        );
    }
}

/// All certificates of all sources, in a fixed order.
fn collect(context: &BuildContext, log: &mut Log) -> Result<Store, Problem> {
    let mut store = Store::default();
    let mut rows = Vec::new();
    let mut add = |origin: String, bytes: &[u8], log: &mut Log| -> Result<(), Problem> {
        let certificates = read(&origin, bytes)?;
        let today = context.today.to_string();
        for certificate in &certificates {
            remark(certificate, &origin, &today, log);
        }
        rows.push([origin, count(certificates.len())]);
        store.add(certificates);
        Ok(())
    };
    for binding in context.bindings.find(BINDING) {
        for key in binding.keys() {
            let origin = format!("`{key}` of the binding `{}`", binding.name);
            add(origin, binding.require(key)?.reveal(), log)?;
        }
    }
    for path in paths(context)? {
        add(format!("`{path}`"), &fs_err::read(&path)?, log)?;
    }
    if !rows.is_empty() {
        log.step("Certificates");
        log.table(&rows);
    }
    Ok(store)
}

fn count(certificates: usize) -> String {
    format!("{certificates} certificate{}", if certificates == 1 { "" } else { "s" })
}

/// Files that other buildpacks want to be believed.
fn paths(context: &BuildContext) -> Result<Vec<String>, BadPaths> {
    let mut paths = Vec::new();
    for entry in context.plan.entries(CERTIFICATES) {
        let listed = entry.metadata.get(PATHS).and_then(|paths| paths.as_array());
        for path in listed.ok_or(BadPaths)? {
            paths.push(path.as_str().ok_or(BadPaths)?.to_owned());
        }
    }
    paths.sort();
    Ok(paths)
}

/// What is strange about a certificate, but may be meant.
fn remark(certificate: &Certificate, origin: &str, today: &str, log: &mut Log) {
    let Certificate { subject, not_before, not_after, is_authority, rsa_bits, .. } = certificate;
    log.debug(&format!("{subject}, until {not_after}, sha256 {}", certificate.fingerprint()));
    let mut warn = |text: String, hint: &str| {
        log.warn(Notice::new(format!("`{subject}` in {origin} {text}")).hint(hint));
    };
    if not_after.as_str() < today {
        warn(format!("has expired on {not_after}"), "bind the certificate that follows it");
    }
    if not_before.as_str() > today {
        warn(format!("does not count before {not_before}"), "check the clock of this machine");
    }
    if !is_authority {
        warn(
            "is no certificate authority".to_owned(),
            "bind the certificate of the authority that has signed it",
        );
    }
    if let Some(bits) = rsa_bits.filter(|bits| *bits < 2048) {
        warn(
            format!("has a key of {bits} bits, which most programs refuse"),
            "ask its authority for one with at least 2048 bits",
        );
    }
}

/// The layer for everything that looks at `SSL_CERT_DIR`, and for Node.js. In the image only if
/// the user wants the certificates there.
fn certificates(context: &BuildContext, recipe: &Recipe, log: &mut Log) -> Result<(), Problem> {
    let dir = context.layers.path(CERTIFICATES);
    let scope = if recipe.embed { Scope::Both } else { Scope::Build };
    let by_subject = dir.join(BY_SUBJECT);
    let mut env = LayerEnv::new().append(scope, "SSL_CERT_DIR", by_subject.to_string_lossy(), ":");
    if let Some(system) = system_bundle() {
        // OpenSSL forgets its own directory when it is given another one.
        env = env.default_value(scope, "SSL_CERT_FILE", system.to_string_lossy());
    }
    if recipe.tools {
        env = tool_env(env, scope, &dir, EXTRA);
    }
    let layer = Layer {
        name: CERTIFICATES,
        title: recipe.store.title(),
        uses: Uses { launch: recipe.embed, ..Uses::BUILD },
        key: Key { certificates: recipe.store.fingerprint() },
        env,
        sbom: None,
    };
    context.layers.ensure(log, &layer, |dir, _| {
        fs_err::create_dir(dir.join(BY_SUBJECT))?;
        for (path, content) in recipe.store.by_subject() {
            fs_err::write(dir.join(path), content)?;
        }
        Ok(fs_err::write(dir.join(EXTRA), recipe.store.extra())?)
    })?;
    Ok(())
}

/// The layer for tools that want one file with everything. Never in the image, whose own
/// system may believe others than that of the build.
fn bundle(context: &BuildContext, recipe: &Recipe, log: &mut Log) -> Result<(), Problem> {
    let system = system_bundle().map(fs_err::read).transpose()?.unwrap_or_default();
    let bundle = recipe.store.bundle(&system);
    let name = "ca-bundle";
    let layer = Layer {
        name,
        title: "bundle of all CA certificates".to_owned(),
        uses: Uses::BUILD,
        key: Key { certificates: kouti::sha256(&bundle) },
        env: tool_env(LayerEnv::new(), Scope::Build, &context.layers.path(name), BUNDLE),
        sbom: None,
    };
    context.layers.ensure(log, &layer, |dir, _| Ok(fs_err::write(dir.join(BUNDLE), &bundle)?))?;
    Ok(())
}

fn tool_env(env: LayerEnv, scope: Scope, dir: &Path, wanted: &str) -> LayerEnv {
    let path = dir.join(wanted);
    tool_variables()
        .into_iter()
        .filter(|(_, file)| *file == wanted)
        .fold(env, |env, (name, _)| env.default_value(scope, name, path.to_string_lossy()))
}

/// Another buildpack asks for something that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a buildpack requires `{CERTIFICATES}` without a list of texts as `{PATHS}`")]
struct BadPaths;

impl Explain for BadPaths {
    fn id(&self) -> &'static str {
        "bad-ca-certificates-plan"
    }

    fn fault(&self) -> Fault {
        Fault::Surroundings
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "leave that buildpack out, or ask its authors for `paths = [\"/absolute/path\"]`"
                .to_owned(),
        ]
    }
}
