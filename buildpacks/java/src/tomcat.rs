//! WARs on Tomcat: which one, its configuration, and how it is started.

mod configuration;
mod servlet;

use std::path::{Path, PathBuf};

use kouti::catalog::{Choice, Wanted};
use kouti::fetch::Unpack;
use kouti::version::Range;
use kouti::{BuildContext, Env, Layer, LayerEnv, Log, Notice, Problem, Scope, Uses};
use serde::Serialize;

use crate::java_version::Shelf;
use crate::{compile, downloads, settings};
pub(crate) use servlet::Servlet;

/// What is decided about a WAR.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Tomcat {
    pub(crate) choice: Choice,
    /// Where the app answers, in the form of a directory name.
    pub(crate) context_path: String,
    pub(crate) environment_in_xml: bool,
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

impl Tomcat {
    pub(crate) fn decide(
        env: &Env,
        shelf: Shelf<'_>,
        servlet: Servlet,
        java: u64,
    ) -> Result<Self, Problem> {
        let mut notices = Vec::new();
        let given = settings::TOMCAT_VERSION.read(env)?;
        let (text, origin) = match &given {
            Some(text) => (text.as_str(), settings::TOMCAT_VERSION.declared.name),
            None => servlet.tomcat(java),
        };
        let range = Range::parse(text).map_err(|error| error.asked_for_in(origin))?;
        let wanted = vec![Wanted { range, origin: origin.to_owned() }];
        let choice = shelf.choose("tomcat", "Tomcat", &wanted)?;
        let major = choice.artifact.version.major();
        let is_wrong = match servlet {
            Servlet::Javax => major >= 10,
            Servlet::Jakarta => major < 10,
            Servlet::Unknown => false,
        };
        if is_wrong {
            let (found, right) =
                if servlet == Servlet::Javax { ("javax", "9") } else { ("jakarta", "11") };
            notices.push(
                Notice::new(format!(
                    "the app uses `{found}.servlet`, of which Tomcat {major} sees nothing: every \
                     page will be missing"
                ))
                .hint(format!("leave BP_TOMCAT_VERSION out, or set it to {right}")),
            );
        }
        Ok(Self {
            choice,
            context_path: context_path(&settings::TOMCAT_CONTEXT_PATH.read(env)?),
            environment_in_xml: !settings::TOMCAT_ENV_DISABLED.read(env)?,
            notices,
        })
    }
}

/// `/a/b` is the directory `a#b`.
fn context_path(setting: &str) -> String {
    let path = setting.strip_prefix('/').unwrap_or(setting);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() { "ROOT".to_owned() } else { path.replace('/', "#") }
}

/// A server that is installed, for the process and the start of the app.
pub(crate) struct Installed {
    pub(crate) command: Vec<String>,
    pub(crate) env: LayerEnv,
}

#[derive(Serialize)]
struct Key {
    checksum: String,
}

/// Makes the two layers: the server, and what belongs to this app of it.
pub(crate) fn install(
    context: &BuildContext,
    log: &mut Log,
    tomcat: &Tomcat,
    wars: &[PathBuf],
) -> Result<Installed, Problem> {
    let artifact = &tomcat.choice.artifact;
    let home = context.layers.path("tomcat");
    let base = context.layers.path("catalina-base");
    let layer = Layer {
        name: "tomcat",
        title: artifact.title(),
        uses: Uses::LAUNCH,
        key: Key { checksum: artifact.checksum.to_string() },
        env: LayerEnv::new().default_value(
            Scope::Launch,
            "CATALINA_HOME",
            home.display().to_string(),
        ),
        sbom: Some(context.document(artifact)),
    };
    context.layers.ensure(log, &layer, |dir, log| {
        downloads::unpack(context, artifact, &Unpack::into(dir).keep(is_needed), log)
    })?;
    for war in wars {
        unpack_war(&context.app_dir, war)?;
    }
    let support = configuration::install(context, log, tomcat, !wars.is_empty())?;
    let temporary = "/tmp";
    Ok(Installed {
        command: command(&home, &base, &support, tomcat, temporary),
        env: LayerEnv::new()
            .default_value(Scope::Launch, "CATALINA_BASE", base.display().to_string())
            .default_value(Scope::Launch, "CATALINA_TMPDIR", temporary),
    })
}

/// Nothing that shows itself to visitors, and no scripts: the server is started directly.
fn is_needed(path: &Path) -> bool {
    let is_script = path.extension().is_some_and(|e| e == "bat" || e == "sh" || e == "exe");
    !(path.starts_with("webapps") || path.starts_with("temp") || is_script)
}

/// Several WARs beside each other: each becomes a directory of its name.
fn unpack_war(app_dir: &Path, war: &Path) -> Result<(), Problem> {
    let dir = app_dir.join(war.with_extension(""));
    fs_err::create_dir_all(&dir)?;
    compile::explode(&app_dir.join(war), &dir)?;
    Ok(fs_err::remove_file(app_dir.join(war))?)
}

/// What `catalina.sh run` comes to, without a shell: signals reach the server, and a run image
/// needs no shell.
fn command(
    home: &Path,
    base: &Path,
    support: &configuration::Support,
    tomcat: &Tomcat,
    temporary: &str,
) -> Vec<String> {
    let (home, base) = (home.display(), base.display());
    let mut class_path: Vec<String> = support.class_path.clone();
    class_path.push(format!("{home}/bin/bootstrap.jar"));
    class_path.push(format!("{home}/bin/tomcat-juli.jar"));
    let mut words = vec![
        "java".to_owned(),
        format!("-Djava.util.logging.config.file={base}/conf/logging.properties"),
        "-Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager".to_owned(),
        "-Djdk.tls.ephemeralDHKeySize=2048".to_owned(),
        "-Dorg.apache.catalina.security.SecurityListener.UMASK=0027".to_owned(),
    ];
    let major = tomcat.choice.artifact.version.major();
    if major < 11 {
        words.push("-Djava.protocol.handler.pkgs=org.apache.catalina.webresources".to_owned());
    }
    words.extend(opens(major));
    if tomcat.environment_in_xml {
        words.push(
            "-Dorg.apache.tomcat.util.digester.PROPERTY_SOURCE=\
             org.apache.tomcat.util.digester.EnvironmentPropertySource"
                .to_owned(),
        );
    }
    words.extend([
        "-classpath".to_owned(),
        class_path.join(":"),
        format!("-Dcatalina.home={home}"),
        format!("-Dcatalina.base={base}"),
        format!("-Djava.io.tmpdir={temporary}"),
        "org.apache.catalina.startup.Bootstrap".to_owned(),
        "start".to_owned(),
    ]);
    words
}

/// Packages of Java into which the server looks.
fn opens(major: u64) -> Vec<String> {
    let mut packages = vec![
        "java.base/java.lang",
        "java.base/java.lang.reflect",
        "java.base/java.io",
        "java.base/java.util",
        "java.base/java.util.concurrent",
        "java.rmi/sun.rmi.transport",
    ];
    if major < 10 {
        packages.push("java.base/java.lang.invoke");
    }
    let opens = packages.into_iter().map(|package| format!("--add-opens={package}=ALL-UNNAMED"));
    let native = (major >= 11).then(|| "--enable-native-access=ALL-UNNAMED".to_owned());
    opens.chain(native).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_path_becomes_a_name() {
        for (setting, name) in
            [("ROOT", "ROOT"), ("/", "ROOT"), ("/a/b", "a#b"), ("shop/", "shop"), ("a", "a")]
        {
            assert_eq!(context_path(setting), name, "{setting}");
        }
    }
}
