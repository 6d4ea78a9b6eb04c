//! Sessions in Redis or Memcached, by a binding.
//!
//! Read when the container starts, so that no secret is in the image.

use std::fmt::Write as _;

use kouti_launch::Env;
use kouti_launch::binding::{Binding, Bindings, EntryFile, SeveralBindings};
use kouti_report::{Explain, Fault, Problem};

/// Directives for sessions, and what PHP has to load for them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Session {
    pub(crate) extensions: &'static [&'static str],
    pub(crate) directives: Vec<(&'static str, String)>,
    pub(crate) warning: Option<String>,
}

/// Kinds of stores: name of PHP's handler, types of bindings.
const REDIS: Store = Store { handler: "redis", own: "php-redis-session" };
const MEMCACHED: Store = Store { handler: "memcached", own: "php-memcached-session" };

struct Store {
    handler: &'static str,
    own: &'static str,
}

impl Store {
    /// The binding to use: one made for sessions, or any of that store if the user asks for it.
    fn find<'a>(
        &self,
        bindings: &'a Bindings,
        wanted: Option<&str>,
    ) -> Result<Option<&'a Binding>, SeveralBindings> {
        match bindings.exactly_one(self.own)? {
            None if wanted == Some(self.handler) => bindings.exactly_one(self.handler),
            found => Ok(found),
        }
    }
}

impl Session {
    /// What the bindings of this container say; nothing if there is none for sessions.
    pub(crate) fn choose(env: &Env, bindings: &Bindings) -> Result<Option<Self>, Problem> {
        let wanted = env.given("BPL_PHP_SESSION_HANDLER").map(str::to_ascii_lowercase);
        let wanted = wanted.as_deref();
        if let Some(handler) = wanted.filter(|name| !["redis", "memcached"].contains(name)) {
            return Err(BadSession::Handler { handler: handler.to_owned() }.into());
        }
        let redis = REDIS.find(bindings, wanted)?;
        let memcached = MEMCACHED.find(bindings, wanted)?;
        let mut session = match (redis, memcached) {
            (None, None) if wanted.is_some() => {
                return Err(BadSession::NoBinding {
                    handler: wanted.unwrap_or_default().to_owned(),
                }
                .into());
            }
            (None, None) => return Ok(None),
            (Some(redis), _) if wanted != Some("memcached") => self::redis(redis)?,
            (_, Some(memcached)) => self::memcached(memcached),
            (Some(redis), None) => self::redis(redis)?,
        };
        if redis.is_some() && memcached.is_some() && wanted.is_none() {
            session.warning = Some(
                "there are bindings for sessions in Redis and in Memcached; Redis is used, \
                 BPL_PHP_SESSION_HANDLER decides"
                    .to_owned(),
            );
        }
        Ok(Some(session))
    }
}

/// Where a Redis is, and how to get in.
#[derive(Default)]
struct Redis {
    host: String,
    port: String,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    tls: bool,
}

fn redis(binding: &Binding) -> Result<Session, Problem> {
    let text = |key: &str| binding.text(key).filter(|text| !text.is_empty()).map(str::to_owned);
    let flag = |key: &str| {
        text(key).is_some_and(|text| matches!(text.as_str(), "true" | "1" | "yes" | "on"))
    };
    let mut redis = Redis {
        host: text("host").or(text("hostname")).unwrap_or_else(|| "127.0.0.1".to_owned()),
        port: text("port").unwrap_or_else(|| "6379".to_owned()),
        user: text("username"),
        password: text("password"),
        database: text("database"),
        tls: flag("tls") || flag("tls_enabled"),
    };
    if let Some(port) = text("tls_port").filter(|_| text("port").is_none() || redis.tls) {
        redis.port = port;
        redis.tls = true;
    }
    if let Some(uri) = text("uri") {
        redis = from_uri(&uri).ok_or_else(|| BadSession::Uri { binding: binding.name.clone() })?;
    }
    if redis.port.parse::<u16>().is_err() {
        return Err(BadSession::Port { binding: binding.name.clone() }.into());
    }
    let mut path =
        format!("{}://{}:{}", if redis.tls { "tls" } else { "tcp" }, redis.host, redis.port);
    let mut separator = '?';
    let mut add = |key: &str, value: &str| {
        let _ = write!(path, "{separator}{key}={}", escaped(value));
        separator = '&';
    };
    match (&redis.user, &redis.password) {
        (Some(user), Some(password)) => {
            add("auth[user]", user);
            add("auth[pass]", password);
        }
        (None, Some(password)) => add("auth", password),
        (_, None) => {}
    }
    for (key, value) in
        [("database", redis.database), ("prefix", text("prefix")), ("timeout", text("timeout"))]
    {
        if let Some(value) = value {
            add(key, &value);
        }
    }
    if let Some(file) = binding.file("ca.crt")?.map(EntryFile::keep) {
        add("stream[cafile]", &file.to_string_lossy());
    }
    Ok(Session {
        extensions: &["igbinary", "redis"],
        directives: vec![("session.save_handler", "redis".to_owned()), ("session.save_path", path)],
        warning: None,
    })
}

