//! One HTTP request at a time: limits, redirects, credentials, and why it failed.
//!
//! The only file that knows the asynchronous client. Its blocking twin has one time
//! limit for everything, and a slow answer is not the same as a body that stalls.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use kouti_report::SafeUrl;
use reqwest::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, DATE, HeaderMap, HeaderName, IF_RANGE, LOCATION, RANGE,
    RETRY_AFTER,
};
use reqwest::{Client, Proxy, Response, StatusCode};
use tokio::runtime::Runtime;
use url::Url;

use crate::Options;
use crate::credentials::Credential;
use crate::options::Limits;
use crate::proxy::Proxies;
use crate::verifier::{Distrust, Verifier};

const REDIRECTS: usize = 10;

/// A client and the thread-less runtime that drives it.
pub(crate) struct Http {
    client: Client,
    runtime: Runtime,
    limits: Limits,
    proxies: Proxies,
    /// For the debug log: what was wrong with certificate files.
    pub(crate) remarks: Vec<String>,
}

/// What to ask for.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a Url,
    pub(crate) credential: Option<&'a Credential>,
    /// First byte wanted, and the validator of what we have already.
    pub(crate) resume: Option<(u64, &'a str)>,
    /// Past all caches on the way.
    pub(crate) fresh: bool,
}

/// The head of an answer; the body is still to come.
pub(crate) struct Answer {
    response: Response,
}

/// Why one request did not bring what it should.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// The host's name has no address.
    Resolve,
    /// Nobody listens.
    Refused,
    /// Any other trouble before the request could be sent.
    Connect(String),
    /// The certificate is not believed.
    Certificate(Distrust),
    /// Nothing came in time.
    Slow { waiting_for: &'static str, limit: Duration },
    /// The connection broke before the body was complete.
    Cut { received: u64, expected: Option<u64> },
    /// The connection broke before there was an answer, or what came is no HTTP.
    Broken(String),
    /// Not the status we want.
    Status { status: StatusCode, retry_after: Option<Duration>, sent_credential: bool },
    /// The proxy wants to know who we are.
    ProxyAuth,
    /// A redirect that is not followed.
    Redirect(String),
}

impl Failure {
    /// Whether the same request may succeed a little later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
            }
            Self::Certificate(_) | Self::ProxyAuth | Self::Redirect(_) => false,
            _ => true,
        }
    }

    /// Whether both would be told with the same words, numbers apart.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Cut { .. }, Self::Cut { .. })) || self == other
    }

    /// Whether the file is not there (any more).
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Status { status, .. } if matches!(status.as_u16(), 404 | 410))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve => f.write_str("the host name cannot be resolved"),
            Self::Refused => f.write_str("connection refused"),
            Self::Connect(text) => write!(f, "cannot connect: {text}"),
            Self::Certificate(distrust) => {
                write!(f, "certificate not trusted: {}", distrust.reason)
            }
            Self::Slow { waiting_for, limit } => {
                write!(f, "no {waiting_for} within {}", kouti_report::duration(*limit))
            }
            Self::Cut { received, expected: Some(expected) } => write!(
                f,
                "the connection broke after {} of {}",
                kouti_report::bytes(*received),
                kouti_report::bytes(*expected)
            ),
            Self::Cut { received, expected: None } => {
                write!(f, "the connection broke after {}", kouti_report::bytes(*received))
            }
            Self::Broken(text) => write!(f, "the connection broke: {text}"),
            Self::Status { status, .. } => write!(f, "HTTP {status}"),
            Self::ProxyAuth => f.write_str("the proxy wants a user name and password"),
            Self::Redirect(text) => f.write_str(text),
        }
    }
}

