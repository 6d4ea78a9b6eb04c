//! What templates of a web server's configuration can call.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use kouti::binding::Bindings;
use kouti::{Explain, Fault};
use kouti_launch::Env;

use crate::template::{CallError, Functions, Value};
use crate::{basic_auth, public_env, workers};

/// Where CF's own resolver answers; the last resort.
const NAMESERVER: &str = "169.254.0.2";

/// What stands for a value that only the container will know.
const STAND_IN: &str = "only-known-at-launch";

/// The surroundings in which a configuration is rendered: a container, or the build that checks it.
#[derive(Debug)]
pub struct Surroundings {
    /// Variables.
    pub env: Env,
    /// The app's directory.
    pub app_dir: PathBuf,
    /// Modules of the server, where `{{module}}` looks after the app's own.
    pub modules: PathBuf,
    /// A complete table of media types.
    pub mime_types: PathBuf,
    /// Fingerprint of what is served.
    pub content_version: String,
    /// `/`, or a directory of fixtures.
    pub root: PathBuf,
    /// Whether this is only to see if the configuration is right: what a container will be
    /// given has a stand-in then.
    pub is_check: bool,
    /// What the user should know.
    pub warnings: RefCell<Vec<String>>,
}

const SIGNATURES: &[&str] = &[
    "binding \"type\" \"key\"",
    "bindingValue \"type\" \"key\"",
    "contentVersion",
    "cpus",
    "env \"NAME\" [\"fallback\"]",
    "htpasswd",
    "ipv6",
    "mimeTypes",
    "module \"name\"",
    "nameservers",
    "port",
    "publicEnv \"html\"",
    "quote VALUE",
    "required \"NAME\"",
    "tempDir",
];

impl Functions for Surroundings {
    fn signatures(&self) -> &[&'static str] {
        SIGNATURES
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
        let texts: Option<Vec<&str>> = arguments.iter().map(Value::text).collect();
        let value = match (name, texts.as_deref()) {
            ("port", Some([])) => {
                port(&self.env).map_err(|error| failed(error.to_string(), PORT_HINT))?
            }
            ("env", Some([name])) => self.variable(name).unwrap_or_default(),
            ("env", Some([name, fallback])) => self.env.given(name).unwrap_or(fallback).to_owned(),
            ("required", Some([name])) => self.required(name)?,
            ("quote", Some([value])) => self.quote(value)?,
            ("module", Some([name])) => self.module(name)?,
            ("tempDir", Some([])) => temp_dir(&self.env).display().to_string(),
            ("nameservers", Some([])) => self.nameservers(),
            ("binding", Some([kind, key])) => self.binding_file(kind, key)?,
            ("bindingValue", Some([kind, key])) => self.binding_value(kind, key)?,
            ("htpasswd", Some([])) => self.htpasswd()?,
            ("mimeTypes", Some([])) => self.mime_types.display().to_string(),
            ("contentVersion", Some([])) => {
                self.content_version.clone() + &public_env::version(&self.env)
            }
            ("publicEnv", Some(["html"])) => self.page_attributes(),
            ("publicEnv", Some([format @ ("js" | "json")])) => self.public_env(format)?,
            ("cpus", Some([])) => return Ok(Value::Number(workers::count(&self.env, &self.root))),
            ("ipv6", Some([])) => {
                return Ok(Value::Flag(self.root.join("proc/net/if_inet6").exists()));
            }
            _ => return Err(CallError::Arguments),
        };
        Ok(value.into())
    }
}

/// `TMPDIR`, or where every image has one.
#[must_use]
pub fn temp_dir(env: &Env) -> &Path {
    Path::new(env.given("TMPDIR").unwrap_or("/tmp"))
}

pub(crate) const TEMP_DIR_HINT: &str = "mount a writable directory at /tmp, or set TMPDIR";

/// `PORT` is no port.
#[derive(Debug, thiserror::Error)]
#[error("PORT is `{0}`, which is not a port")]
pub struct BadPort(String);

impl Explain for BadPort {
    fn id(&self) -> &'static str {
        "bad-port"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![PORT_HINT.to_owned()]
    }
}

const PORT_HINT: &str = "set PORT to a number from 1 to 65535";

/// `PORT`, or 8080.
pub fn port(env: &Env) -> Result<String, BadPort> {
    let text = env.given("PORT").unwrap_or("8080");
    match text.parse::<u16>() {
        Ok(1..) => Ok(text.to_owned()),
        _ => Err(BadPort(text.to_owned())),
    }
}

impl Surroundings {
    fn variable(&self, name: &str) -> Option<String> {
        match self.env.get(name) {
            Some(value) => Some(value.to_owned()),
            // An empty text would make many a directive wrong that will be right.
            None if self.is_check && name != "PORT" => Some(STAND_IN.to_owned()),
            None => None,
        }
    }