/// `redis://user:password@host:port/database`, with `rediss` for TLS.
fn from_uri(uri: &str) -> Option<Redis> {
    let (scheme, rest) = uri.split_once("://")?;
    let tls = match scheme {
        "redis" => false,
        "rediss" => true,
        _ => return None,
    };
    let (rest, _) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (credentials, address) = match authority.rsplit_once('@') {
        Some((credentials, address)) => (Some(credentials), address),
        None => (None, authority),
    };
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (address, "6379"),
    };
    let (user, password) = match credentials.map(|text| text.split_once(':').unwrap_or(("", text)))
    {
        Some((user, password)) => (Some(unescaped(user)?), Some(unescaped(password)?)),
        None => (None, None),
    };
    Some(Redis {
        host: host.to_owned(),
        port: port.to_owned(),
        user: user.filter(|user| !user.is_empty() && user != "default"),
        password: password.filter(|password| !password.is_empty()),
        database: Some(database.to_owned()).filter(|database| !database.is_empty()),
        tls,
    })
}

fn memcached(binding: &Binding) -> Session {
    let text = |key: &str| binding.text(key).filter(|text| !text.is_empty()).map(str::to_owned);
    let address = || {
        let port = text("port").map(|port| format!(":{port}")).unwrap_or_default();
        Some(text("host")? + &port)
    };
    let servers = text("servers").or_else(address).unwrap_or_else(|| "127.0.0.1".to_owned());
    let mut directives = vec![
        ("session.save_handler", "memcached".to_owned()),
        ("session.save_path", servers),
        ("memcached.sess_binary_protocol", "On".to_owned()),
        ("memcached.sess_persistent", "On".to_owned()),
    ];
    if let Some(user) = text("username") {
        directives.push(("memcached.sess_sasl_username", user));
        directives.push(("memcached.sess_sasl_password", text("password").unwrap_or_default()));
    }
    Session { extensions: &["igbinary", "msgpack", "memcached"], directives, warning: None }
}

/// As in a query.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = &after[2..];
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).ok()
}

/// A text as PHP's ini files have it: quoted, and nothing in it is replaced.
pub(crate) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$\"\"{");
    format!("\"{}\"", escaped.replace(['\n', '\r'], ""))
}

/// A binding from which no session store can be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadSession {
    #[error("BPL_PHP_SESSION_HANDLER is `{handler}`, not `redis` or `memcached`")]
    Handler { handler: String },
    #[error("BPL_PHP_SESSION_HANDLER is `{handler}`, but there is no binding of type `{handler}`")]
    NoBinding { handler: String },
    #[error("the entry `uri` of the binding `{binding}` is not `redis://…` or `rediss://…`")]
    Uri { binding: String },
    #[error("the entry `port` of the binding `{binding}` is not a port")]
    Port { binding: String },
}

impl Explain for BadSession {
    fn id(&self) -> &'static str {
        "bad-session-binding"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Handler { .. } => "set it to redis or memcached, or leave it out".to_owned(),
            Self::NoBinding { handler } => format!(
                "bind one, or one of type `php-{handler}-session`; SERVICE_BINDING_ROOT says where"
            ),
            Self::Uri { .. } => "write it like `redis://user:password@host:6379/0`".to_owned(),
            Self::Port { .. } => "write a number from 1 to 65535".to_owned(),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(
        bindings: &[(&str, &[(&str, &str)])],
        env: &[(&str, &str)],
    ) -> Result<Option<Session>, Problem> {
        let root = tempfile::tempdir().unwrap();
        for (kind, entries) in bindings {
            let dir = root.path().join(kind);
            fs_err::create_dir(&dir).unwrap();
            fs_err::write(dir.join("type"), kind).unwrap();
            for (key, value) in *entries {
                fs_err::write(dir.join(key), value).unwrap();
            }
        }
        let mut variables: Vec<_> =
            env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        variables.push(("SERVICE_BINDING_ROOT".to_owned(), root.path().display().to_string()));
        let env: Env = variables.into_iter().collect();
        let bindings = Bindings::for_launch(env.as_map()).unwrap();
        Session::choose(&env, &bindings)
    }

