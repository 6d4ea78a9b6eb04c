//! The credentials that Composer gets: in its environment, never in a file.

use kouti::{Context, Env, Explain, Fault, Problem};
use serde_json::{Map, Value};

/// Types of bindings.
const BINDINGS: [&str; 2] = ["composer-auth", "composer"];

/// Entries of a binding, and where their values belong in `auth.json`.
const TOKENS: [(&str, &str, &str); 2] = [
    ("github-token", "github-oauth", "github.com"),
    ("gitlab-token", "gitlab-token", "gitlab.com"),
];

/// The value of `COMPOSER_AUTH`, if there is anything to tell: from a binding, then from the
/// user's variables, which win.
pub(crate) fn composer_auth(context: &Context) -> Result<Option<String>, Problem> {
    let mut auth = Map::new();
    for kind in BINDINGS {
        if let Some(binding) = context.bindings.exactly_one(kind)? {
            if let Some(text) = binding.text("auth.json") {
                let origin = format!("the entry `auth.json` of the binding `{}`", binding.name);
                merge(&mut auth, parse(text, origin)?);
            }
            if let (Some(key), Some(secret)) =
                (binding.text("bitbucket-consumer-key"), binding.text("bitbucket-consumer-secret"))
            {
                let account = serde_json::json!({"consumer-key": key, "consumer-secret": secret});
                let hosts = Map::from_iter([("bitbucket.org".to_owned(), account)]);
                merge(&mut auth, Map::from_iter([("bitbucket-oauth".to_owned(), hosts.into())]));
            }
            for (entry, method, host) in TOKENS {
                if let Some(token) = binding.text(entry) {
                    let hosts = Map::from_iter([(host.to_owned(), token.into())]);
                    merge(&mut auth, Map::from_iter([(method.to_owned(), hosts.into())]));
                }
            }
        }
    }
    if let Some(token) = context.env.given("COMPOSER_GITHUB_OAUTH_TOKEN") {
        let hosts = Map::from_iter([("github.com".to_owned(), token.into())]);
        merge(&mut auth, Map::from_iter([("github-oauth".to_owned(), hosts.into())]));
    }
    if let Some(text) = context.env.given("COMPOSER_AUTH") {
        merge(&mut auth, parse(text, "COMPOSER_AUTH".to_owned())?);
    }
    Ok((!auth.is_empty()).then(|| Value::Object(auth).to_string()))
}

/// Every text in it that is a secret, to be hidden wherever Composer prints it.
pub(crate) fn secrets(env: &Env) -> Vec<String> {
    let text = env.given("COMPOSER_AUTH").unwrap_or_default();
    let mut found = Vec::new();
    collect(&serde_json::from_str(text).unwrap_or_default(), &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}

fn parse(text: &str, origin: String) -> Result<Map<String, Value>, BadAuth> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(BadAuth { origin, place: String::new() }),
        Err(error) => {
            let place = format!(" (line {}, column {})", error.line(), error.column());
            Err(BadAuth { origin, place })
        }
    }
}

/// Methods are merged host by host.
fn merge(auth: &mut Map<String, Value>, more: Map<String, Value>) {
    for (method, hosts) in more {
        match (auth.get_mut(&method), hosts) {
            (Some(Value::Object(known)), Value::Object(hosts)) => known.extend(hosts),
            (_, hosts) => {
                auth.insert(method, hosts);
            }
        }
    }
}

/// Credentials that Composer could not read. They are never shown.
#[derive(Debug, thiserror::Error)]
#[error("{origin} is not a JSON object{place}")]
pub(crate) struct BadAuth {
    origin: String,
    place: String,
}

impl Explain for BadAuth {
    fn id(&self) -> &'static str {
        "bad-composer-auth"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "write it like `{\"github-oauth\": {\"github.com\": \"…\"}}`, as Composer's auth.json"
                .to_owned(),
            "check the quotes: a shell may have removed them".to_owned(),
        ]
    }
}
