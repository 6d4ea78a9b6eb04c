//! The helper at launch: adds the certificates that are bound to the running app.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use kouti::{Fault, Problem};
use kouti_launch::Env;
use kouti_launch::binding::{Bindings, Secret};
use kouti_launch::helper::Outcome;

use crate::store::{BUNDLE, CERTIFICATES, EXTRA, system_bundle, tool_variables};
use crate::{BINDING, Store, read};

/// Where Cloud Foundry puts the certificates of its operator.
const CLOUD_FOUNDRY: &str = "/etc/cf-system-certificates";

/// Writes the certificates to where the app can read them, and points it there. Without a
/// binding nothing is written and nothing changes.
#[must_use]
pub fn add_bound_certificates(env: &Env) -> Outcome {
    let mut outcome = Outcome::nothing();
    let is_required = switch(&mut outcome, env, "BPL_CA_CERTS_REQUIRED");
    if let Err(reason) = add(env, &mut outcome) {
        if is_required {
            let problem = Problem::new("ca-certificates-not-added", Fault::App, reason);
            outcome.refuse(problem.hint("set BPL_CA_CERTS_REQUIRED=false to start without it"));
        } else {
            outcome.warn(reason);
        }
    }
    outcome
}

fn add(env: &Env, outcome: &mut Outcome) -> Result<(), String> {
    let store = collect(env, outcome)?;
    if store.is_empty() {
        return Ok(());
    }
    let system = system_bundle();
    let system_bytes = match system.map(fs_err::read) {
        Some(Ok(bytes)) => bytes,
        // What cannot be read now, the app could not read either.
        _ => Vec::new(),
    };
    // What the image has, if certificates are embedded, is for Node.js as well.
    let embedded = embedded();
    let embedded_bytes = embedded.as_ref().and_then(|file| fs_err::read(file).ok());
    let mut files = store.by_subject();
    files.insert(EXTRA.into(), store.bundle(&embedded_bytes.unwrap_or_default()));
    files.insert(BUNDLE.into(), store.bundle(&system_bytes));
    // The last one is memory that containers have even if nothing else is writable.
    let places = [env.given("TMPDIR"), Some("/tmp"), Some("/dev/shm")];
    let name = format!("kouti-{}", &store.fingerprint()[..16]);
    let dir = write(places.into_iter().flatten().map(Path::new), &name, &files)
        .map_err(|error| format!("CA certificates cannot be written: {error}"))?;

    let own = dir.join(CERTIFICATES).display().to_string();
    let before = env.given("SSL_CERT_DIR").into_iter().flat_map(|dirs| dirs.split(':'));
    let dirs: Vec<_> = before.filter(|dir| *dir != own).chain([own.as_str()]).collect();
    outcome.set("SSL_CERT_DIR", dirs.join(":"));
    if let Some(system) = system.filter(|_| env.given("SSL_CERT_FILE").is_none()) {
        outcome.set("SSL_CERT_FILE", system.display().to_string());
    }
    if switch(outcome, env, "BPL_CA_CERTS_TOOL_ENV") {
        for (name, file) in tool_variables() {
            let value = env.given(name).map(Path::new);
            if value.is_none() || value == embedded.as_deref() {
                outcome.set(name, dir.join(file).display().to_string());
            }
        }
    }
    outcome.say(format!("{} added", store.title()));
    Ok(())
}

fn collect(env: &Env, outcome: &mut Outcome) -> Result<Store, String> {
    let bindings = Bindings::for_launch(env.as_map()).map_err(|error| error.to_string())?;
    for notice in bindings.notices() {
        outcome.warn(notice.text.clone());
    }
    let mut store = Store::default();
    for binding in bindings.find(BINDING) {
        for key in binding.keys() {
            let origin = format!("`{key}` of the binding `{}`", binding.name);
            let bytes = binding.get(key).map(Secret::reveal).unwrap_or_default();
            store.add(read(&origin, bytes).map_err(|error| error.to_string())?);
        }
    }
    let operator = Path::new(env.given("CF_SYSTEM_CERT_PATH").unwrap_or(CLOUD_FOUNDRY));
    for file in certificate_files(operator) {
        let certificates =
            fs_err::read(&file).map_err(|error| error.to_string()).and_then(|bytes| {
                read(&file.display().to_string(), &bytes).map_err(|error| error.to_string())
            });
        match certificates {
            Ok(certificates) => store.add(certificates),
            // Not of the app's making: it starts as it would without.
            Err(reason) => outcome.warn(reason),
        }
    }
    Ok(store)
}

