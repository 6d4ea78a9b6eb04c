//! Layers of Java: the JDK of the build and the runtime of the image.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kouti::catalog::Artifact;
use kouti::fetch::Unpack;
use kouti::{BuildContext, Env, Layer, LayerEnv, Log, Made, Notice, Problem, Scope, Uses};
use kouti_java::runtime::{Facts, cacerts};
use kouti_java::{classes, trust};
use serde::Serialize;

use crate::recipe::{Jlink, Runtime};
use crate::{downloads, jlink, tree};

/// A tree that an app lays over its Java, as for Heroku's buildpack.
const OVERLAY: &str = ".jdk-overlay";

#[derive(Serialize)]
struct Key {
    version: String,
    checksum: String,
    certificates: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    overlay: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jlink: Option<Jlink>,
    kind: &'static str,
}

/// What Java is made of in this build, apart from the artifact.
pub(crate) struct Java<'a> {
    context: &'a BuildContext,
    certificates: trust::Sources,
    digest: String,
    overlay: Option<String>,
    overlay_dir: PathBuf,
    jdk: Option<&'a Artifact>,
    ready: Option<(PathBuf, Env)>,
}

impl<'a> Java<'a> {
    /// Nothing is installed yet. To be made before the app is built, which removes its source.
    pub(crate) fn new(
        context: &'a BuildContext,
        jdk: Option<&'a Artifact>,
    ) -> Result<Self, Problem> {
        let env = &context.env;
        let file = env.given("SSL_CERT_FILE");
        let certificates = trust::Sources::find(file, env.given("SSL_CERT_DIR"));
        let source = context.app_dir.join(OVERLAY);
        // The build empties the app's directory.
        let overlay_dir = context.layers.dir().join(".jdk-overlay");
        let mut overlay = None;
        if source.is_dir() {
            if overlay_dir.is_dir() {
                fs_err::remove_dir_all(&overlay_dir)?;
            }
            tree::copy(&source, &overlay_dir)?;
            fs_err::remove_dir_all(&source)?;
            overlay = Some(kouti::tree::digest(&overlay_dir)?);
        }
        let digest = certificates.digest();
        Ok(Self { context, certificates, digest, overlay, overlay_dir, jdk, ready: None })
    }

