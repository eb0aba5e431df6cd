//! The way to the server: open, or encrypted with TLS, with or without a look at the certificate.
//!
//! In:  the words of `sslmode`. Out: what joins `postgres` to `rustls`.
//! Law: who asks for encryption gets it or is refused; `require` encrypts and `verify-full` checks besides, as with `psql`.
//!      Stricter than `psql`: `verify-ca`, and any mode with `sslrootcert`, check the name in the certificate too.
//! Source: PostgreSQL 15, "SSL Support", table of modes.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How the way is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secure {
    /// In the open.
    Off,
    /// Encrypted where the server offers it.
    Offered,
    /// Encrypted, whoever the server is.
    Must,
    /// Encrypted, and the server is who it says.
    Checked,
}

impl Secure {
    /// Reads a value of `sslmode`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "disable" => Self::Off,
            "allow" | "prefer" => Self::Offered,
            "require" => Self::Must,
            "verify-ca" | "verify-full" => Self::Checked,
            _ => return None,
        })
    }
}

/// What makes connections secure; `authority` is a file with certificates to trust in the place of the system's.
pub(super) fn connector(secure: Secure, authority: Option<&Path>) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(ring::default_provider());
    let told = |error: rustls::Error| error.to_string();
    let config = ClientConfig::builder_with_provider(provider.clone());
    let config = config.with_safe_default_protocol_versions().map_err(told)?;
    let trusted = match (secure, authority) {
        (Secure::Off | Secure::Offered, _) | (Secure::Must, None) => None,
        (Secure::Must | Secure::Checked, Some(file)) => Some(roots(file)?),
        (Secure::Checked, None) => {
            let system = rustls_platform_verifier::Verifier::new(provider).map_err(told)?;
            let config = config.dangerous().with_custom_certificate_verifier(Arc::new(system));
            return Ok(MakeRustlsConnect::new(config.with_no_client_auth()));
        }
    };
    let config = match trusted {
        Some(roots) => config.with_root_certificates(roots),
        None => config.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider))),
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

fn roots(file: &Path) -> Result<RootCertStore, String> {
    let told = |what: String| format!("{}: expected certificates as PEM, found {what}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| told(error.to_string()))? {
        let certificate = certificate.map_err(|error| told(error.to_string()))?;
        roots.add(certificate).map_err(|error| told(error.to_string()))?;
    }
    if roots.is_empty() { Err(told("none".to_owned())) } else { Ok(roots) }
}

/// Takes any certificate: the modes that use it promise nobody who the server is.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
