//! A platform in a directory, with buildpacks and an app.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

/// The user of apps. A test that is not run by root stages as whoever it is.
const USER: u32 = 2000;

/// A buildpack inside a zip: what its two programs do.
#[derive(Clone, Debug)]
pub(crate) struct Cnb {
    id: String,
    detect: String,
    build: String,
    api: &'static str,
}

impl Cnb {
    /// Takes every app, and does nothing with it.
    pub(crate) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), detect: String::new(), build: String::new(), api: "0.10" }
    }

    pub(crate) fn detect(self, script: &str) -> Self {
        Self { detect: script.to_owned(), ..self }
    }

    /// `layer NAME TYPES…` makes a layer, whose directory then is `$layer`; `process TYPE WORDS…` names a process.
    pub(crate) fn build(self, script: &str) -> Self {
        Self { build: script.to_owned(), ..self }
    }

    pub(crate) fn api(self, api: &'static str) -> Self {
        Self { api, ..self }
    }
}

/// What every build script can use.
const HELPERS: &str = r#"
set -eu
layers=$1 platform=$2
layer() {
  layer=$layers/$1; mkdir -p "$layer"; { echo "[types]"; shift; for type in "$@"; do echo "$type = true"; done; } > "$layer.toml"
}
process() {
  echo "[[processes]]" >> "$layers/launch.toml"; echo "type = '$1'" >> "$layers/launch.toml"; shift
  { printf 'command = ['; for word in "$@"; do printf "'''%s'''," "$word"; done; echo ']'; } >> "$layers/launch.toml"
}
"#;

/// A zip, unpacked as the platform does it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zip {
    groups: Vec<Vec<Cnb>>,
    more: String,
    artifact: Option<&'static str>,
}

impl Zip {
    /// Of these buildpacks, all of which have to take part.
    pub(crate) fn of(cnbs: &[Cnb]) -> Self {
        Self { groups: vec![cnbs.to_vec()], ..Self::default() }
    }

    /// Or of these, if those before do not take the app.
    pub(crate) fn or(mut self, cnbs: &[Cnb]) -> Self {
        self.groups.push(cnbs.to_vec());
        self
    }

    /// With an artifact on board, which has this text.
    pub(crate) fn carrying(self, artifact: &'static str) -> Self {
        Self { artifact: Some(artifact), ..self }
    }

    /// More lines of its `shim.toml`.
    pub(crate) fn with(self, lines: &str) -> Self {
        Self { more: format!("{}{lines}\n", self.more), ..self }
    }
}

/// The platform.
pub(crate) struct Platform {
    base: TempDir,
    variables: BTreeMap<String, String>,
    build_dir: PathBuf,
}

/// What came of a staging.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) result: Value,
}

impl Staged {
    /// All that was printed, as long as it is a success.
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    /// The error page: what is said before the platform's own words.
    pub(crate) fn page(&self) -> &str {
        let page = self.err.split("Failed to ").next().unwrap_or_default();
        page.trim_start_matches('\n')
    }

    pub(crate) fn command(&self, kind: &str) -> &str {
        self.result["process_types"][kind].as_str().unwrap_or_default()
    }
}

/// The program without what only a debugger needs: it goes into every droplet.
fn stripped() -> &'static Path {
    static STRIPPED: LazyLock<PathBuf> = LazyLock::new(|| {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_kouti-cf"));
        let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kouti-cf");
        let status = Command::new("strip").arg("-o").arg(&to).arg(&program).status();
        if status.is_ok_and(|status| status.success()) { to } else { program }
    });
    &STRIPPED
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A tool of the set-up; a test that has none is named on standard error.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = repository().join("target/tools").join(name);
    if path.is_file() {
        return Some(fs_err::canonicalize(path).unwrap());
    }
    eprintln!("skipped: first run `cargo xtask tools`, which makes target/tools/{name}");
    None
}

impl Platform {
    /// With an app of one file; none without the lifecycle.
    pub(crate) fn new() -> Option<Self> {
        let lifecycle = tool("lifecycle")?;
        let base = tempfile::Builder::new().prefix("kouti-cf-test-").tempdir().unwrap();
        fs_err::set_permissions(base.path(), Permissions::from_mode(0o755)).unwrap();
        for dir in ["vcap/app", "app", "cache", "buildpacks", "tmp"] {
            fs_err::create_dir_all(base.path().join(dir)).unwrap();
        }
        symlink(lifecycle, base.path().join("lifecycle")).unwrap();
        let build_dir = base.path().join("app");
        let platform = Self { base, variables: BTreeMap::new(), build_dir };
        platform.file("app.txt", "app\n");
        Some(platform)
    }

