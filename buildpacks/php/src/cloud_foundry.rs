//! Options of Cloud Foundry's classic PHP buildpack, for apps that were made for it.
//!
//! They count where a build is one of Cloud Foundry, and become settings of this buildpack; what
//! the user has set of those wins.

use std::path::Path;

use kouti::{Context, Env, Explain, Fault, Notice, Problem};
use serde_json::{Map, Value};

use crate::composer_file::{ComposerFiles, inside, parse_object};
use crate::processes::TASKS;

/// Directory of everything that belongs to the classic buildpack.
const DIR: &str = ".bp-config";
const FILE: &str = ".bp-config/options.json";
/// Snippets of `php.ini`, and of PHP-FPM's configuration.
pub(crate) const INI_DIR: &str = ".bp-config/php/php.ini.d";
pub(crate) const FPM_DIR: &str = ".bp-config/php/fpm.d";

/// Variables that tell a build of Cloud Foundry.
const SIGNS: [&str; 3] = ["VCAP_APPLICATION", "CF_STACK", "KOUTI_CF_ROOT"];

/// Options that mean nothing here, and need not be mentioned.
const IGNORED: [&str; 3] = ["STACK", "PHP_VM", "PHP_DEFAULT"];
/// Names in lists of modules that are programs.
const PROGRAMS: [&str; 4] = ["fpm", "cli", "cgi", "pear"];
/// Parts of the directory for which there is another place.
const UNUSED: [(&str, &str); 4] = [
    (
        "httpd/httpd.conf",
        "put what differs into .httpd.conf.d, or name a whole configuration in BP_PHP_SERVER_CONF",
    ),
    (
        "nginx/nginx.conf",
        "put what differs into .nginx.conf.d, or name a whole configuration in BP_PHP_SERVER_CONF",
    ),
    ("php/php.ini", "put what differs into .php.ini.d"),
    ("php/php-fpm.conf", "put what differs into .php.fpm.d"),
];

/// What the options of an app come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Classic {
    /// Whether the build is one of Cloud Foundry, and the app has such options.
    pub(crate) is_active: bool,
    /// Settings that the user has not set himself.
    settings: Vec<(&'static str, String)>,
    /// Version of PHP, which counts after Composer's files.
    pub(crate) version: Option<String>,
    /// What a console app is started with.
    pub(crate) start: Option<String>,
    pub(crate) notices: Vec<Notice>,
}

impl Classic {
    pub(crate) fn read(context: &Context) -> Result<Self, Problem> {
        let (dir, env) = (&context.app_dir, &context.env);
        if !dir.join(DIR).is_dir() {
            return Ok(Self::default());
        }
        if !SIGNS.iter().any(|name| env.given(name).is_some()) {
            let notice = Notice::new(format!("{DIR} only counts on Cloud Foundry"))
                .hint("use settings of this buildpack: BP_PHP_SERVER, BP_PHP_WEB_DIR and others");
            return Ok(Self { notices: vec![notice], ..Self::default() });
        }
        let text = if dir.join(FILE).is_file() {
            fs_err::read_to_string(dir.join(FILE))?
        } else {
            "{}".to_owned()
        };
        let fields =
            parse_object(&text, FILE).map_err(|error| BadOptions { fault: error.to_string() })?;
        Ok(Reader { dir, env, fields }.classic()?)
    }

    /// The variables of the build with these settings.
    pub(crate) fn apply(&self, env: &Env) -> Env {
        let mut env = env.clone();
        for (name, value) in &self.settings {
            env.set_default(*name, value);
        }
        env
    }
}

struct Reader<'a> {
    dir: &'a Path,
    env: &'a Env,
    fields: Map<String, Value>,
}

