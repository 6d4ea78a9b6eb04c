//! Services as directories, for buildpacks and apps that know no other form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kouti_launch::Env;
use kouti_launch::binding::{Binding, Bindings};
use kouti_report::{Notice, Problem};

use crate::{classic, digest, settings};

/// All services of an app, as the files of directories.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Directories {
    files: BTreeMap<PathBuf, Vec<u8>>,
    pub(crate) notices: Vec<Notice>,
}

impl Directories {
    /// From whatever the platform provides: directories, a variable, a file. Classic buildpacks know some services by
    /// their names.
    pub(crate) fn read(env: &Env, classic: &[String]) -> Result<Self, Problem> {
        let bindings = Bindings::for_launch(env.as_map())?;
        let mut types = BTreeMap::new();
        for binding in bindings.iter() {
            if let Some(kind) = classic::type_of_service(env, classic, &binding.name) {
                types.insert(binding.name.clone(), kind.to_owned());
            }
        }
        types.extend(settings::pairs(env, "BP_CF_BINDING_TYPES")?);
        Ok(Self::of(&bindings, &types))
    }

    /// `types` says of which type the service of a name, or of a type, really is.
    fn of(bindings: &Bindings, types: &BTreeMap<String, String>) -> Self {
        let mut all = Self::default();
        let mut names = BTreeSet::new();
        for binding in bindings.iter() {
            let wanted = sanitised(&binding.name);
            let numbered = (2..).map(|number| format!("{wanted}-{number}"));
            let mut candidates = std::iter::once(wanted.clone()).chain(numbered);
            let name = candidates.find(|name| !names.contains(name)).unwrap_or(wanted);
            if name != binding.name {
                all.notices.push(Notice::new(format!(
                    "the service `{}` is the binding `{name}`",
                    binding.name
                )));
            }
            names.insert(name.clone());
            all.add(Path::new(&name), binding, types);
        }
        all
    }