    fn required(&self, name: &str) -> Result<String, CallError> {
        let value = self.variable(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| {
            failed(
                format!("{name} is not set, but the configuration needs it"),
                &format!("set {name} when the container is started"),
            )
        })
    }

    /// nginx's quotes: there is no escape for `$` in them.
    fn quote(&self, value: &str) -> Result<String, CallError> {
        if value.contains(['\n', '\r', '\0']) {
            return Err(failed(
                "a value of several lines cannot be quoted".to_owned(),
                "leave the line breaks out of the variable",
            ));
        }
        if value.contains('$') {
            self.warnings.borrow_mut().push(
                "a quoted value has a `$`: nginx takes what follows for one of its variables"
                    .to_owned(),
            );
        }
        Ok(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
    }

    fn module(&self, name: &str) -> Result<String, CallError> {
        let file = format!("{name}.so");
        let dirs = [self.app_dir.join("modules"), self.modules.clone()];
        let found = dirs.iter().map(|dir| dir.join(&file)).find(|path| path.is_file());
        found.map(|path| format!("load_module {};", path.display())).ok_or_else(|| {
            let known: Vec<_> = dirs.iter().flat_map(|dir| modules_in(dir)).collect();
            failed(
                format!("there is no module `{name}` in the app's modules/ or in the server"),
                &match known.as_slice() {
                    [] => "there are no modules at all; put the file below modules/".to_owned(),
                    known => format!("there are: {}", known.join(", ")),
                },
            )
        })
    }

    fn nameservers(&self) -> String {
        if self.is_check {
            return "127.0.0.53".to_owned();
        }
        let text = fs_err::read_to_string(self.root.join("etc/resolv.conf")).unwrap_or_default();
        let servers: Vec<_> = text
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some("nameserver")).then(|| words.next()).flatten()
            })
            .map(
                |server| {
                    if server.contains(':') { format!("[{server}]") } else { server.to_owned() }
                },
            )
            .collect();
        if servers.is_empty() { NAMESERVER.to_owned() } else { servers.join(" ") }
    }

    fn binding_file(&self, kind: &str, key: &str) -> Result<String, CallError> {
        self.with_binding(kind, key, |bindings| {
            let Some(binding) = bindings.exactly_one(kind).map_err(|error| error.to_string())?
            else {
                return Ok(None);
            };
            binding.require(key).map_err(|error| error.to_string())?;
            let file = binding.file(key).map_err(|error| error.to_string())?;
            Ok(file.map(|file| file.keep().display().to_string()))
        })
    }

    fn binding_value(&self, kind: &str, key: &str) -> Result<String, CallError> {
        self.with_binding(kind, key, |bindings| {
            let Some(binding) = bindings.exactly_one(kind).map_err(|error| error.to_string())?
            else {
                return Ok(None);
            };
            let secret = binding.require(key).map_err(|error| error.to_string())?;
            Ok(Some(secret.text().unwrap_or_default().to_owned()))
        })
    }

    fn with_binding(
        &self,
        kind: &str,
        key: &str,
        read: impl FnOnce(&Bindings) -> Result<Option<String>, String>,
    ) -> Result<String, CallError> {
        let hint = format!("bind one service of type `{kind}` with the key `{key}`");
        let bindings = Bindings::for_launch(self.env.as_map())
            .map_err(|error| failed(error.to_string(), &hint))?;
        match read(&bindings) {
            Ok(Some(value)) => Ok(value),
            Ok(None) if self.is_check => Ok(format!("/{STAND_IN}")),
            Ok(None) => Err(failed(format!("there is no binding of type `{kind}`"), &hint)),
            Err(reason) => Err(failed(reason, &hint)),
        }
    }

    /// What takes the place of `<head` in pages, in nginx's quotes.
    fn page_attributes(&self) -> String {
        let attributes = public_env::attributes(&self.env);
        let quoted = attributes.replace('\\', "\\\\").replace('\'', "\\'");
        // nginx has no other way to write this sign.
        format!("'<head{}'", quoted.replace('$', "${kouti_dollar}"))
    }

    fn public_env(&self, format: &str) -> Result<String, CallError> {
        if self.is_check {
            return Ok(format!("/{STAND_IN}"));
        }
        let dir = public_env::write(&self.env)
            .map_err(|error| failed(error.to_string(), TEMP_DIR_HINT))?;
        Ok(dir.join(format!("env.{format}")).display().to_string())
    }

    fn htpasswd(&self) -> Result<String, CallError> {
        if self.is_check {
            return Ok(format!("/{STAND_IN}"));
        }
        basic_auth::file(&self.env).map_err(|error| failed(error.to_string(), error.hint()))
    }
}

