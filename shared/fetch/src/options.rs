//! What a [`Fetcher`](crate::Fetcher) is told: plain values, read from settings and bindings elsewhere.

use std::path::PathBuf;
use std::time::Duration;

use kouti_report::{Explain, Fault};

use crate::UnpackLimits;
use crate::credentials::Credentials;
use crate::mapping::Mappings;
use crate::mirror::Mirrors;
use crate::proxy::Proxies;
use crate::trust::Trust;

/// Everything a fetcher depends on.
#[derive(Debug, Default)]
pub struct Options {
    /// `User-Agent` of all requests: `kouti/nodejs/1.2.0`.
    pub user_agent: String,
    /// Artifacts packaged with the buildpack: `<buildpack dir>/dependencies`.
    pub offline_store: Option<PathBuf>,
    /// Shared download cache, `BP_DEPENDENCY_CACHE`. It may be read-only.
    pub cache: Option<PathBuf>,
    /// Never use the network, `BP_OFFLINE`.
    pub offline: bool,
    /// Replace the host.
    pub mirrors: Mirrors,
    /// Replace the address of one artifact.
    pub mappings: Mappings,
    /// Who we are, by host.
    pub credentials: Credentials,
    /// How to get out.
    pub proxies: Proxies,
    /// Whom to believe.
    pub trust: Trust,
    /// Times, attempts, sizes.
    pub limits: Limits,
    /// A wrong setting, said as soon as something has to be downloaded, and only then.
    pub obstacle: Option<Obstacle>,
}

/// An error that stands in the way of downloads alone.
#[derive(Clone, Debug)]
pub struct Obstacle {
    pub(crate) id: &'static str,
    pub(crate) fault: Fault,
    pub(crate) summary: String,
    pub(crate) hints: Vec<String>,
}

impl<E: Explain> From<E> for Obstacle {
    fn from(error: E) -> Self {
        let (id, fault, hints) = (error.id(), error.fault(), error.hints());
        Self { id, fault, summary: error.to_string(), hints }
    }
}

/// Times, attempts, sizes. A time of `None` has no limit.
#[derive(Clone, Debug)]
pub struct Limits {
    /// To get a TCP connection, `BP_DIALER_TIMEOUT`.
    pub connect: Option<Duration>,
    /// Between TCP keep-alive probes, `BP_DIALER_KEEP_ALIVE`.
    pub keep_alive: Option<Duration>,
    /// For the TLS handshake, on top of `connect`, `BP_TLS_HANDSHAKE_TIMEOUT`.
    pub tls_handshake: Option<Duration>,
    /// From the request to the first line of the answer, `BP_RESPONSE_HEADER_TIMEOUT`.
    pub response_header: Option<Duration>,
    /// Without a single byte of the body, `BP_DOWNLOAD_STALL_TIMEOUT`.
    pub stall: Option<Duration>,
    /// Requests for one address, the first included, `BP_DOWNLOAD_ATTEMPTS`; at least one.
    pub attempts: u32,
    /// Downloads at the same time, `BP_DOWNLOAD_CONCURRENCY`; at least one.
    pub concurrency: usize,
    /// Pause before the second attempt; doubled for each further one.
    pub first_pause: Duration,
    /// The longest pause, unless the server asks for more.
    pub longest_pause: Duration,
    /// The longest pause that a server can ask for.
    pub longest_requested_pause: Duration,
    /// How often the log tells of a transfer that takes long.
    pub progress: Duration,
    /// Against archives that are bombs.
    pub unpack: UnpackLimits,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = |count| Some(Duration::from_secs(count));
        Self {
            connect: seconds(10),
            keep_alive: seconds(60),
            tls_handshake: seconds(10),
            response_header: seconds(30),
            stall: seconds(60),
            attempts: 5,
            concurrency: 4,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(8),
            longest_requested_pause: Duration::from_mins(1),
            progress: Duration::from_secs(10),
            unpack: UnpackLimits::default(),
        }
    }
}