    fn add(&mut self, dir: &Path, binding: &Binding, types: &BTreeMap<String, String>) {
        let named = types.get(&binding.name).or_else(|| types.get(&binding.kind));
        // Directories of the platform have the tags in a file, and never the type that a user has given.
        let listed =
            binding.text("tags").unwrap_or_default().split(|c: char| "[]\", \n".contains(c));
        let mut tags = binding.tags.iter().map(String::as_str).chain(listed);
        let tagged = tags.find_map(|tag| tag.strip_prefix("type:").filter(|kind| !kind.is_empty()));
        let kind = named.map(String::as_str).or(tagged).unwrap_or(&binding.kind);
        for key in binding.keys() {
            let Some(value) = binding.get(key).filter(|_| is_file_name(key)) else {
                self.notices.push(Notice::new(format!(
                    "an entry of the service `{}` is left out: its name cannot be that of a file",
                    binding.name
                )));
                continue;
            };
            self.files.insert(dir.join(key), value.reveal().to_owned());
        }
        let mut add = |key: &str, value: &str| {
            self.files.entry(dir.join(key)).or_insert_with(|| value.as_bytes().to_owned());
        };
        add("type", kind);
        if let Some(provider) = &binding.provider {
            add("provider", provider);
        }
        if !binding.tags.is_empty() {
            add("tags", &binding.tags.join(","));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Writes them below `root`, for nobody else to read.
    pub(crate) fn write(&self, root: &Path) -> io::Result<()> {
        create_private(root)?;
        for (path, value) in &self.files {
            let path = root.join(path);
            if let Some(dir) = path.parent().filter(|dir| !dir.is_dir()) {
                create_private(dir)?;
            }
            fs_err::write(&path, value)?;
            fs_err::set_permissions(&path, Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    /// Writes them where they are in memory only, or takes those that are there: an app may start many times in one
    /// container, and tasks beside it.
    pub(crate) fn write_for_launch(&self, env: &Env) -> io::Result<PathBuf> {
        let memory = Path::new("/dev/shm");
        let parent =
            if memory.is_dir() { memory } else { Path::new(env.given("TMPDIR").unwrap_or("/tmp")) };
        let user = rustix::process::geteuid();
        let root = parent.join(format!("kouti-bindings-{}-{}", user.as_raw(), self.digest()));
        if is_own(&root, user.as_raw()) {
            return Ok(root);
        }
        let new = tempfile::Builder::new().prefix(".kouti-bindings-").tempdir_in(parent)?;
        self.write(&new.path().join("all"))?;
        match fs_err::rename(new.path().join("all"), &root) {
            // A process beside this one was faster.
            Err(_) if is_own(&root, user.as_raw()) => {}
            other => other?,
        }
        Ok(root)
    }

    fn digest(&self) -> String {
        let mut all = Vec::new();
        for (path, value) in &self.files {
            for part in [path.as_os_str().as_encoded_bytes(), value] {
                all.extend_from_slice(&part.len().to_be_bytes());
                all.extend_from_slice(part);
            }
        }
        digest::short(&all)
    }
}

/// Whether somebody else could have put it there.
fn is_own(dir: &Path, user: u32) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs_err::symlink_metadata(dir).is_ok_and(|found| {
        found.is_dir() && found.uid() == user && found.mode().trailing_zeros() >= 6
    })
}

fn create_private(dir: &Path) -> io::Result<()> {
    fs_err::create_dir(dir)?;
    fs_err::set_permissions(dir, Permissions::from_mode(0o700))
}

fn is_file_name(key: &str) -> bool {
    !matches!(key, "" | "." | "..") && !key.contains(|c: char| c == '/' || c.is_control())
}

fn sanitised(name: &str) -> String {
    let part =
        |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.trim().chars().map(part).take(253).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "service".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vcap: &str, types: &str) -> Directories {
        let variables = [("VCAP_SERVICES", vcap), ("BP_CF_BINDING_TYPES", types)];
        Directories::read(&variables.into_iter().collect(), &["php".to_owned()]).unwrap()
    }

    fn shown(all: &Directories) -> Vec<String> {
        let line = |(path, value): (&PathBuf, &Vec<u8>)| {
            format!("{}: {}", path.display(), String::from_utf8_lossy(value))
        };
        all.files.iter().map(line).collect()
    }

    #[test]
    fn a_service_is_a_directory_with_its_credentials() {
        let all = of(
            r#"{"p.redis": [{"name": "My Cache", "label": "p.redis", "tags": ["kv", "type:redis"],
                "credentials": {"host": "h", "port": 6379, "tls": {"on": true}, "a/b": "x", "none": null}}]}"#,
            "",
        );
        assert_eq!(
            shown(&all),
            [
                "my-cache/host: h",
                "my-cache/port: 6379",
                "my-cache/provider: p.redis",
                "my-cache/tags: kv,type:redis",
                "my-cache/tls: {\"on\":true}",
                "my-cache/type: redis"
            ]
        );
        assert_eq!(all.notices.len(), 2, "{:?}", all.notices);
    }

    #[test]
    fn users_say_what_their_own_services_are() {
        let vcap = r#"{"user-provided": [
            {"name": "certs", "label": "user-provided", "credentials": {"type": "ca-certificates", "ca.pem": "x"}},
            {"name": "db", "label": "user-provided", "credentials": {"uri": "postgres://x"}}]}"#;
        let types = |types| {
            let all = of(vcap, types);
            shown(&all).into_iter().filter(|line| line.contains("type")).collect::<Vec<_>>()
        };
        assert_eq!(types(""), ["certs/type: ca-certificates", "db/type: user-provided"]);
        assert_eq!(types("db=postgresql"), ["certs/type: ca-certificates", "db/type: postgresql"]);
    }

    #[test]
    fn services_of_one_name_stay_apart() {
        let all = of(
            r#"{"a": [{"name": "X y", "label": "a", "credentials": {}}], "b": [{"name": "x-Y", "label": "b", "credentials": {}}]}"#,
            "",
        );
        let dirs: BTreeSet<_> =
            all.files.keys().map(|path| path.parent().unwrap().to_owned()).collect();
        assert_eq!(dirs, ["x-y", "x-y-2"].map(PathBuf::from).into());
    }

    #[test]
    fn nobody_else_can_read_them_and_the_same_are_written_once() {
        let all = of(
            r#"{"a": [{"name": "one", "label": "a", "credentials": {"password": "secret"}}]}"#,
            "",
        );
        let env = Env::default();
        let root = all.write_for_launch(&env).unwrap();
        assert_eq!(all.write_for_launch(&env).unwrap(), root);
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&root), mode(&root.join("one/password"))), (0o700, 0o600));
        fs_err::remove_dir_all(root).unwrap();
    }
}