impl Reader<'_> {
    fn classic(&self) -> Result<Classic, BadOptions> {
        let mut classic = Classic { is_active: true, ..Classic::default() };
        let mut set = |name, value: Option<String>| {
            classic.settings.extend(value.map(|value| (name, value)));
        };
        let server = self.text("WEB_SERVER")?.unwrap_or_else(|| "httpd".to_owned());
        let lib = self.text("LIBDIR")?;
        let web_dir = self.web_dir(&server)?;
        let composer_file = self.composer_file(web_dir.as_deref());
        set("BP_PHP_WEB_DIR", web_dir);
        set("BP_PHP_LIB_DIR", lib.clone());
        set("BP_PHP_SERVER_ADMIN", self.text("ADMIN_EMAIL")?);
        let vendor = self.text("COMPOSER_VENDOR_DIR")?;
        let named = self.env.given("COMPOSER").or(composer_file.as_deref());
        let has_packages = ComposerFiles::find(self.dir, named).has_json;
        set("COMPOSER", composer_file);
        if has_packages {
            let lib = lib.unwrap_or_else(|| "lib".to_owned());
            let vendor = vendor.unwrap_or_else(|| format!("{lib}/vendor"));
            set("COMPOSER_VENDOR_DIR", Some(vendor.replace("{LIBDIR}", &lib)));
        }
        set("BP_COMPOSER_INSTALL_OPTIONS", self.words("COMPOSER_INSTALL_OPTIONS")?);
        set("BP_COMPOSER_INSTALL_GLOBAL", self.words("COMPOSER_INSTALL_GLOBAL")?);
        let composer = self.text("COMPOSER_VERSION")?;
        set("BP_COMPOSER_VERSION", composer.filter(|version| version != "latest"));
        set("BP_PHP_EXTENSIONS", Some(self.extensions()?));
        set("BP_PHP_PRE_START", self.commands()?);
        let start = self.text("APP_START_CMD")?;
        if server == "none" {
            classic.start = self.start(start)?;
        }
        classic.settings.push(("BP_PHP_SERVER", server));
        classic.version = self.version()?;
        classic.notices = self.notices();
        Ok(classic)
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    fn text(&self, key: &'static str) -> Result<Option<String>, BadOptions> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => {
                Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
            }
            Some(_) => {
                Err(BadOptions { fault: format!("has something else than a text in {key}") })
            }
        }
    }

    fn list(&self, key: &'static str) -> Result<Option<Vec<String>>, BadOptions> {
        let wrong = || BadOptions { fault: format!("has something else than a list in {key}") };
        let Some(value) = self.value(key) else { return Ok(None) };
        let words = value.as_array().ok_or_else(wrong)?.iter();
        words
            .map(|word| word.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A list as one text for a shell.
    fn words(&self, key: &'static str) -> Result<Option<String>, BadOptions> {
        let words = self.list(key)?;
        Ok(words.map(|words| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")))
    }

    /// `{PHP_83_LATEST}` is the newest of the line 8.3.
    fn version(&self) -> Result<Option<String>, BadOptions> {
        let Some(text) = self.text("PHP_VERSION")? else { return Ok(None) };
        let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
            return Ok(Some(text));
        };
        let line = name.strip_prefix("PHP_").and_then(|name| name.strip_suffix("_LATEST"));
        let line = line.filter(|line| line.len() > 1 && line.bytes().all(|b| b.is_ascii_digit()));
        match (line, name) {
            (Some(line), _) => Ok(Some(format!("{}.{}.*", &line[..1], &line[1..]))),
            (None, "PHP_DEFAULT") => Ok(None),
            (None, _) => Err(BadOptions { fault: format!("asks for PHP `{text}`, which is none") }),
        }
    }

    /// The classic buildpack moves an app without the directory into it; here it stays.
    fn web_dir(&self, server: &str) -> Result<Option<String>, BadOptions> {
        let option = self.text("WEBDIR")?;
        let dir = self.env.given("WEBDIR").map(str::to_owned).or(option);
        let dir = dir.unwrap_or_else(|| "htdocs".to_owned());
        let is_there = inside(self.dir, &dir).is_some_and(|dir| self.dir.join(dir).is_dir());
        let dir = if is_there { dir } else { ".".to_owned() };
        Ok((server != "none").then_some(dir))
    }

    /// The composer file, if it is not where Composer looks for it.
    fn composer_file(&self, web_dir: Option<&str>) -> Option<String> {
        let dirs = [Some("."), web_dir, self.env.given("COMPOSER_PATH")].into_iter().flatten();
        let dir = dirs
            .filter_map(|dir| inside(self.dir, dir))
            .find(|dir| self.dir.join(dir).join("composer.json").is_file())?;
        let file = Path::new(&dir).join("composer.json");
        (file != Path::new("composer.json")).then(|| file.to_string_lossy().into_owned())
    }

    fn extensions(&self) -> Result<String, BadOptions> {
        let mut names = Vec::new();
        let mut is_given = false;
        for key in ["PHP_EXTENSIONS", "ZEND_EXTENSIONS", "PHP_MODULES"] {
            if let Some(list) = self.list(key)? {
                is_given |= key == "PHP_EXTENSIONS";
                names.extend(list.into_iter().map(|name| name.to_ascii_lowercase()));
            }
        }
        if !is_given {
            names.push("bz2".to_owned());
        }
        names.retain(|name| !PROGRAMS.contains(&name.as_str()));
        Ok(names.join(","))
    }

    /// One command, several, or several as lists of words.
    fn commands(&self) -> Result<Option<String>, BadOptions> {
        const KEY: &str = "ADDITIONAL_PREPROCESS_CMDS";
        let wrong = || BadOptions { fault: format!("has something else than commands in {KEY}") };
        let all = match self.value(KEY) {
            None => return Ok(None),
            Some(Value::String(one)) => return Ok(Some(one.clone())),
            Some(value) => value.as_array().ok_or_else(wrong)?,
        };
        let command = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Array(words) => {
                let words: Option<Vec<_>> = words.iter().map(Value::as_str).collect();
                Ok(words.ok_or_else(wrong)?.join(" "))
            }
            _ => Err(wrong()),
        };
        Ok(Some(all.iter().map(command).collect::<Result<Vec<_>, _>>()?.join("\n")))
    }

    fn start(&self, wanted: Option<String>) -> Result<Option<String>, BadOptions> {
        let Some(wanted) = wanted else {
            let found = TASKS.iter().find(|file| self.dir.join(file).is_file());
            return Ok(found.map(ToString::to_string));
        };
        let file = wanted.split_whitespace().next().unwrap_or_default();
        if self.dir.join(file).is_file() {
            return Ok(Some(wanted));
        }
        let fault = format!("names `{file}` in APP_START_CMD, which the app does not have");
        Err(BadOptions { fault })
    }

    fn notices(&self) -> Vec<Notice> {
        let is_known = |key: &&String| {
            KNOWN.contains(&key.as_str())
                || IGNORED.contains(&key.as_str())
                || key.ends_with("_STRIP")
        };
        let unknown: Vec<_> = self.fields.keys().filter(|key| !is_known(key)).cloned().collect();
        let mut notices = Vec::new();
        if !unknown.is_empty() {
            notices.push(Notice::new(format!("{FILE}: {} mean nothing here", unknown.join(", "))));
        }
        for (path, hint) in UNUSED {
            if self.dir.join(DIR).join(path).exists() {
                notices.push(Notice::new(format!("{DIR}/{path} is not used")).hint(hint));
            }
        }
        if self.dir.join(".extensions").is_dir() {
            notices.push(Notice::new(".extensions is not used: nothing runs Python here"));
        }
        notices
    }
}

/// Options that become settings.
const KNOWN: [&str; 14] = [
    "ADDITIONAL_PREPROCESS_CMDS",
    "ADMIN_EMAIL",
    "APP_START_CMD",
    "COMPOSER_INSTALL_GLOBAL",
    "COMPOSER_INSTALL_OPTIONS",
    "COMPOSER_VENDOR_DIR",
    "COMPOSER_VERSION",
    "LIBDIR",
    "PHP_EXTENSIONS",
    "PHP_MODULES",
    "PHP_VERSION",
    "WEBDIR",
    "WEB_SERVER",
    "ZEND_EXTENSIONS",
];

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=/,.+:@%^~*".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Options that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{FILE} {}", fault.trim_start_matches(FILE).trim_start())]
pub(crate) struct BadOptions {
    fault: String,
}

impl Explain for BadOptions {
    fn id(&self) -> &'static str {
        "bad-cf-options"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "correct the file; what it may hold is said in the documentation of the classic PHP \
             buildpack of Cloud Foundry"
                .to_owned(),
            "settings of this buildpack take its place: BP_PHP_SERVER, BP_PHP_WEB_DIR and others"
                .to_owned(),
        ]
    }
}
