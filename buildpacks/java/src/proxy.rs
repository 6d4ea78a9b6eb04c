//! Proxies for tools on the JVM, which do not look at the variables that everybody else reads.

use kouti::Env;

use crate::tool::Tool;

/// Adds the options to those of the tool, unless it has some.
pub(crate) fn tell(tool: Tool, env: &mut Env) {
    let variable = match tool {
        Tool::Maven => "MAVEN_OPTS",
        Tool::Gradle => "GRADLE_OPTS",
        Tool::Sbt => "SBT_OPTS",
    };
    if env.get(variable).is_some_and(|options| options.contains("proxyHost")) {
        return;
    }
    for option in options(env) {
        env.append(variable, option, " ");
    }
}

fn options(env: &Env) -> Vec<String> {
    let given = |name: &str| env.given(name).or_else(|| env.given(&name.to_ascii_lowercase()));
    let mut options = Vec::new();
    for (variable, scheme) in [("HTTPS_PROXY", "https"), ("HTTP_PROXY", "http")] {
        let Some((credentials, host, port)) = given(variable).and_then(parts) else { continue };
        options.push(format!("-D{scheme}.proxyHost={host}"));
        options.push(format!("-D{scheme}.proxyPort={port}"));
        if let Some((user, password)) = credentials {
            options.push(format!("-D{scheme}.proxyUser={user}"));
            options.push(format!("-D{scheme}.proxyPassword={password}"));
        }
    }
    if let Some(list) = given("NO_PROXY").filter(|_| !options.is_empty()) {
        let hosts = list.split(',').map(str::trim).filter(|host| !host.is_empty());
        let hosts = hosts.map(|host| match host.strip_prefix('.') {
            Some(domain) => format!("*.{domain}"),
            None => host.to_owned(),
        });
        options.push(format!("-Dhttp.nonProxyHosts={}", hosts.collect::<Vec<_>>().join("|")));
    }
    options
}

type Credentials<'a> = Option<(&'a str, &'a str)>;

fn parts(url: &str) -> Option<(Credentials<'_>, &str, &str)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let (credentials, place) = match rest.rsplit_once('@') {
        Some((credentials, place)) => (credentials.split_once(':'), place),
        None => (None, rest),
    };
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "80"));
    (!host.is_empty()).then_some((credentials, host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_options() {
        let env: Env = [
            ("HTTPS_PROXY", "http://u:p@proxy.example:3128/"),
            ("NO_PROXY", "localhost,.example.org"),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            options(&env).join(" "),
            "-Dhttps.proxyHost=proxy.example -Dhttps.proxyPort=3128 -Dhttps.proxyUser=u \
             -Dhttps.proxyPassword=p -Dhttp.nonProxyHosts=localhost|*.example.org"
        );
        let mut env = env;
        env.set("MAVEN_OPTS", "-Dhttps.proxyHost=mine");
        tell(Tool::Maven, &mut env);
        assert_eq!(env.get("MAVEN_OPTS"), Some("-Dhttps.proxyHost=mine"));
    }
}
