//! Proxies of the environment, with the rules that tools agree on.

use std::collections::BTreeMap;
use std::net::IpAddr;

use kouti_report::{Explain, Fault, SafeUrl, mask_address};
use url::{Host, Url};

/// Which proxy leads to which host.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Option<SafeUrl>,
    https: Option<SafeUrl>,
    except: Vec<Exception>,
}

/// A proxy variable that is no URL.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("{variable} is not the address of a proxy: `{value}`")]
pub struct BadProxy {
    /// Name of the variable.
    pub variable: String,
    /// Its value without credentials.
    pub value: String,
}

impl Explain for BadProxy {
    fn id(&self) -> &'static str {
        "bad-proxy"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("set {} to an address such as http://proxy.example:3128", self.variable)]
    }
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`; the lower-case form wins.
    pub fn parse<'a>(env: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, BadProxy> {
        let env: BTreeMap<_, _> = env.into_iter().collect();
        let value = |name: &str| {
            let lower = name.to_ascii_lowercase();
            [lower.as_str(), name]
                .into_iter()
                .find_map(|name| Some((name.to_owned(), env.get(name)?.trim())))
                .filter(|(_, value)| !value.is_empty())
        };
        let all = value("ALL_PROXY");
        let proxy = |name| value(name).or_else(|| all.clone()).map(parse_url).transpose();
        Ok(Self {
            http: proxy("HTTP_PROXY")?,
            https: proxy("HTTPS_PROXY")?,
            except: value("NO_PROXY").map(|(_, list)| parse_exceptions(list)).unwrap_or_default(),
        })
    }

    /// The proxy for a URL, if it is not reached directly.
    pub(crate) fn of(&self, url: &Url) -> Option<&SafeUrl> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        let host = url.host()?;
        let port = url.port_or_known_default();
        let direct = is_loopback(&host) || self.except.iter().any(|e| e.covers(&host, port));
        proxy.as_ref().filter(|_| !direct)
    }
}

fn parse_url((variable, value): (String, &str)) -> Result<SafeUrl, BadProxy> {
    let with_scheme =
        if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    Url::parse(&with_scheme)
        .ok()
        .filter(|url| {
            let known = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
            url.has_host() && known.contains(&url.scheme())
        })
        .map(SafeUrl::from)
        .ok_or_else(|| BadProxy { variable, value: mask_address(&with_scheme) })
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// One entry of `NO_PROXY`.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Exception {
    Everything,
    /// A name and all names below it.
    Name {
        name: String,
        port: Option<u16>,
    },
    /// An address, or a block of them.
    Net {
        address: IpAddr,
        bits: u32,
        port: Option<u16>,
    },
}

fn parse_exceptions(list: &str) -> Vec<Exception> {
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).map(exception).collect()
}

fn exception(entry: &str) -> Exception {
    if entry == "*" {
        return Exception::Everything;
    }
    if let Some((address, bits)) = entry.split_once('/')
        && let (Ok(address), Ok(bits)) = (address.parse(), bits.parse())
    {
        return Exception::Net { address, bits, port: None };
    }
    let (host, port) = match entry.rsplit_once(':') {
        // More than one colon is an IPv6 address, unless in brackets.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().ok())
        }
        _ => (entry, None),
    };
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Exception::Net { address, bits: 128, port };
    }
    let name = host.trim_start_matches("*.").trim_start_matches('.').trim_end_matches('.');
    Exception::Name { name: name.to_ascii_lowercase(), port }
}

impl Exception {
    fn covers(&self, host: &Host<&str>, port: Option<u16>) -> bool {
        let right_port = |wanted: &Option<u16>| wanted.is_none() || *wanted == port;
        match (self, host) {
            (Self::Everything, _) => true,
            (Self::Name { name, port }, Host::Domain(host)) => {
                let below =
                    || host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
                right_port(port) && (*host == name || below())
            }
            (Self::Net { address: IpAddr::V4(net), bits, port }, Host::Ipv4(host)) => {
                let shift = 32_u32.saturating_sub(*bits);
                let block = |address: u32| address.checked_shr(shift).unwrap_or(0);
                right_port(port) && block(net.to_bits()) == block(host.to_bits())
            }
            (Self::Net { address: IpAddr::V6(net), bits, port }, Host::Ipv6(host)) => {
                let shift = 128_u32.saturating_sub(*bits);
                let block = |address: u128| address.checked_shr(shift).unwrap_or(0);
                right_port(port) && block(net.to_bits()) == block(host.to_bits())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(env: &[(&str, &str)], url: &str) -> Option<String> {
        let proxies = Proxies::parse(env.iter().copied()).unwrap();
        proxies.of(&url.parse().unwrap()).map(|proxy| proxy.reveal().to_string())
    }

    #[test]
    fn each_scheme_has_its_proxy_and_lower_case_wins() {
        let env = [
            ("HTTP_PROXY", "http://upper:1"),
            ("http_proxy", "http://lower:1"),
            ("HTTPS_PROXY", "secure:2"),
            ("ALL_PROXY", "socks5://all:3"),
        ];
        assert_eq!(chosen(&env, "http://h.example/"), Some("http://lower:1/".to_owned()));
        assert_eq!(chosen(&env, "https://h.example/"), Some("http://secure:2/".to_owned()));
        assert_eq!(chosen(&env[3..], "https://h.example/"), Some("socks5://all:3".to_owned()));
        // Set and empty switches a proxy off.
        let off = [("http_proxy", ""), ("HTTP_PROXY", "http://upper:1")];
        assert_eq!(chosen(&off, "http://h.example/"), None);
    }

    #[test]
    fn no_proxy_has_many_forms() {
        for (list, url, direct) in [
            ("*", "https://h.example/", true),
            ("h.example", "https://h.example/", true),
            ("H.Example", "https://h.example/", true),
            ("h.example", "https://sub.h.example/", true),
            (".h.example", "https://sub.h.example/", true),
            (".h.example", "https://h.example/", true),
            ("*.h.example", "https://sub.h.example/", true),
            ("h.example", "https://other-h.example/", false),
            ("h.example:8443", "https://h.example:8443/", true),
            ("h.example:8443", "https://h.example/", false),
            ("h.example:443", "https://h.example/", true),
            ("a.example, h.example", "https://h.example/", true),
            ("a.example h.example", "https://h.example/", true),
            ("10.1.2.3", "https://10.1.2.3/", true),
            ("10.1.2.3", "https://10.1.2.4/", false),
            ("10.0.0.0/8", "https://10.200.3.4/", true),
            ("10.0.0.0/8", "https://11.0.0.1/", false),
            ("0.0.0.0/0", "https://11.0.0.1/", true),
            ("10.1.2.3:8443", "https://10.1.2.3:8443/", true),
            ("fd00::/8", "https://[fd12::1]/", true),
            ("fd00::/8", "https://[fe80::1]/", false),
            ("fd12::1", "https://[fd12::1]/", true),
            ("[fd12::1]:8443", "https://[fd12::1]:8443/", true),
            ("", "https://localhost:8443/", true),
            ("", "https://127.3.2.1/", true),
            ("", "https://[::1]/", true),
            ("", "https://h.example/", false),
        ] {
            let env = [("HTTPS_PROXY", "http://proxy:1"), ("NO_PROXY", list)];
            assert_eq!(chosen(&env, url).is_none(), direct, "NO_PROXY={list} {url}");
        }
    }

    #[test]
    fn a_bad_address_is_shown_without_its_password() {
        let error = Proxies::parse([("HTTP_PROXY", "ftp://me:s3cret@proxy")]).unwrap_err();
        let page = kouti_report::Problem::from(error).page("", kouti_report::Colour::Off);
        insta::assert_snapshot!(page, @"
        error[bad-proxy]: HTTP_PROXY is not the address of a proxy: `ftp://***@proxy`

        hint: set HTTP_PROXY to an address such as http://proxy.example:3128
        ");
        let proxies = Proxies::parse([("HTTPS_PROXY", "http://me:s3cret@proxy:1")]).unwrap();
        assert!(!format!("{proxies:?}").contains("s3cret"));
    }
}