fn certificate_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "crt"));
    files.sort();
    files
}

/// The embedded certificates: a layer beside the one this program is in.
fn embedded() -> Option<PathBuf> {
    let program = fs_err::read_link("/proc/self/exe").ok()?;
    let file = program.ancestors().nth(3)?.join(CERTIFICATES).join(EXTRA);
    file.is_file().then_some(file)
}

/// Writes the files into a directory `name` in the first place where that is possible. The name
/// tells what is in it, so that a container that starts again finds it there instead of
/// leaving one more behind.
fn write<'a>(
    places: impl Iterator<Item = &'a Path>,
    name: &str,
    files: &BTreeMap<PathBuf, Vec<u8>>,
) -> io::Result<PathBuf> {
    let mut first_error = None;
    for place in places {
        let dir = place.join(name);
        if holds(&dir, files) {
            return Ok(dir);
        }
        match write_new(place, &dir, files) {
            Ok(dir) => return Ok(dir),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| io::Error::other("there is no temporary directory")))
}

fn write_new(place: &Path, dir: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> io::Result<PathBuf> {
    let new = tempfile::Builder::new().prefix("kouti-").tempdir_in(place)?;
    // Apps may go on as another user.
    fs_err::set_permissions(new.path(), Permissions::from_mode(0o755))?;
    for (path, content) in files {
        let path = new.path().join(path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(path, content)?;
    }
    let new = new.keep();
    // It stays where it is if the name is taken: by somebody else, or by other files.
    Ok(if fs_err::rename(&new, dir).is_ok() { dir.to_owned() } else { new })
}

/// Whether a directory is ours and holds exactly what it should: anybody may have made one of
/// that name.
fn holds(dir: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> bool {
    let owner = |path: &Path| fs_err::metadata(path).map(|found| found.uid()).ok();
    let count = fs_err::read_dir(dir.join(CERTIFICATES)).map_or(0, Iterator::count);
    let is_same = |(path, content): (&PathBuf, &Vec<u8>)| {
        fs_err::read(dir.join(path)).is_ok_and(|found| found == *content)
    };
    owner(dir).is_some_and(|uid| Some(uid) == owner(Path::new("/proc/self")))
        && count + 2 == files.len()
        && files.iter().all(is_same)
}

/// A setting that is on unless it is switched off.
fn switch(outcome: &mut Outcome, env: &Env, name: &str) -> bool {
    let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "yes" | "on" => Some(true),
        "0" | "f" | "false" | "no" | "off" => Some(false),
        _ => None,
    };
    outcome.setting(env, name, "`true` or `false`", parse).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(content: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let names = ["ca-certificates/12345678.0", EXTRA, BUNDLE];
        names.into_iter().map(|name| (name.into(), content.into())).collect()
    }

    #[test]
    fn the_first_place_that_can_be_written_to_is_taken_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        let places = || [missing.as_path(), dir.path()].into_iter();
        let first = write(places(), "name", &files("one")).unwrap();
        assert_eq!(first, dir.path().join("name"));
        assert_eq!(write(places(), "name", &files("one")).unwrap(), first);
        assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");

        let other = write(places(), "name", &files("two")).unwrap();
        assert_ne!(other, first, "what somebody else has put there is not believed");
        assert_eq!(fs_err::read_to_string(other.join(EXTRA)).unwrap(), "two");
    }

    #[test]
    fn the_first_reason_is_told_if_no_place_will_do() {
        let places = ["/nowhere/a", "/nowhere/b"].map(Path::new);
        let error = write(places.into_iter(), "name", &files("one")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/a"), "{error}");
    }
}