    /// Sets a variable of the app.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Puts the app elsewhere.
    pub(crate) fn build_in(mut self, dir: &Path) -> Self {
        self.build_dir = dir.to_owned();
        fs_err::create_dir_all(dir).unwrap();
        self
    }

    pub(crate) fn path(&self, inner: &str) -> PathBuf {
        self.base.path().join(inner)
    }

    pub(crate) fn app(&self) -> &Path {
        &self.build_dir
    }

    /// Writes a file of the app.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.build_dir.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// Uploads one of our zips under a name.
    pub(crate) fn upload(&self, key: &str, zip: &Zip) {
        let dir = self.path("buildpacks").join(key);
        for step in ["compile", "detect", "finalize", "release", "supply"] {
            let script = format!(
                "#!/bin/sh\ndir=$(cd \"$(dirname \"$0\")/..\" && pwd) || exit 1\nexec \"$dir/kouti/kouti-cf\" {step} \"$@\"\n"
            );
            program(&dir.join("bin").join(step), &script);
        }
        let kouti = dir.join("kouti");
        fs_err::create_dir_all(kouti.join("lifecycle")).unwrap();
        fs_err::copy(stripped(), kouti.join("kouti-cf")).unwrap();
        symlink(self.path("lifecycle"), kouti.join("lifecycle/lifecycle")).unwrap();
        let mut about = format!(
            "schema = 1\nlanguage = \"{key}\"\nversion = \"1.2.3\"\nlifecycle = \"0.21.14\"\n{}",
            zip.more
        );
        let mut order = String::new();
        for group in &zip.groups {
            order.push_str("[[order]]\n");
            for Cnb { id, .. } in group {
                order = format!("{order}[[order.group]]\nid = \"{id}\"\nversion = \"4.5.6\"\n");
            }
        }
        for Cnb { id, detect, build, api } in zip.groups.iter().flatten() {
            let line = format!("id = \"{id}\"\nversion = \"4.5.6\"\n");
            about = format!("{about}\n[[buildpacks]]\n{line}api = \"{api}\"\n");
            let cnb = kouti.join("cnb").join(id.replace('/', "_")).join("4.5.6");
            program(&cnb.join("bin/detect"), &format!("#!/bin/bash\n{detect}\n"));
            program(&cnb.join("bin/build"), &format!("#!/bin/bash\n{HELPERS}\n{build}\n"));
            let descriptor = format!(
                "api = \"{api}\"\n[buildpack]\n{line}name = \"{id}\"\nsbom-formats = [\"application/vnd.cyclonedx+json\"]\n[[targets]]\nos = \"linux\"\n"
            );
            fs_err::write(cnb.join("buildpack.toml"), descriptor).unwrap();
        }
        fs_err::write(kouti.join("shim.toml"), about).unwrap();
        fs_err::write(kouti.join("order.toml"), order).unwrap();
        if let Some(artifact) = zip.artifact {
            fs_err::create_dir_all(dir.join("dependencies/sha256")).unwrap();
            fs_err::write(dir.join("dependencies/sha256/abc"), artifact).unwrap();
        }
        self.protect(&dir);
    }

    /// Puts a script in the place of the lifecycle.
    pub(crate) fn replace_lifecycle(&self, script: &str) {
        fs_err::remove_file(self.path("lifecycle")).unwrap();
        program(&self.path("lifecycle"), &format!("#!/bin/sh\n{script}\n"));
    }

    /// Uploads a buildpack that somebody wrote by hand.
    pub(crate) fn upload_classic(&self, key: &str, programs: &[(&str, &str)]) {
        let dir = self.path("buildpacks").join(key);
        for (name, script) in programs {
            program(&dir.join("bin").join(name), &format!("#!/bin/bash\nset -eu\n{script}\n"));
        }
        self.protect(&dir);
    }

    /// A mounted buildpack cannot be changed.
    fn protect(&self, dir: &Path) {
        let status = Command::new("chmod").args(["-R", "a-w"]).arg(dir).status().unwrap();
        assert!(status.success(), "{}", self.base.path().display());
    }

    /// Stages with the last of these buildpacks, after the others.
    pub(crate) fn stage(&self, keys: &[&str]) -> Staged {
        self.builder(keys, true)
    }

    /// Stages with the first of these buildpacks that takes the app.
    pub(crate) fn stage_detecting(&self, keys: &[&str]) -> Staged {
        self.builder(keys, false)
    }