impl Http {
    /// Reads the certificates; costs some milliseconds, so only when a download is needed.
    pub(crate) fn new(options: &Options) -> io::Result<Self> {
        let limits = options.limits.clone();
        let (roots, remarks) = options.trust.load();
        // A provider of our own: the process-wide default belongs to the program.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new(roots, Arc::clone(&provider));
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        let proxies = options.proxies.clone();
        let choose = proxies.clone();
        let mut client = Client::builder()
            .user_agent(&options.user_agent)
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .proxy(Proxy::custom(move |url| choose.of(url).map(|proxy| proxy.reveal().clone())))
            .tcp_keepalive(limits.keep_alive);
        if let Some(limit) = sum([limits.connect, limits.tls_handshake]) {
            client = client.connect_timeout(limit);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            client: client.build().map_err(io::Error::other)?,
            runtime,
            limits,
            proxies,
            remarks,
        })
    }

    /// The proxy that requests for `url` go through.
    pub(crate) fn proxy(&self, url: &Url) -> Option<SafeUrl> {
        self.proxies.of(url).cloned()
    }

    /// Sends a request and follows redirects. Statuses other than 200 and 206 are failures.
    pub(crate) fn get(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        let mut url = without_user_info(request.url);
        let mut credential = request.credential;
        for _ in 0..=REDIRECTS {
            let response = self.send(&url, credential, request)?;
            let status = response.status();
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return judge(response, request, credential.is_some());
            }
            let next = redirect_target(&url, response.headers())?;
            // Object stores refuse credentials that are meant for the host before.
            if origin(&next) != origin(&url) {
                credential = None;
            }
            url = next;
        }
        Err(Failure::Redirect(format!("more than {REDIRECTS} redirects")))
    }

    fn send(
        &self,
        url: &Url,
        credential: Option<&Credential>,
        request: &Request<'_>,
    ) -> Result<Response, Failure> {
        // The checksum is that of the file, not of what a server makes of it on the way.
        let mut builder = self.client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(credential) = credential {
            builder = credential.apply(builder);
        }
        if let Some((offset, validator)) = request.resume {
            builder = builder.header(RANGE, format!("bytes={offset}-")).header(IF_RANGE, validator);
        }
        if request.fresh {
            builder = builder.header(CACHE_CONTROL, "no-cache");
        }
        let limits = &self.limits;
        let is_plain = url.scheme() == "http";
        let tls_handshake = if is_plain { Some(Duration::ZERO) } else { limits.tls_handshake };
        let limit = sum([limits.connect, tls_handshake, limits.response_header]);
        match self.within(limit, builder.send()) {
            None => Err(Failure::Slow {
                waiting_for: "answer",
                limit: limits.response_header.unwrap_or_default(),
            }),
            Some(sent) => sent.map_err(|error| classify(&error, limits)),
        }
    }

    /// The next piece of a body; empty at its end.
    pub(crate) fn piece(&self, answer: &mut Answer) -> Result<Vec<u8>, Failure> {
        match self.within(self.limits.stall, answer.response.chunk()) {
            None => Err(Failure::Slow {
                waiting_for: "data",
                limit: self.limits.stall.unwrap_or_default(),
            }),
            Some(Ok(piece)) => Ok(piece.unwrap_or_default().into()),
            Some(Err(error)) => Err(Failure::Broken(innermost(&error))),
        }
    }

    fn within<F: Future>(&self, limit: Option<Duration>, work: F) -> Option<F::Output> {
        self.runtime.block_on(async {
            match limit {
                Some(limit) => tokio::time::timeout(limit, work).await.ok(),
                None => Some(work.await),
            }
        })
    }
}

fn judge(
    response: Response,
    request: &Request<'_>,
    sent_credential: bool,
) -> Result<Answer, Failure> {
    match response.status() {
        StatusCode::OK => Ok(Answer { response }),
        StatusCode::PARTIAL_CONTENT if request.resume.is_some() => Ok(Answer { response }),
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => Err(Failure::ProxyAuth),
        status => Err(Failure::Status {
            status,
            retry_after: retry_after(response.headers()),
            sent_credential,
        }),
    }
}

