//! A configuration that listens on a port of its own choice.

use kouti::{Env, Explain, Fault, Log, Notice};

/// It does not use the port that the platform gives.
#[derive(Debug, thiserror::Error)]
#[error("{conf} does not use the port that the platform gives")]
pub struct FixedPort {
    /// The file.
    pub conf: String,
    /// What to write instead.
    pub instead: &'static str,
}

impl FixedPort {
    /// A warning, but an error on Cloud Foundry, whose router reaches no other port.
    pub fn tell(self, env: &Env, log: &mut Log) -> Result<(), Self> {
        if ["BP_CF_SHIM", "VCAP_APPLICATION"].iter().any(|name| env.given(name).is_some()) {
            return Err(self);
        }
        log.warn(Notice::new(self.to_string()).hint(self.hint()));
        Ok(())
    }

    fn hint(&self) -> String {
        format!("write `{}`, which is 8080 unless PORT says otherwise", self.instead)
    }
}

impl Explain for FixedPort {
    fn id(&self) -> &'static str {
        "fixed-port"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![self.hint()]
    }
}
