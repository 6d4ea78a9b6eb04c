//! Settings of a build tool, from bindings and from files of the app.

use std::path::{Path, PathBuf};

use kouti::binding::Binding;
use kouti::{BuildContext, Explain, Fault, Problem};

use crate::compile_recipe::Compile;
use crate::tool::Tool;

/// What a tool gets besides its arguments.
#[derive(Debug, Default)]
pub(crate) struct ToolSettings {
    /// In front of the others.
    pub(crate) arguments: Vec<String>,
    /// Of everything bound, for the key: a change of settings may change what is built.
    pub(crate) digest: String,
    gradle_properties: Option<Vec<u8>>,
    wrapper_properties: Option<String>,
    /// Where the platform has mounted none.
    files: Held,
}

/// Files that vanish with this value.
#[derive(Debug, Default)]
struct Held(Vec<kouti::binding::EntryFile>);

impl ToolSettings {
    pub(crate) fn read(context: &BuildContext, compile: &Compile) -> Result<Self, Problem> {
        match compile.tool {
            Tool::Maven => maven(context, compile.settings_file.as_deref()),
            Tool::Gradle => gradle(context),
            Tool::Sbt => Ok(Self::default()),
        }
    }

    /// Writes what the tool reads from fixed places. Nothing of it may stay, see [`Self::take_away`].
    pub(crate) fn put_in_place(&self, app_dir: &Path, cache: &Path) -> Result<(), Problem> {
        if let Some(properties) = &self.gradle_properties {
            fs_err::write(cache.join(GRADLE), properties)?;
        }
        if let Some(more) = &self.wrapper_properties {
            let path = app_dir.join("gradle/wrapper/gradle-wrapper.properties");
            let own = fs_err::read_to_string(&path).unwrap_or_default();
            fs_err::write(path, merged(&own, more))?;
        }
        Ok(())
    }

    /// Removes secrets from what is kept for the next build.
    pub(crate) fn take_away(&self, cache: &Path) -> std::io::Result<()> {
        let path = cache.join(GRADLE);
        if self.gradle_properties.is_some() && path.exists() {
            fs_err::remove_file(path)?;
        }
        Ok(())
    }
}

/// In Gradle's user home, which is the cache.
const GRADLE: &str = "gradle.properties";

fn maven(context: &BuildContext, file: Option<&str>) -> Result<ToolSettings, Problem> {
    let mut settings = ToolSettings::default();
    if let Some(binding) = context.bindings.exactly_one("maven")? {
        let security = binding.file("settings-security.xml")?;
        let main = binding.file("settings.xml")?;
        if security.is_some() && main.is_none() {
            return Err(SecurityAlone { binding: binding.name.clone() }.into());
        }
        settings.digest = digest(binding);
        for (option, file) in [("-Dsettings.security=", security), ("--settings=", main)] {
            if let Some(file) = file {
                settings.arguments.push(format!("{option}{}", file.path().display()));
                settings.files.0.push(file);
            }
        }
        if !settings.arguments.is_empty() {
            return Ok(settings);
        }
    }
    if let Some(given) = file {
        let path: PathBuf = context.app_dir.join(given);
        if !path.is_file() {
            return Err(NoSettings { given: given.to_owned(), path }.into());
        }
        settings.digest.push_str(&kouti::sha256(fs_err::read(&path)?));
        settings.arguments.push(format!("--settings={}", path.display()));
    }
    Ok(settings)
}

fn gradle(context: &BuildContext) -> Result<ToolSettings, Problem> {
    let mut settings = ToolSettings::default();
    if let Some(binding) = context.bindings.exactly_one("gradle")? {
        settings.digest.push_str(&digest(binding));
        settings.gradle_properties = binding.get(GRADLE).map(|value| value.reveal().to_vec());
    }
    if let Some(binding) = context.bindings.exactly_one("gradle-wrapper")? {
        settings.digest.push_str(&digest(binding));
        settings.wrapper_properties = binding.text("gradle-wrapper.properties").map(str::to_owned);
    }
    Ok(settings)
}

/// Of all entries of a binding.
fn digest(binding: &Binding) -> String {
    let entries = binding.keys().map(|key| {
        let value = binding.get(key).map(|value| kouti::sha256(value.reveal()));
        format!("{key}={}", value.unwrap_or_default())
    });
    kouti::sha256(entries.collect::<Vec<_>>().join("\n"))
}

/// Properties of which those of `more` count.
fn merged(own: &str, more: &str) -> String {
    let key = |line: &str| line.split(['=', ':']).next().unwrap_or_default().trim().to_owned();
    let replaced: Vec<String> = more.lines().map(key).collect();
    let kept = own.lines().filter(|line| !replaced.contains(&key(line)));
    let lines: Vec<&str> = kept.chain(more.lines()).collect();
    lines.join("\n") + "\n"
}

/// A file that says how to read another one which is not there.
#[derive(Debug, thiserror::Error)]
#[error("the binding `{binding}` has settings-security.xml and no settings.xml")]
struct SecurityAlone {
    binding: String,
}

impl Explain for SecurityAlone {
    fn id(&self) -> &'static str {
        "maven-settings-missing"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "bind settings.xml as well: it holds the passwords that the other file decrypts"
                .to_owned(),
        ]
    }
}

/// A setting names a file that is not there.
#[derive(Debug, thiserror::Error)]
#[error("BP_MAVEN_SETTINGS_PATH is `{given}`, and there is no {}", path.display())]
struct NoSettings {
    given: String,
    path: PathBuf,
}

impl Explain for NoSettings {
    fn id(&self) -> &'static str {
        "maven-settings-file-missing"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "correct the path: it is relative to the app".to_owned(),
            "or bind the file with a binding of type `maven`, which keeps secrets out of the source"
                .to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn bound_properties_replace_those_of_the_app() {
        let own = "distributionBase=GRADLE_USER_HOME\ndistributionUrl=https\\://a/b.zip\n";
        assert_eq!(
            super::merged(own, "distributionUrl=https\\://mirror/b.zip"),
            "distributionBase=GRADLE_USER_HOME\ndistributionUrl=https\\://mirror/b.zip\n"
        );
    }
}