impl Answer {
    /// Whether it brings all of the file.
    pub(crate) fn is_whole(&self) -> bool {
        self.response.status() == StatusCode::OK
    }

    /// Whether it is the part that was asked for, starting at `offset`.
    pub(crate) fn continues_at(&self, offset: u64) -> bool {
        self.response.status() == StatusCode::PARTIAL_CONTENT
            && self
                .header(&reqwest::header::CONTENT_RANGE)
                .and_then(|range| range.strip_prefix("bytes "))
                .and_then(|range| range.split_once('-'))
                .is_some_and(|(start, _)| start.parse() == Ok(offset))
    }

    /// Bytes that this answer will bring.
    pub(crate) fn length(&self) -> Option<u64> {
        self.header(&reqwest::header::CONTENT_LENGTH)?.parse().ok()
    }

    /// What tells a later request whether the file is still the same.
    pub(crate) fn validator(&self) -> Option<String> {
        let strong = |tag: &&str| !tag.starts_with("W/");
        self.header(&reqwest::header::ETAG)
            .filter(strong)
            .or_else(|| self.header(&reqwest::header::LAST_MODIFIED))
            .map(str::to_owned)
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        header(self.response.headers(), name)
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Seconds, or a time by the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = header(headers, &RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = httpdate::parse_http_date(header(headers, &DATE)?).ok()?;
    httpdate::parse_http_date(text).ok()?.duration_since(now).ok()
}

fn redirect_target(from: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let refuse = |text: String| Failure::Redirect(text);
    let text = header(headers, &LOCATION)
        .ok_or_else(|| refuse("a redirect without a target".to_owned()))?;
    let target =
        from.join(text).map_err(|_| refuse("a redirect to something that is no URL".to_owned()))?;
    let shown = SafeUrl::from(target.clone());
    match (from.scheme(), target.scheme()) {
        ("https", "http") => Err(refuse(format!("a redirect from https to {shown}"))),
        (_, "https" | "http") => Ok(without_user_info(&target)),
        _ => Err(refuse(format!("a redirect to {shown}"))),
    }
}

/// The client would turn user info into a header of its own.
fn without_user_info(url: &Url) -> Url {
    let mut url = url.clone();
    // Fails only for URLs without a host, which have no user info.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

fn origin(url: &Url) -> (Option<&str>, Option<u16>) {
    (url.host_str(), url.port_or_known_default())
}

/// No limit at all as soon as one part has none.
fn sum<const N: usize>(limits: [Option<Duration>; N]) -> Option<Duration> {
    limits.into_iter().sum()
}

/// Why the client could not send a request.
fn classify(error: &reqwest::Error, limits: &Limits) -> Failure {
    for link in chain(error) {
        if let Some(tls) = link.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidCertificate(reason) => {
                    Failure::Certificate(Distrust::new(reason))
                }
                other => Failure::Connect(other.to_string()),
            };
        }
        if let Some(io) = link.downcast_ref::<io::Error>()
            && io.kind() == ErrorKind::ConnectionRefused
        {
            return Failure::Refused;
        }
        // The types of these two are not public.
        let text = link.to_string();
        if text.contains("dns error") {
            return Failure::Resolve;
        }
        if text.contains("proxy authorization required") {
            return Failure::ProxyAuth;
        }
    }
    if error.is_timeout() {
        let limit = sum([limits.connect, limits.tls_handshake]).unwrap_or_default();
        return Failure::Slow { waiting_for: "connection", limit };
    }
    if error.is_connect() {
        Failure::Connect(innermost(error))
    } else {
        Failure::Broken(innermost(error))
    }
}

/// An error and all that is behind it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    /// `io::Error` hides what it carries from `source`.
    fn next<'a>(link: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        let link: &'a (dyn Error + 'static) = *link;
        match link.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(carried) => Some(carried),
            None => link.source(),
        }
    }
    std::iter::successors(Some(error), next)
}

/// The outer layers only say that a request failed, and repeat its URL.
fn innermost(error: &reqwest::Error) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
