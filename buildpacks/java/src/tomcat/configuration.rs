//! The part of Tomcat that belongs to one app: its configuration, and where the app is.

use std::os::unix::fs::symlink;
use std::path::Path;

use kouti::catalog::{Artifact, Checksum};
use kouti::fetch::Unpack;
use kouti::{BuildContext, Explain, Fault, Layer, LayerEnv, Log, Problem, Uses};
use serde::Serialize;

use super::Tomcat;
use crate::{downloads, settings};

/// JARs of the Cloud Foundry project, where the catalogue has them: they log requests and messages in
/// its form, and end the server when the app cannot be started.
#[derive(Clone, Debug, Default)]
pub(super) struct Support {
    /// In front of the server's own.
    pub(super) class_path: Vec<String>,
    has_logging: bool,
    has_access_log: bool,
    has_lifecycle: bool,
}

const LOGGING: &str = "tomcat-logging-support";
const ACCESS: &str = "tomcat-access-logging-support";
const LIFECYCLE: &str = "tomcat-lifecycle-support";

#[derive(Serialize)]
struct Key {
    tomcat: String,
    context_path: String,
    configuration: String,
    support: Vec<String>,
    external: String,
    binding: String,
    additional: String,
    several: bool,
}

pub(super) fn install(
    context: &BuildContext,
    log: &mut Log,
    tomcat: &Tomcat,
    several: bool,
) -> Result<Support, Problem> {
    let jars: Vec<Artifact> = [LOGGING, ACCESS, LIFECYCLE]
        .iter()
        .filter_map(|id| context.choose(id, id, &[]).ok())
        .map(|choice| choice.artifact)
        .collect();
    let base = context.layers.path("catalina-base");
    let support = Support::of(context, &jars, &base);
    let external = External::read(context)?;
    if let Some(external) = &external
        && let Some(version) = &external.version
    {
        log.detail(&format!("external configuration {version}"));
    }
    let texts = Texts::of(&support);
    let bound = bound(context)?;
    let layer = Layer {
        name: "catalina-base",
        title: "configuration of Tomcat".to_owned(),
        uses: Uses::LAUNCH,
        key: Key {
            tomcat: tomcat.choice.artifact.checksum.to_string(),
            context_path: tomcat.context_path.clone(),
            configuration: kouti::sha256(texts.all()),
            support: jars.iter().map(|jar| jar.checksum.to_string()).collect(),
            external: external.as_ref().map_or_else(String::new, External::key),
            binding: bound
                .iter()
                .map(|(name, content)| name.clone() + &kouti::sha256(content))
                .collect(),
            additional: support.class_path.join(":"),
            several,
        },
        env: LayerEnv::new(),
        sbom: None,
    };
    context.layers.ensure(log, &layer, |dir, log| {
        let conf = dir.join("conf");
        for name in ["conf", "lib", "bin", "temp"] {
            fs_err::create_dir(base.join(name))?;
        }
        of_distribution(context, log, tomcat, &conf)?;
        texts.write(&conf)?;
        for jar in &jars {
            let place = if jar.id == LOGGING { "bin" } else { "lib" };
            let path = dir.join(place).join(downloads::file_name(jar));
            downloads::file(context, jar, &path, log)?;
        }
        if let Some(external) = &external {
            external.lay_over(context, log, &conf)?;
        }
        for (name, content) in &bound {
            fs_err::write(conf.join(name), content)?;
        }
        place_app(context, dir, tomcat, several)
    })?;
    Ok(support)
}

/// `web.xml` and `catalina.properties` as this line of Tomcat has them.
fn of_distribution(
    context: &BuildContext,
    log: &mut Log,
    tomcat: &Tomcat,
    conf: &Path,
) -> Result<(), Problem> {
    let scratch = tempfile::tempdir()?;
    let wanted = ["conf/web.xml", "conf/catalina.properties"];
    let dir = scratch.path().join("tomcat");
    let unpack = Unpack::into(&dir).keep(|path| wanted.iter().any(|one| path == Path::new(one)));
    downloads::unpack(context, &tomcat.choice.artifact, &unpack, log)?;
    fs_err::copy(dir.join(wanted[0]), conf.join("web.xml"))?;
    let properties = fs_err::read_to_string(dir.join(wanted[1]))?;
    let common = "common.loader=";
    let more = format!("{common}${{BPI_TOMCAT_ADDITIONAL_COMMON_JARS}},");
    Ok(fs_err::write(conf.join("catalina.properties"), properties.replacen(common, &more, 1))?)
}

