//! At launch: the address on which ASP.NET Core listens.

use kouti_launch::Env;
use kouti_launch::helper::Outcome;

/// Variables that say where to listen: who sets one of them knows better.
const ADDRESSES: [&str; 9] = [
    "ASPNETCORE_URLS",
    "DOTNET_URLS",
    "URLS",
    "ASPNETCORE_HTTP_PORTS",
    "ASPNETCORE_HTTPS_PORTS",
    "DOTNET_HTTP_PORTS",
    "DOTNET_HTTPS_PORTS",
    "HTTP_PORTS",
    "HTTPS_PORTS",
];

/// Beginnings of such names.
const ENDPOINTS: [&str; 2] = ["Kestrel__Endpoints__", "ASPNETCORE_Kestrel__Endpoints__"];

const DEFAULT: u16 = 8080;

/// Sets `ASPNETCORE_URLS` from `PORT`.
#[must_use]
pub fn listen_on_port(env: &Env) -> Outcome {
    let mut outcome = Outcome::nothing();
    let is_endpoint = |name: &str| ENDPOINTS.iter().any(|start| name.starts_with(start));
    let is_set = ADDRESSES.iter().any(|name| env.get(name).is_some())
        || env.as_map().keys().any(|name| is_endpoint(name));
    if is_set {
        return outcome;
    }
    let port = port(env, &mut outcome);
    // Both IPv6 and IPv4.
    outcome.set("ASPNETCORE_URLS", format!("http://*:{port}"));
    outcome
}

/// `PORT`, or the default with a warning where it is no port.
pub(crate) fn port(env: &Env, outcome: &mut Outcome) -> u16 {
    let parse = |text: &str| text.trim().parse().ok().filter(|port: &u16| *port > 0);
    outcome.setting(env, "PORT", "a number from 1 to 65535", parse).unwrap_or(DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(variables: &[(&str, &str)]) -> (Option<String>, Vec<String>) {
        let outcome = listen_on_port(&variables.iter().copied().collect());
        (outcome.variables().get("ASPNETCORE_URLS").cloned(), outcome.lines(false))
    }

    #[test]
    fn the_port_of_the_platform_counts() {
        assert_eq!(run(&[]).0.as_deref(), Some("http://*:8080"));
        assert_eq!(run(&[("PORT", "9000")]).0.as_deref(), Some("http://*:9000"));
        for port in ["abc", "0", "65536", "-1"] {
            let (address, lines) = run(&[("PORT", port)]);
            assert_eq!(address.as_deref(), Some("http://*:8080"), "{port}");
            assert_eq!(lines.len(), 1, "{lines:?}");
        }
    }

    #[test]
    fn whoever_names_an_address_is_left_alone() {
        for name in ADDRESSES.iter().chain(&["Kestrel__Endpoints__Http__Url"]) {
            assert_eq!(run(&[(name, ""), ("PORT", "1")]), (None, vec![]), "{name}");
        }
    }
}
