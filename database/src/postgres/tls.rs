//! TLS with the checks of the server's certificate that libpq's `sslmode` demands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driver_api::{Error, ErrorKind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::parameters::{Environment, Parameters, refuse};

/// The parameters of TLS.
#[derive(Debug, PartialEq)]
pub(super) struct Tls {
    /// Whether the connection is encrypted.
    pub(super) mode: SslMode,
    pub(super) verify: Verify,
    /// Files with the certificates that an authority has revoked.
    revoked: Option<PathBuf>,
    /// The files with the certificate of this client and its key.
    identity: Option<(PathBuf, PathBuf)>,
    versions: Vec<&'static SupportedProtocolVersion>,
    /// Whether the client names the host in its first message.
    names_host: bool,
}

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

/// The values of `ssl_min_protocol_version` and `ssl_max_protocol_version`, with the order of the versions.
const VERSIONS: [(&str, u8); 4] = [("TLSv1", 0), ("TLSv1.1", 1), ("TLSv1.2", 2), ("TLSv1.3", 3)];

impl Tls {
    /// Reads the parameters. Like libpq, it takes the files in `~/.postgresql` that exist for those not named.
    pub(super) fn read(parameters: &Parameters, environment: Environment<'_>) -> Result<Tls, Error> {
        let folder = environment("HOME").map(|home| PathBuf::from(home).join(".postgresql"));
        let default = |name| folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.exists());
        let file = |keyword, name| parameters.path(keyword).or_else(|| default(name));
        let (mode, verify) = verify(parameters, default("root.crt"))?;
        let wants_certificate = parameters
            .choice("sslcertmode", &[("disable", false), ("allow", true), ("require", true)])?
            .unwrap_or(true);
        let certificate = file("sslcert", "postgresql.crt").filter(|_| wants_certificate);
        let key = file("sslkey", "postgresql.key");
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (Some(certificate), None) => {
                return Err(refuse(
                    "sslcert",
                    &certificate.display().to_string(),
                    "sslkey names no key for it",
                ));
            }
            (None, _) => None,
        };
        Ok(Tls {
            mode,
            verify,
            revoked: file("sslcrl", "root.crl"),
            identity,
            versions: versions(parameters)?,
            names_host: parameters.choice("sslsni", &[("0", false), ("1", true)])?.unwrap_or(true),
        })
    }

    /// Returns the connector. Reads the files with certificates and keys.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, Error> {
        let provider = Arc::new(ring::default_provider());
        let (roots, name) = match &self.verify {
            Verify::Nothing => (None, false),
            Verify::Chain(roots) => (Some(roots), false),
            Verify::ChainAndName(roots) => (Some(roots), true),
        };
        let trust = roots.map(|roots| roots.load(self.revoked.as_deref(), &provider)).transpose()?;
        let verifier = Verifier { trust, name, provider: Arc::clone(&provider) };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .map_err(|error| Error::new(ErrorKind::Config, "TLS can't be set up").because(error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates("sslcert", certificate)?;
                let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| {
                    unreadable("sslkey", key, "no key can be read from it", error.to_string())
                })?;
                let unfit = |error| unreadable("sslkey", key, "the key does not fit to sslcert", error);
                builder.with_client_auth_cert(chain, secret).map_err(|error| unfit(error.to_string()))?
            }
        };
        config.enable_sni = self.names_host;
        Ok(MakeRustlsConnect::new(config))
    }
}