    fn builder(&self, keys: &[&str], skips_detect: bool) -> Staged {
        if self.path("vcap/staging_info.yml").is_file() {
            // An app has started there; a staging has a container of its own.
            fs_err::remove_dir_all(self.path("vcap")).unwrap();
            fs_err::create_dir_all(self.path("vcap/app")).unwrap();
        }
        for dir in [&self.path("vcap"), &self.path("cache"), &self.path("tmp"), &self.build_dir] {
            own(dir);
        }
        own_only(self.base.path());
        let mut command = self.user(env!("CARGO_BIN_EXE_kouti-cf-driver"), &self.path("vcap"));
        command
            .args(["builder", "-skipCertVerify=false"])
            .arg(format!("-buildpackOrder={}", keys.join(",")))
            .arg(format!("-skipDetect={skips_detect}"))
            .arg(format!("-buildDir={}", self.build_dir.display()));
        for (flag, inner) in [
            ("outputDroplet", "droplet.tgz"),
            ("outputMetadata", "result.json"),
            ("outputBuildArtifactsCache", "cache.tgz"),
            ("buildpacksDir", "buildpacks"),
            ("buildArtifactsCacheDir", "cache"),
        ] {
            command.arg(format!("-{flag}={}", self.path(inner).display()));
        }
        command
            .env("HOME", self.path("vcap"))
            .env("TMPDIR", self.path("tmp"))
            .env("CF_STACK", "cflinuxfs4")
            .env("MEMORY_LIMIT", "1024m");
        let output = command.output().unwrap();
        let text = fs_err::read_to_string(self.path("result.json")).unwrap_or_default();
        Staged {
            code: output.status.code().unwrap_or(-1),
            out: self.shown(&output.stdout),
            err: self.shown(&output.stderr),
            result: serde_json::from_str(&text).unwrap_or_default(),
        }
    }

    /// What a buildpack says of an app that is for it.
    pub(crate) fn detected(&self, key: &str) -> String {
        let program = self.path("buildpacks").join(key).join("bin/detect");
        let mut command = self.user(program.to_str().unwrap(), &self.path("vcap"));
        let output = command.arg(&self.build_dir).env("TMPDIR", self.path("tmp")).output().unwrap();
        assert!(output.status.success(), "{}", self.shown(&output.stderr));
        self.shown(&output.stdout)
    }

    /// As platforms do that know one buildpack for an app.
    pub(crate) fn compile(&self, key: &str) -> Output {
        for dir in ["vcap", "cache", "tmp", "app"] {
            own(&self.path(dir));
        }
        own_only(self.base.path());
        let program = self.path("buildpacks").join(key).join("bin/compile");
        let mut command = self.user(program.to_str().unwrap(), &self.path("vcap"));
        command
            .arg(&self.build_dir)
            .arg(self.path("cache"))
            .env("TMPDIR", self.path("tmp"))
            .output()
            .unwrap()
    }

    /// Starts a command in an app that was compiled like that: its scripts come first.
    pub(crate) fn run_alone(&self, command: &str) -> String {
        fs_err::remove_dir_all(self.path("vcap/app")).unwrap();
        fs_err::rename(&self.build_dir, self.path("vcap/app")).unwrap();
        fs_err::create_dir(&self.build_dir).unwrap();
        self.run(command, &[])
    }

    /// What was printed, with the directory of the test by a name that is always the same.
    pub(crate) fn shown(&self, printed: &[u8]) -> String {
        let text =
            String::from_utf8_lossy(printed).replace(self.base.path().to_str().unwrap(), "<dir>");
        // The contents directory has a random name.
        match text.find("/tmp/contents") {
            Some(at) => {
                let name = &text[at..at + "/tmp/contents".len() + 6];
                text.replace(name, "<contents>")
            }
            None => text,
        }
    }

    /// Makes a container of the droplet, at the place at which it was staged.
    pub(crate) fn extract(&self) -> &Self {
        fs_err::remove_dir_all(self.path("vcap")).unwrap();
        fs_err::create_dir(self.path("vcap")).unwrap();
        own(&self.path("vcap"));
        let mut tar = self.user("tar", &self.path("vcap"));
        assert!(tar.arg("-xzf").arg(self.path("droplet.tgz")).status().unwrap().success());
        self
    }

    /// Starts a command in that container; the empty one is what was staged.
    pub(crate) fn launcher(&self, command: &str, variables: &[(&str, &str)]) -> Command {
        self.started(&["launcher", "app", command, ""], variables)
    }

