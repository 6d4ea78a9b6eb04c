//! Certificates that the container believes and the image does not know yet.

use kouti::Problem;

use super::start::Start;
use crate::runtime::{self, Facts};
use crate::trust::{self, Sources};

/// Gives the JVM a trust store with the certificates that are new since the build.
///
/// The store of the runtime already has those of the build. Mostly nothing has changed since then,
/// and comparing digests is all that happens.
pub(super) fn trust_store(start: &mut Start<'_>) -> Result<(), Problem> {
    if start.switch("BPL_JVM_CACERTS_DISABLED", false)?
        || start.user.mention("-Djavax.net.ssl.trustStore=")
    {
        return Ok(());
    }
    let Some(home) = start.java_home.clone() else { return Ok(()) };
    let env = start.env;
    let sources = Sources::find(env.given("SSL_CERT_FILE"), env.given("SSL_CERT_DIR"));
    let digest = sources.digest();
    if Facts::read(&home).is_some_and(|facts| facts.certificates == digest) {
        return Ok(());
    }
    let store = env.given("BPI_JVM_CACERTS").map_or_else(|| runtime::cacerts(&home), Into::into);
    let known = match trust::read_store(&store) {
        Ok(known) => known,
        Err(error) => {
            start.outcome.warn(format!("certificates of the system are not used: {error}"));
            return Ok(());
        }
    };
    let (certificates, _) = sources.certificates();
    let new: Vec<_> = certificates.into_iter().filter(|one| !known.contains(one)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let count = new.len();
    let all: Vec<_> = known.into_iter().chain(new).collect();
    match start.leave(&trust::write_store(&all), "jks") {
        Ok(path) => {
            start.outcome.debug(format!("{count} certificates of the system added"));
            start.flag(format!("-Djavax.net.ssl.trustStore={}", path.display()));
        }
        Err(error) => start.outcome.warn(format!(
            "{count} certificates of the system are not used: {error}; \
             give the container a writable /tmp"
        )),
    }
    Ok(())
}
