//! `DATABASE_URL`, as Heroku sets it, in the form that Java programs read.

use kouti::Problem;

use super::start::Start;

/// Variables of a database, best first.
const SOURCES: [&str; 4] =
    ["DATABASE_URL", "JAWSDB_URL", "JAWSDB_MARIA_URL", "CLEARDB_DATABASE_URL"];

/// Sets `JDBC_DATABASE_*` and the variables of Spring.
pub(super) fn variables(start: &mut Start<'_>) -> Result<(), Problem> {
    let on_heroku = start.env.given("DYNO").is_some();
    if !start.switch("BPL_JAVA_DATABASE_URL_ENABLED", on_heroku)? {
        return Ok(());
    }
    let found = SOURCES.iter().find_map(|name| jdbc(start.env.given(name)?));
    let pool = start.env.given("DATABASE_CONNECTION_POOL_URL").and_then(jdbc);
    let pool = pool.filter(|_| start.env.given("DATABASE_URL").is_some());
    if let Some(pool) = &pool {
        pool.set(start, "DATABASE_CONNECTION_POOL_JDBC");
    }
    if let Some(database) = pool.or(found) {
        database.set(start, "JDBC_DATABASE");
        spring(start, &database)?;
    }
    let others: Vec<(String, Database)> = start
        .env
        .as_map()
        .iter()
        .filter_map(|(name, url)| {
            let name = name.strip_prefix("HEROKU_POSTGRESQL_")?.strip_suffix("_URL")?;
            Some((format!("HEROKU_POSTGRESQL_{name}_JDBC"), jdbc(url)?))
        })
        .collect();
    for (prefix, database) in others {
        database.set(start, &prefix);
    }
    copy(start, "REDIS_URL", "SPRING_REDIS_URL", "DISABLE_SPRING_REDIS_URL")?;
    for (from, to) in [
        ("INFERENCE_KEY", "SPRING_AI_OPENAI_APIKEY"),
        ("INFERENCE_URL", "SPRING_AI_OPENAI_BASEURL"),
        ("INFERENCE_MODEL_ID", "SPRING_AI_OPENAI_CHAT_OPTIONS_MODEL"),
    ] {
        copy(start, from, to, "DISABLE_SPRING_AI_CONFIG")?;
    }
    Ok(())
}

fn copy(start: &mut Start<'_>, from: &str, to: &str, off: &str) -> Result<(), Problem> {
    if start.switch(off, false)? || start.env.given(to).is_some() {
        return Ok(());
    }
    if let Some(value) = start.env.given(from) {
        start.outcome.set(to, value);
    }
    Ok(())
}

fn spring(start: &mut Start<'_>, database: &Database) -> Result<(), Problem> {
    let own = ["URL", "USERNAME", "PASSWORD"];
    let is_set =
        own.iter().any(|name| start.env.given(&format!("SPRING_DATASOURCE_{name}")).is_some());
    if !is_set && !start.switch("DISABLE_SPRING_DATASOURCE_URL", false)? {
        database.set(start, "SPRING_DATASOURCE");
    }
    Ok(())
}

/// A database in the form of JDBC.
#[derive(Debug, Eq, PartialEq)]
struct Database {
    url: String,
    username: String,
    password: String,
}

impl Database {
    fn set(&self, start: &mut Start<'_>, prefix: &str) {
        for (name, value) in
            [("URL", &self.url), ("USERNAME", &self.username), ("PASSWORD", &self.password)]
        {
            start.outcome.set(format!("{prefix}_{name}"), value.as_str());
        }
    }
}

/// Only a URL with user and password.
fn jdbc(url: &str) -> Option<Database> {
    let (scheme, rest) = url.split_once("://")?;
    let (credentials, rest) = rest.split_once('@')?;
    let (username, password) = credentials.split_once(':')?;
    if username.is_empty() || password.is_empty() {
        return None;
    }
    let scheme = if scheme == "postgres" { "postgresql" } else { scheme };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut query: Vec<String> =
        query.split('&').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    query.push(format!("user={username}"));
    query.push(format!("password={password}"));
    if scheme == "postgresql" && !query.iter().any(|part| part.starts_with("sslmode=")) {
        query.push("sslmode=require".to_owned());
    }
    Some(Database {
        url: format!("jdbc:{scheme}://{place}?{}", query.join("&")),
        username: username.to_owned(),
        password: password.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_url_with_credentials_becomes_one_of_jdbc() {
        let database = jdbc("postgres://u:p%40s@db.example:5432/shop").unwrap();
        assert_eq!(
            database.url,
            "jdbc:postgresql://db.example:5432/shop?user=u&password=p%40s&sslmode=require"
        );
        let database = jdbc("mysql://u:p@h/d?ssl=true").unwrap();
        assert_eq!(database.url, "jdbc:mysql://h/d?ssl=true&user=u&password=p");
        assert_eq!(jdbc("postgres://h/d"), None);
        assert_eq!(jdbc("postgres://u@h/d"), None);
    }
}
