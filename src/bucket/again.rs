//! How a connection is made, and when a question is put once more: one rule for objects in storage and addresses on the web.
//!
//! Law: what is busy, slow or gone for a moment is asked again, a few times, each time after a longer pause. A pause is a
//!      number of the address and the try: the same run waits alike, and many machines do not wait in step.
//! Source: exponential backoff with jitter as storage providers ask for it; RFC 9110 (Retry-After).

use std::thread;
use std::time::Duration;

use ureq::http::StatusCode;
use ureq::tls::{RootCerts, TlsConfig};

/// How long a connection, an answer, or the next bytes of one may take.
const PATIENCE: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];

/// How often something is asked, and how long it may take.
#[derive(Debug, Clone)]
pub struct Patience {
    /// Times that something is asked before it is given up.
    pub tries: u32,
    /// First pause; each further one is about twice as long.
    pub pause: Duration,
    /// Longest pause, whatever the server asks for.
    pub longest: Duration,
    /// How long any answer may take beside its bytes.
    pub grace: Duration,
    /// Slowest answer that is waited for, bytes a second.
    pub slowest: u64,
}

impl Default for Patience {
    /// Five times, about three seconds with the pauses between, if the server asks for no longer ones.
    fn default() -> Self {
        Self {
            tries: 5,
            pause: Duration::from_millis(200),
            longest: Duration::from_secs(60),
            grace: Duration::from_secs(30),
            slowest: 8 << 10,
        }
    }
}

impl Patience {
    /// Waits before the next try: as long as the server asks for, or a pause of its own.
    pub(super) fn wait(&self, tried: u32, told: Option<Duration>, about: &str) {
        let doubled = self.pause.saturating_mul(2_u32.saturating_pow(tried.saturating_sub(1)));
        // Three quarters to five quarters of it.
        let part = 0.75 + 0.5 * f64::from(scattered(about, tried)) / f64::from(u32::MAX);
        thread::sleep(told.unwrap_or_else(|| doubled.mul_f64(part)).min(self.longest));
    }

    /// How long a body of so many bytes may take.
    pub(super) fn for_bytes(&self, bytes: u64) -> Duration {
        self.grace + Duration::from_secs(bytes / self.slowest.max(1))
    }
}

/// A number of a text and a number (FNV-1a).
fn scattered(text: &str, tried: u32) -> u32 {
    let bytes = text.bytes().chain(tried.to_le_bytes());
    bytes.fold(0x811c_9dc5, |sum: u32, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Who opens connections, with the certificates of the system and the proxy that the environment names.
pub(super) fn agent() -> ureq::Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(PATIENCE[0]))
        .timeout_recv_response(Some(PATIENCE[1]))
        .timeout_per_read(Some(PATIENCE[1]))
        .timeout_per_write(Some(PATIENCE[1]))
        .tls_config(tls)
        .build();
    config.into()
}

/// Whether the same question may have another answer a moment later.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_may_take_longer_and_pauses_scatter() {
        let patience = Patience::default();
        assert_eq!(patience.for_bytes(8 << 20), Duration::from_secs(30 + 1024));
        assert_ne!(scattered("a", 1), scattered("b", 1));
        assert_eq!(scattered("a", 1), scattered("a", 1));
    }
}
