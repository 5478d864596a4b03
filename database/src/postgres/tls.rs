//! TLS with the checks of the server's certificate that libpq's `sslmode` demands.

use std::path::PathBuf;
use std::sync::Arc;

use driver_api::{Error, ErrorKind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The checks of the server's certificate.
#[derive(Debug, PartialEq)]
pub(super) enum Verify {
    /// No check: the connection is encrypted, but the server may be anyone.
    Nothing,
    /// One of these roots signed the certificate.
    Chain(Roots),
    /// One of these roots signed it, and it is for the host of the URI.
    ChainAndName(Roots),
}

/// The certificates whose signatures are trusted.
#[derive(Debug, PartialEq)]
pub(super) enum Roots {
    /// The certificates of the operating system.
    System,
    /// The PEM certificates in a file.
    File(PathBuf),
}

pub(super) fn connector(verify: &Verify) -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(ring::default_provider());
    let (roots, name) = match verify {
        Verify::Nothing => (None, false),
        Verify::Chain(roots) => (Some(roots.load()?), false),
        Verify::ChainAndName(roots) => (Some(roots.load()?), true),
    };
    let verifier = Verifier { roots, name, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Connection, "TLS can't be set up").because(error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

impl Roots {
    fn load(&self) -> Result<Trust, Error> {
        let certificates = match self {
            Roots::System => rustls_native_certs::load_native_certs().certs,
            Roots::File(path) => {
                let unreadable = |error| {
                    let context = format!("sslrootcert {}", path.display());
                    Error::new(ErrorKind::Config, "no certificate can be read from it")
                        .because(error)
                        .context(context)
                };
                let file =
                    CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
                let certificates: Vec<_> =
                    file.collect::<Result<_, _>>().map_err(|error| unreadable(error.to_string()))?;
                if certificates.is_empty() {
                    return Err(unreadable("the file holds none".to_owned()));
                }
                certificates
            }
        };
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        Ok(Trust { store, certificates })
    }
}

#[derive(Debug)]
struct Trust {
    store: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
}

#[derive(Debug)]
struct Verifier {
    /// `None` accepts any certificate, even one that rustls can't parse: `openssl x509 -req` wrote version 1 by
    /// default for a long time, which rustls doesn't read.
    roots: Option<Trust>,
    name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// Verifies a signature of the handshake, unless certificates are not verified either.
    fn verify_signature(
        &self,
        verify: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.roots.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify(&self.provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(Trust { store, certificates }) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            // A self-signed certificate is trusted when it is itself one of the roots.
            if !certificates.iter().any(|root| root == end_entity) {
                let algorithms = self.provider.signature_verification_algorithms.all;
                verify_server_cert_signed_by_trust_anchor(
                    &certificate,
                    store,
                    intermediates,
                    now,
                    algorithms,
                )?;
            }
            if self.name {
                verify_server_name(&certificate, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(|algorithms| {
            verify_tls12_signature(message, certificate, signature, algorithms)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(|algorithms| {
            verify_tls13_signature(message, certificate, signature, algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