    fn path(kind: &str, entries: &[(&str, &str)]) -> String {
        let session = session(&[(kind, entries)], &[]).unwrap().unwrap();
        session.directives[1].1.clone()
    }

    #[test]
    fn redis_gets_what_the_binding_says() {
        for (entries, expected) in [
            (&[][..], "tcp://127.0.0.1:6379"),
            (&[("hostname", "db"), ("password", "")], "tcp://db:6379"),
            (&[("host", "db"), ("password", "p\"a$s{")], "tcp://db:6379?auth=p%22a%24s%7B"),
            (
                &[
                    ("host", "db"),
                    ("username", "me"),
                    ("password", "x"),
                    ("tls", "true"),
                    ("database", "2"),
                ],
                "tls://db:6379?auth%5Buser%5D=me&auth[pass]=x&database=2",
            ),
            (
                &[("uri", "rediss://:se%40cret@db:7000/3")],
                "tls://db:7000?auth=se%40cret&database=3",
            ),
        ] {
            let expected = expected.replace("%5B", "[").replace("%5D", "]");
            assert_eq!(path("php-redis-session", entries), expected);
        }
    }

    #[test]
    fn memcached_takes_lists_and_addresses() {
        let servers = path("php-memcached-session", &[("servers", "a:1,b")]);
        assert_eq!(servers, "a:1,b");
        assert_eq!(path("php-memcached-session", &[("host", "a"), ("port", "2")]), "a:2");
    }

    #[test]
    fn redis_wins_with_a_warning_unless_somebody_decides() {
        let both: &[(&str, &[(&str, &str)])] =
            &[("php-redis-session", &[]), ("php-memcached-session", &[])];
        let chosen = session(both, &[]).unwrap().unwrap();
        assert_eq!(chosen.directives[0].1, "redis");
        assert!(chosen.warning.is_some());
        let chosen = session(both, &[("BPL_PHP_SESSION_HANDLER", "memcached")]).unwrap().unwrap();
        assert_eq!(chosen.directives[0].1, "memcached");
    }

    #[test]
    fn a_common_binding_counts_only_if_asked_for() {
        let common: &[(&str, &[(&str, &str)])] = &[("redis", &[("host", "db")])];
        assert_eq!(session(common, &[]).unwrap(), None);
        assert!(session(common, &[("BPL_PHP_SESSION_HANDLER", "redis")]).unwrap().is_some());
        let error = session(&[], &[("BPL_PHP_SESSION_HANDLER", "redis")]).unwrap_err();
        assert_eq!(error.id, "bad-session-binding");
    }

    #[test]
    fn a_binding_that_cannot_be_used_is_named() {
        let page = |bindings: &[(&str, &[(&str, &str)])], env: &[(&str, &str)]| {
            let error = session(bindings, env).unwrap_err();
            error.page("", kouti_report::Colour::Off)
        };
        let redis = |key, value| page(&[("php-redis-session", &[(key, value)])], &[]);
        let pages = [
            redis("uri", "http://db"),
            redis("port", "many"),
            page(&[], &[("BPL_PHP_SESSION_HANDLER", "files")]),
            page(&[], &[("BPL_PHP_SESSION_HANDLER", "redis")]),
        ];
        insta::assert_snapshot!(pages.join("\n"), @"
        error[bad-session-binding]: the entry `uri` of the binding `php-redis-session` is not `redis://…` or `rediss://…`

        hint: write it like `redis://user:password@host:6379/0`

        error[bad-session-binding]: the entry `port` of the binding `php-redis-session` is not a port

        hint: write a number from 1 to 65535

        error[bad-session-binding]: BPL_PHP_SESSION_HANDLER is `files`, not `redis` or `memcached`

        hint: set it to redis or memcached, or leave it out

        error[bad-session-binding]: BPL_PHP_SESSION_HANDLER is `redis`, but there is no binding of type `redis`

        hint: bind one, or one of type `php-redis-session`; SERVICE_BINDING_ROOT says where
        ");
    }

    #[test]
    fn nothing_in_a_value_is_read_by_php() {
        assert_eq!(quoted("p\"a\\s${HOME}"), r#""p\"a\\s$""{HOME}""#);
    }
}