/// The server looks for apps in `webapps`; the app is where every app of a buildpack is.
fn place_app(
    context: &BuildContext,
    dir: &Path,
    tomcat: &Tomcat,
    several: bool,
) -> Result<(), Problem> {
    let apps = dir.join("webapps");
    if several {
        symlink(&context.app_dir, apps)?;
    } else {
        fs_err::create_dir(&apps)?;
        symlink(&context.app_dir, apps.join(&tomcat.context_path))?;
    }
    Ok(())
}

impl Support {
    fn of(context: &BuildContext, jars: &[Artifact], base: &Path) -> Self {
        let has = |id: &str| jars.iter().any(|jar| jar.id == id);
        let logging = jars.iter().find(|jar| jar.id == LOGGING);
        let logging = logging.map(|jar| base.join("bin").join(downloads::file_name(jar)));
        let mut class_path: Vec<String> =
            logging.iter().map(|path| path.display().to_string()).collect();
        class_path.extend(context.env.given("BPI_TOMCAT_ADDITIONAL_JARS").map(str::to_owned));
        Self {
            class_path,
            has_logging: logging.is_some(),
            has_access_log: has(ACCESS),
            has_lifecycle: has(LIFECYCLE),
        }
    }
}

/// The files that we write.
struct Texts {
    server: String,
    logging: String,
}

const CONTEXT: &str = r"<?xml version='1.0' encoding='utf-8'?>
<Context>
    <Resources allowLinking='true'/>
</Context>
";

impl Texts {
    fn of(support: &Support) -> Self {
        let access = if support.has_access_log {
            "<Valve className='org.cloudfoundry.tomcat.logging.access.CloudFoundryAccessLoggingValve'
                   pattern='[ACCESS] %{org.apache.catalina.AccessLog.RemoteAddr}r %l %t %D %F %B %S vcap_request_id:%{X-Vcap-Request-Id}i'
                   directory='${java.io.tmpdir}/logs'
                   enabled='${access.logging.enabled}'/>"
        } else {
            "<Valve className='org.apache.catalina.valves.AccessLogValve'
                   pattern='[ACCESS] %{org.apache.catalina.AccessLog.RemoteAddr}r %l %t %D %F %B %S vcap_request_id:%{X-Vcap-Request-Id}i'
                   directory='/dev' prefix='stdout' suffix='' fileDateFormat='' rotatable='false' buffered='false'
                   enabled='${access.logging.enabled:-false}'/>"
        };
        let listener = if support.has_lifecycle {
            "<Listener className='org.cloudfoundry.tomcat.lifecycle.ApplicationStartupFailureDetectingLifecycleListener'/>"
        } else {
            ""
        };
        let server = include_str!("server.xml")
            .replace("<!-- access log -->", access)
            .replace("<!-- lifecycle -->", listener);
        let handler = if support.has_logging {
            "org.cloudfoundry.tomcat.logging.CloudFoundryConsoleHandler"
        } else {
            "java.util.logging.ConsoleHandler"
        };
        let logging = include_str!("logging.properties").replace("<handler>", handler);
        Self { server, logging }
    }

    fn all(&self) -> String {
        [self.server.as_str(), &self.logging, CONTEXT].join("\n")
    }

    fn write(&self, conf: &Path) -> std::io::Result<()> {
        fs_err::write(conf.join("server.xml"), &self.server)?;
        fs_err::write(conf.join("logging.properties"), &self.logging)?;
        fs_err::write(conf.join("context.xml"), CONTEXT)
    }
}

/// Files of bindings of type `tomcat`, which replace those of the same name.
fn bound(context: &BuildContext) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let Some(binding) = context.bindings.exactly_one("tomcat")? else { return Ok(Vec::new()) };
    let files = binding.keys().filter_map(|key| {
        let value = binding.get(key)?;
        Some((key.to_owned(), value.reveal().to_vec()))
    });
    Ok(files.collect())
}

