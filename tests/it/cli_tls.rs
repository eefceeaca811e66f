//! Stories of TLS: a certificate that nobody vouches for is refused, one of the company's own authority is taken where the configuration names
//! it. The simulated Haiilo stands behind a small server that ends TLS.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::cli_stage::Stage;

/// An authority that no system knows.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate"))
    }

    /// What a server with this name needs.
    fn server(&self, name: &str) -> ServerConfig {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the usual versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .expect("a certificate and its key")
    }
}

/// A server that ends TLS and hands on what it hears.
struct Front {
    port: u16,
    /// How many connections there were.
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    async fn before(origin: &str, config: ServerConfig) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let target = origin.strip_prefix("http://").expect("an address").to_owned();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (acceptor, target) = (acceptor.clone(), target.clone());
                tokio::spawn(async move {
                    // A client that refuses the certificate hangs up, which is what some stories are about.
                    let Ok(mut inside) = acceptor.accept(stream).await else { return };
                    let mut outside = TcpStream::connect(target).await.expect("the simulated Haiilo");
                    let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
        Self { port, connections, task }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A stage whose Haiilo is reached by TLS alone, under the name `localhost`, with a certificate for this name.
async fn behind_tls(authority: &Authority, name: &str) -> (Stage, Front) {
    let stage = Stage::with_people(2).await;
    let front = Front::before(&stage.haiilo.origin(), authority.server(name)).await;
    stage.configure(&stage.haiilo.origin(), &format!("https://localhost:{}", front.port));
    (stage, front)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_the_configuration_names_is_trusted() {
    let authority = Authority::new();
    let (stage, front) = behind_tls(&authority, "localhost").await;
    stage.write("ca.pem", authority.0.pem());
    stage.configure_also("[http]\nca_file = \"ca.pem\"");
    stage.run(&["check"]).exits(0);
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    stage.run(&["sync", "--approve", plan["approval_id"].as_str().expect("an id")]).exits(0);
    assert!(stage.account(0).is_some() && stage.account(1).is_some());
    assert!(front.connections() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_nobody_named_is_refused() {
    let authority = Authority::new();
    let (stage, front) = behind_tls(&authority, "localhost").await;
    let words = ["error: haiilo could not be read", "GET /Users", "certificate", "http.ca_file"];
    stage.run(&["plan"]).exits(1).reports_nothing().says(&words);
    // Nothing gets better by trying again.
    assert_eq!((front.connections(), stage.haiilo.count()), (1, 0));
    // Another authority is no better than none.
    stage.write("ca.pem", Authority::new().0.pem());
    stage.configure_also("[http]\nca_file = \"ca.pem\"");
    stage.run(&["plan"]).exits(1).reports_nothing().says(&words);
    let check = stage.run(&["check"]).exits(1);
    assert!(check.out.contains("GET /Users") && check.out.contains("http.ca_file"), "{}", check.out);
    assert_eq!(stage.haiilo.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let (stage, front) = behind_tls(&authority, "haiilo.example.com").await;
    stage.write("ca.pem", authority.0.pem());
    stage.configure_also("[http]\nca_file = \"ca.pem\"");
    stage.run(&["plan"]).exits(1).reports_nothing().says(&["GET /Users", "certificate", "haiilo.example.com"]);
    assert_eq!((front.connections(), stage.haiilo.count()), (1, 0));
}