    /// What `cf ssh` users call.
    pub(crate) fn shell(&self, command: &str) -> String {
        self.text(&self.started(&["shell", "app", command], &[]).output().unwrap())
    }

    /// What a command prints that ends well.
    pub(crate) fn run(&self, command: &str, variables: &[(&str, &str)]) -> String {
        self.text(&self.launcher(command, variables).output().unwrap())
    }

    fn text(&self, output: &Output) -> String {
        let text = self.shown(&output.stdout);
        assert!(output.status.success(), "{text}\n{}", self.shown(&output.stderr));
        text.split_once("Invoking start command.\n")
            .map_or(text.clone(), |(_, said)| said.to_owned())
    }

    fn started(&self, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = self.user(env!("CARGO_BIN_EXE_kouti-cf-driver"), &self.path("vcap"));
        command
            .args(args)
            .env("HOME", self.path("vcap"))
            .env("PORT", "8080")
            .env("MEMORY_LIMIT", "512m")
            .env("INSTANCE_INDEX", "0")
            .env("VCAP_APPLICATION", r#"{"application_name": "test", "process_type": "web"}"#);
        command.envs(variables.iter().copied());
        command
    }

    /// A command as the user of apps, with nothing of what surrounds the tests.
    fn user(&self, program: &str, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("USER", "vcap")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "en_US.UTF-8")
            .env("NO_COLOR", "1")
            .env("KOUTI_CF_ROOT", self.path("vcap"))
            .env("VCAP_SERVICES", "{}")
            .env("VCAP_APPLICATION", r#"{"application_name": "test"}"#)
            .envs(&self.variables)
            .current_dir(dir);
        if is_root() {
            command.uid(USER).gid(USER);
        }
        command
    }

    /// Names of what is in the droplet, or in the cache.
    pub(crate) fn names(&self, archive: &str) -> Vec<String> {
        let mut names = Vec::new();
        self.each(archive, |name, _| names.push(name.to_owned()));
        names.sort();
        names
    }

    /// Names of what is in a directory of the test.
    pub(crate) fn names_below(&self, dir: &str) -> Vec<String> {
        let dir = self.path(dir);
        let entries = walkdir::WalkDir::new(&dir).min_depth(1).sort_by_file_name();
        let name = |entry: walkdir::DirEntry| {
            entry.path().strip_prefix(&dir).unwrap().display().to_string()
        };
        entries.into_iter().map(|entry| name(entry.unwrap())).collect()
    }

    /// A file of the droplet.
    pub(crate) fn droplet_file(&self, wanted: &str) -> String {
        let mut found = None;
        self.each("droplet.tgz", |name, text| {
            if name == wanted {
                found = Some(String::from_utf8_lossy(text).into_owned());
            }
        });
        found.unwrap_or_else(|| {
            panic!("{wanted} is not in the droplet: {:?}", self.names("droplet.tgz"))
        })
    }

    /// Files of droplet, cache and result in which a text is.
    pub(crate) fn files_with(&self, wanted: &str) -> Vec<String> {
        let has =
            |bytes: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
        let mut found = Vec::new();
        for archive in ["droplet.tgz", "cache.tgz"] {
            self.each(archive, |name, text| {
                if has(text) {
                    found.push(format!("{archive}: {name}"));
                }
            });
        }
        if has(&fs_err::read(self.path("result.json")).unwrap()) {
            found.push("result.json".to_owned());
        }
        found
    }

    fn each(&self, archive: &str, mut act: impl FnMut(&str, &[u8])) {
        use std::io::Read as _;
        let file = fs_err::File::open(self.path(archive)).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut text = Vec::new();
            entry.read_to_end(&mut text).unwrap();
            act(name.trim_start_matches("./").trim_end_matches('/'), &text);
        }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = Command::new("chmod").args(["-R", "u+w"]).arg(self.base.path()).status();
        if !self.build_dir.starts_with(self.base.path()) {
            let _ = fs_err::remove_dir_all(&self.build_dir);
        }
    }
}

fn program(path: &Path, script: &str) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, script).unwrap();
    fs_err::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// Gives a tree to the user of apps, where that is another one.
fn own(dir: &Path) {
    if is_root() {
        let status = Command::new("chown")
            .args(["-R", "-h"])
            .arg(format!("{USER}:{USER}"))
            .arg(dir)
            .status();
        assert!(status.unwrap().success());
    }
}

fn own_only(dir: &Path) {
    if is_root() {
        std::os::unix::fs::chown(dir, Some(USER), Some(USER)).unwrap();
    }
}