/// An archive with configuration, somewhere.
struct External {
    artifact: Artifact,
    version: Option<String>,
}

impl External {
    fn read(context: &BuildContext) -> Result<Option<Self>, Problem> {
        let env = &context.env;
        let Some(uri) = settings::TOMCAT_CONF_URI.read(env)? else { return Ok(None) };
        let Some(sha256) = settings::TOMCAT_CONF_SHA256.read(env)? else {
            return Err(NoChecksum { uri }.into());
        };
        let checksum: Checksum =
            format!("sha256:{sha256}").parse().map_err(|_| BadChecksum { text: sha256.clone() })?;
        let version = settings::TOMCAT_CONF_VERSION.read(env)?;
        let strip = settings::TOMCAT_CONF_STRIP.read(env)?;
        Ok(Some(Self { artifact: artifact(uri, checksum, strip, version.as_deref())?, version }))
    }

    fn key(&self) -> String {
        format!("{} {}", self.artifact.checksum, self.artifact.strip_components)
    }

    fn lay_over(&self, context: &BuildContext, log: &mut Log, conf: &Path) -> Result<(), Problem> {
        let scratch = tempfile::tempdir()?;
        let dir = scratch.path().join("configuration");
        downloads::unpack(context, &self.artifact, &Unpack::into(&dir), log)?;
        // An archive of `conf` alone, or of the whole base.
        let base = if dir.join("conf").is_dir() { conf.parent().unwrap_or(conf) } else { conf };
        Ok(crate::tree::copy(&dir, base)?)
    }
}

fn artifact(
    uri: String,
    checksum: Checksum,
    strip: u64,
    version: Option<&str>,
) -> Result<Artifact, Problem> {
    let version = version.and_then(|text| text.parse().ok());
    let zero = kouti::version::Version::parse("0")?;
    Ok(Artifact {
        id: "tomcat-external-configuration".to_owned(),
        name: "external configuration of Tomcat".to_owned(),
        version: version.unwrap_or(zero),
        uri: Some(uri),
        alternates: Vec::new(),
        checksum,
        os: None,
        arch: None,
        distros: Vec::new(),
        cpes: Vec::new(),
        purl: None,
        licenses: Vec::new(),
        bundles: Vec::new(),
        source: None,
        source_checksum: None,
        eol_date: None,
        strip_components: usize::try_from(strip).unwrap_or(0),
        metadata: std::collections::BTreeMap::new(),
    })
}

/// Nobody could tell whether it is the right one.
#[derive(Debug, thiserror::Error)]
#[error("BP_TOMCAT_EXT_CONF_URI is `{uri}`, and BP_TOMCAT_EXT_CONF_SHA256 is not set")]
struct NoChecksum {
    uri: String,
}

impl Explain for NoChecksum {
    fn id(&self) -> &'static str {
        "tomcat-configuration-unverified"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "set it to what `sha256sum` prints for the archive: without it nobody knows what comes, \
             and no build is like the last one"
                .to_owned(),
        ]
    }
}

/// A checksum that is none.
#[derive(Debug, thiserror::Error)]
#[error("BP_TOMCAT_EXT_CONF_SHA256 is `{text}`, which is no SHA-256")]
struct BadChecksum {
    text: String,
}

impl Explain for BadChecksum {
    fn id(&self) -> &'static str {
        "bad-tomcat-checksum"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["write the 64 digits that `sha256sum` prints".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_support_the_server_logs_by_itself() {
        let texts = Texts::of(&Support::default());
        assert!(!texts.all().contains("cloudfoundry"), "{}", texts.all());
        assert!(texts.server.contains("port='${http.port:-8080}'"));
        assert!(roxmltree::Document::parse(&texts.server).is_ok());
        let all = Support {
            has_logging: true,
            has_access_log: true,
            has_lifecycle: true,
            ..Support::default()
        };
        let texts = Texts::of(&all);
        assert!(roxmltree::Document::parse(&texts.server).is_ok());
        assert!(texts.server.contains("ApplicationStartupFailureDetecting"));
    }
}