/// Reads `sslmode` and `sslrootcert`. `default` is the root certificate in the home folder.
fn verify(parameters: &Parameters, default: Option<PathBuf>) -> Result<(SslMode, Verify), Error> {
    let named = match parameters.text("sslrootcert") {
        None => None,
        Some("system") => Some(Roots::System),
        Some(path) => Some(Roots::File(PathBuf::from(path))),
    };
    let mode = parameters.text("sslmode").unwrap_or("prefer");
    let roots = |named: Option<Roots>| named.or(default.map(Roots::File)).unwrap_or(Roots::System);
    Ok(match mode {
        "disable" => (SslMode::Disable, Verify::Nothing),
        "prefer" | "allow" => (SslMode::Prefer, Verify::Nothing),
        // Like libpq: a root certificate in the URI is always checked.
        "require" => (SslMode::Require, named.map_or(Verify::Nothing, Verify::Chain)),
        "verify-ca" => (SslMode::Require, Verify::Chain(roots(named))),
        "verify-full" => (SslMode::Require, Verify::ChainAndName(roots(named))),
        other => {
            let message = format!(
                "sslmode {other:?} is not known: use disable, prefer, require, verify-ca or verify-full"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
    })
}

/// Returns the versions of TLS between the two limits. rustls has none before 1.2.
fn versions(parameters: &Parameters) -> Result<Vec<&'static SupportedProtocolVersion>, Error> {
    let least = parameters.choice("ssl_min_protocol_version", &VERSIONS)?.unwrap_or(2);
    let most = parameters.choice("ssl_max_protocol_version", &VERSIONS)?.unwrap_or(3);
    let versions = [(2, &TLS12), (3, &TLS13)].into_iter().filter(|(order, _)| (least..=most).contains(order));
    let versions: Vec<_> = versions.map(|(_, version)| version).collect();
    if versions.is_empty() {
        let message =
            "ssl_min_protocol_version and ssl_max_protocol_version leave neither TLSv1.2 nor TLSv1.3";
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(versions)
}

impl Roots {
    fn load(&self, revoked: Option<&Path>, provider: &Arc<CryptoProvider>) -> Result<Trust, Error> {
        let roots = match self {
            Roots::System => rustls_native_certs::load_native_certs().certs,
            Roots::File(path) => certificates("sslrootcert", path)?,
        };
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
        if let Some(path) = revoked {
            builder = builder.with_crls(revocations(path)?).allow_unknown_revocation_status();
        }
        let verifier = match builder.build() {
            Ok(verifier) => Some(verifier),
            // rustls can't parse any of the roots; the server may still have one of them as its certificate.
            Err(VerifierBuilderError::NoRootAnchors) => None,
            Err(error) => return Err(Error::new(ErrorKind::Config, "sslcrl can't be used").because(error)),
        };
        Ok(Trust { verifier, roots })
    }
}

fn certificates(keyword: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let failed = |error| unreadable(keyword, path, "no certificate can be read from it", error);
    let file = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
    let certificates: Vec<_> = file.collect::<Result<_, _>>().map_err(|error| failed(error.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("the file holds none".to_owned()));
    }
    Ok(certificates)
}

fn revocations(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    let failed = |error: rustls::pki_types::pem::Error| {
        unreadable("sslcrl", path, "no list of revoked certificates can be read from it", error.to_string())
    };
    CertificateRevocationListDer::pem_file_iter(path).and_then(Iterator::collect).map_err(failed)
}

fn unreadable(keyword: &str, path: &Path, message: &str, cause: String) -> Error {
    Error::new(ErrorKind::Config, message).because(cause).context(format!("{keyword} {}", path.display()))
}

#[derive(Debug)]
struct Trust {
    /// `None` if there is no root that rustls can parse.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    roots: Vec<CertificateDer<'static>>,
}

#[derive(Debug)]
struct Verifier {
    /// `None` accepts any certificate, even one that rustls can't parse: `openssl x509 -req` wrote version 1 by
    /// default for a long time, which rustls doesn't read.
    trust: Option<Trust>,
    name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// Verifies a signature of the handshake, unless certificates are not verified either.
    fn verify_signature(
        &self,
        verify: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.trust.is_none() {
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
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(Trust { verifier, roots }) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        // A self-signed certificate is trusted when it is itself one of the roots.
        if roots.contains(end_entity) {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            if self.name {
                verify_server_name(&certificate, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let verifier = verifier.as_ref().ok_or(unknown)?;
        match verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // rustls checks the name after everything else.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name => Ok(ServerCertVerified::assertion()),
            result => result,
        }
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