fn modules_in(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs_err::read_dir(dir) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> =
        names.filter_map(|name| name.strip_suffix(".so").map(str::to_owned)).collect();
    names.sort();
    names
}

fn failed(reason: String, hint: &str) -> CallError {
    CallError::Failed { reason, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    fn rendered(root: &Path, env: &[(&str, &str)], text: &str) -> String {
        let surroundings = Surroundings {
            env: env.iter().copied().collect(),
            app_dir: root.join("app"),
            modules: root.join("modules"),
            mime_types: root.join("mime.types"),
            content_version: "abc".to_owned(),
            root: root.to_owned(),
            is_check: false,
            warnings: RefCell::default(),
        };
        match template::render("nginx.conf", text, &surroundings) {
            Ok(rendered) => rendered.text.replace(&root.display().to_string(), "<root>"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_port_has_a_default_and_is_checked() {
        let root = tempfile::tempdir().unwrap();
        let port = |env: &[(&str, &str)]| rendered(root.path(), env, "{{port}}");
        assert_eq!(port(&[]), "8080");
        assert_eq!(port(&[("PORT", "9090")]), "9090");
        assert_eq!(port(&[("PORT", "")]), "8080");
        for bad in ["0", "65536", "http", "-1"] {
            let message = format!("nginx.conf:1:3: PORT is `{bad}`, which is not a port");
            assert_eq!(port(&[("PORT", bad)]), message);
        }
    }

    #[test]
    fn nameservers_are_those_of_the_container() {
        let root = tempfile::tempdir().unwrap();
        let nameservers = || rendered(root.path(), &[], "{{nameservers}}");
        assert_eq!(nameservers(), "169.254.0.2");
        fs_err::create_dir(root.path().join("etc")).unwrap();
        let write = |text| fs_err::write(root.path().join("etc/resolv.conf"), text).unwrap();
        write("");
        assert_eq!(nameservers(), "169.254.0.2");
        write("search a\nnameserver 10.0.0.1\n# nameserver 1.1.1.1\nnameserver fd00::1\n");
        assert_eq!(nameservers(), "10.0.0.1 [fd00::1]");
    }

    #[test]
    fn the_apps_own_module_comes_first() {
        let root = tempfile::tempdir().unwrap();
        for file in ["modules/ngx_a.so", "modules/ngx_b.so", "app/modules/ngx_b.so"] {
            let path = root.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        let module = |name: &str| rendered(root.path(), &[], &format!("{{{{module \"{name}\"}}}}"));
        assert_eq!(module("ngx_a"), "load_module <root>/modules/ngx_a.so;");
        assert_eq!(module("ngx_b"), "load_module <root>/app/modules/ngx_b.so;");
        assert_eq!(
            module("ngx_c"),
            "nginx.conf:1:3: there is no module `ngx_c` in the app's modules/ or in the server"
        );
    }

    #[test]
    fn variables_have_fallbacks_and_can_be_demanded() {
        let root = tempfile::tempdir().unwrap();
        let env = [("A", "x \"y\""), ("EMPTY", "")];
        let made = |text: &str| rendered(root.path(), &env, text);
        assert_eq!(made(r#"{{env "A"}}|{{env "EMPTY"}}|{{env "NONE"}}"#), "x \"y\"||");
        assert_eq!(made(r#"{{env "EMPTY" "z"}}{{env "A" | quote}}"#), r#"z"x \"y\"""#);
        assert_eq!(
            made(r#"{{required "EMPTY"}}"#),
            "nginx.conf:1:3: EMPTY is not set, but the configuration needs it"
        );
        assert_eq!(made("{{tempDir}} {{contentVersion}}"), "/tmp abc");
    }

    #[test]
    fn bindings_give_files_and_values() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("bindings/api");
        fs_err::create_dir_all(&dir).unwrap();
        fs_err::write(dir.join("type"), "backend").unwrap();
        fs_err::write(dir.join("url"), "http://api\n").unwrap();
        let bindings = root.path().join("bindings").display().to_string();
        let env = [("SERVICE_BINDING_ROOT", bindings.as_str())];
        let made = |text: &str| rendered(root.path(), &env, text);
        assert_eq!(made(r#"{{bindingValue "Backend" "url"}}"#), "http://api");
        assert_eq!(made(r#"{{binding "backend" "url"}}"#), "<root>/bindings/api/url");
        assert_eq!(
            made(r#"{{binding "other" "url"}}"#),
            "nginx.conf:1:3: there is no binding of type `other`"
        );
        assert_eq!(
            made(r#"{{bindingValue "backend" "uri"}}"#),
            "nginx.conf:1:3: the binding `api` has no entry `uri`"
        );
    }
}