    /// The directory of the JDK and the variables for commands, installed as soon as they are needed.
    pub(crate) fn jdk(&mut self, log: &mut Log) -> Result<&(PathBuf, Env), Problem> {
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => self.install_jdk(log)?,
        };
        Ok(self.ready.insert(ready))
    }

    fn install_jdk(&self, log: &mut Log) -> Result<(PathBuf, Env), Problem> {
        let context = self.context;
        let mut env = context.env.clone();
        let Some(jdk) = self.jdk else {
            // Of an earlier buildpack, which has said where it is.
            let home = env.given("JAVA_HOME").map(PathBuf::from);
            return Ok((home.unwrap_or_default(), env));
        };
        let dir = context.layers.path("jdk");
        let home = dir.display().to_string();
        let layer =
            Layer {
                name: "jdk",
                title: format!("{} for the build", jdk.title()),
                uses: Uses::BUILD,
                key: self.key(jdk, "jdk", None),
                env: LayerEnv::new()
                    .override_value(Scope::Build, "JAVA_HOME", &home)
                    .override_value(Scope::Build, "JDK_HOME", &home),
                sbom: Some(context.document(jdk)),
            };
        let made = context.layers.ensure(log, &layer, |dir, log| {
            let unpack = Unpack::into(dir).keep(is_needed_to_build).outside_links();
            downloads::unpack_for_build(context, jdk, "jdk-download", &unpack, log)?;
            self.finish(dir, log)
        })?;
        made.apply(&mut env);
        Ok((dir, env))
    }

    /// The layer of the image.
    pub(crate) fn runtime(
        &mut self,
        log: &mut Log,
        runtime: &Runtime,
        for_build: bool,
    ) -> Result<Made, Problem> {
        let artifact = runtime.artifact();
        let (kind, jlink) = match runtime {
            Runtime::Jre(_) => ("jre", None),
            Runtime::Jdk(_) => ("jdk", None),
            Runtime::Jlink(jlink) => ("jlink", Some(jlink.clone())),
        };
        let uses = Uses { build: for_build, cache: for_build, ..Uses::LAUNCH };
        let context = self.context;
        let dir = context.layers.path("jre");
        let layer = Layer {
            name: "jre",
            title: match runtime {
                Runtime::Jlink(_) => format!("{} runtime by jlink", artifact.title()),
                _ => artifact.title(),
            },
            uses,
            key: self.key(artifact, kind, jlink),
            env: launch_env(&dir, artifact, for_build),
            sbom: Some(context.document(artifact)),
        };
        if let Runtime::Jlink(jlink) = runtime
            && !context.layers.is_current(&layer)?
        {
            let jdk = self.jdk_with_modules(log, artifact)?;
            return context.layers.ensure(log, &layer, |dir, log| {
                jlink::make(context, log, jlink, &jdk, dir)?;
                self.note(dir, log)
            });
        }
        context.layers.ensure(log, &layer, |dir, log| {
            let unpack = Unpack::into(dir).keep(is_needed_to_run).outside_links();
            downloads::unpack(context, artifact, &unpack, log)?;
            self.note(dir, log)
        })
    }

    /// The whole JDK, with the modules that `jlink` takes apart.
    fn jdk_with_modules(&self, log: &mut Log, jdk: &Artifact) -> Result<PathBuf, Problem> {
        let context = self.context;
        let layer = Layer {
            name: "jdk-modules",
            title: format!("{} for jlink", jdk.title()),
            uses: Uses::BUILD,
            key: self.key(jdk, "jdk", None),
            env: LayerEnv::new(),
            sbom: None,
        };
        let made = context.layers.ensure(log, &layer, |dir, log| {
            let unpack = Unpack::into(dir).outside_links();
            downloads::unpack_for_build(context, jdk, "jdk-download", &unpack, log)?;
            self.finish(dir, log)
        })?;
        Ok(made.dir)
    }

    fn key(&self, artifact: &Artifact, kind: &'static str, jlink: Option<Jlink>) -> Key {
        Key {
            version: artifact.version.to_string(),
            checksum: artifact.checksum.to_string(),
            certificates: self.digest.clone(),
            overlay: self.overlay.clone(),
            jlink,
            kind,
        }
    }

    /// Overlay and certificates.
    fn finish(&self, dir: &Path, log: &mut Log) -> Result<(), Problem> {
        if self.overlay.is_some() {
            tree::copy(&self.overlay_dir, dir)?;
        }
        let store = cacerts(dir);
        if !store.is_file() {
            return Ok(());
        }
        let (certificates, remarks) = self.certificates.certificates();
        for remark in remarks {
            log.warn(Notice::new(remark));
        }
        match trust::extend(&store, certificates) {
            Ok(0) => {}
            Ok(1) => log.detail("1 certificate of the system added"),
            Ok(count) => log.detail(&format!("{count} certificates of the system added")),
            Err(error) => log.warn(
                Notice::new(format!("Java does not get the certificates of the system: {error}"))
                    .hint("another vendor's Java has a store that can be extended"),
            ),
        }
        // Who runs the app may add to it.
        fs_err::set_permissions(&store, Permissions::from_mode(0o664))?;
        Ok(())
    }

    /// The same, and what the start of the app wants to know.
    fn note(&self, dir: &Path, log: &mut Log) -> Result<(), Problem> {
        self.finish(dir, log)?;
        let facts = Facts { classes: classes::count(dir), certificates: self.digest.clone() };
        Ok(facts.write(dir)?)
    }
}

impl Drop for Java<'_> {
    fn drop(&mut self) {
        // It is no layer, and whoever reads the directory next does not know it.
        if self.overlay.is_some() {
            let _ = fs_err::remove_dir_all(&self.overlay_dir);
        }
    }
}

/// Everything can be changed with `docker run --env`.
fn launch_env(dir: &Path, java: &Artifact, for_build: bool) -> LayerEnv {
    let home = dir.display().to_string();
    let scope = if for_build { Scope::Both } else { Scope::Launch };
    let env = LayerEnv::new()
        .default_value(scope, "JAVA_HOME", &home)
        .default_value(Scope::Launch, "MALLOC_ARENA_MAX", "2")
        .default_value(Scope::Launch, "BPI_JVM_CACERTS", cacerts_path(dir, java));
    if for_build { env.default_value(Scope::Build, "JRE_HOME", home) } else { env }
}

/// Where the store will be; the layer may have no content to look at.
fn cacerts_path(dir: &Path, java: &Artifact) -> String {
    let in_jdk8 = java.version.major() == 8 && java.id.ends_with("-jdk");
    let path = if in_jdk8 { "jre/lib/security/cacerts" } else { "lib/security/cacerts" };
    dir.join(path).display().to_string()
}

/// No build compiles against sources of Java or takes its modules apart.
fn is_needed_to_build(path: &Path) -> bool {
    !["jmods", "lib/src.zip", "src.zip", "demo", "sample", "man"]
        .iter()
        .any(|part| path.starts_with(part))
}

fn is_needed_to_run(path: &Path) -> bool {
    !["lib/src.zip", "src.zip", "demo", "sample", "man"].iter().any(|part| path.starts_with(part))
}
