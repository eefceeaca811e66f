//! Stories of companies' networks: a certificate that nobody vouches for is refused, one of the company's own authority is taken where the
//! configuration names it, and so is a proxy. The simulated Haiilo stands behind a small server that ends TLS.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::setup::program::{CONFIGURATION, Ended, Stage};

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
async fn an_authority_that_nobody_named_is_blocked() {
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
async fn a_certificate_for_another_name_is_blocked() {
    let authority = Authority::new();
    let (stage, front) = behind_tls(&authority, "haiilo.example.com").await;
    stage.write("ca.pem", authority.0.pem());
    stage.configure_also("[http]\nca_file = \"ca.pem\"");
    stage.run(&["plan"]).exits(1).reports_nothing().says(&["GET /Users", "certificate", "haiilo.example.com"]);
    assert_eq!((front.connections(), stage.haiilo.count()), (1, 0));
}

/// A proxy that lets through, by CONNECT, who names its user: to one server, whatever name was asked for.
struct Proxy {
    port: u16,
    /// What it was asked for.
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    async fn before(front: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let into = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((mut inside, _)) = listener.accept().await {
                let into = Arc::clone(&into);
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = inside.read_u8().await else { return };
                        head.push(byte);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    into.lock().expect("a list").push(head.lines().next().unwrap_or_default().to_owned());
                    // user:marker-proxy
                    if !head.to_lowercase().contains("proxy-authorization: basic dxnlcjptyxjrzxitchjvehk=") {
                        let _ = inside.write_all(b"HTTP/1.1 407 who are you\r\nContent-Length: 0\r\n\r\n").await;
                        return;
                    }
                    let mut outside = TcpStream::connect(("127.0.0.1", front)).await.expect("the server");
                    if inside.write_all(b"HTTP/1.1 200 here you are\r\n\r\n").await.is_ok() {
                        let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                    }
                });
            }
        });
        Self { port, asked, task }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a list").clone()
    }
}

/// A name that no resolver knows is reached by the proxy alone, which is told by the configuration and by nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_company_proxy_is_used_where_the_configuration_says_so() {
    let authority = Authority::new();
    let mut stage = Stage::with_people(2).await;
    let front = Front::before(&stage.haiilo.origin(), authority.server("haiilo.invalid")).await;
    let proxy = Proxy::before(front.port).await;
    stage.configure(&stage.haiilo.origin(), "https://haiilo.invalid");
    stage.write("ca.pem", authority.0.pem());
    stage.configure_also("[http]\nca_file = \"ca.pem\"");
    stage.set("OKTA_HAIILO_SYNC__HTTP__PROXY", &format!("http://user:marker-proxy@127.0.0.1:{}", proxy.port));
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    let synced = stage.run(&["-vv", "sync", "--approve", plan["approval_id"].as_str().expect("an id")]).exits(0);
    assert!(stage.account(0).is_some() && stage.account(1).is_some());
    assert!(!synced.err.contains("marker-proxy") && !synced.out.contains("marker-proxy"), "{synced:?}");
    // Okta is on this machine here, and is reached without it.
    assert!(!proxy.asked().is_empty());
    assert!(proxy.asked().iter().all(|asked| asked == "CONNECT haiilo.invalid:443 HTTP/1.1"), "{:?}", proxy.asked());
    stage.unset("OKTA_HAIILO_SYNC__HTTP__PROXY");
    let (before, unasked) = (proxy.asked().len(), Proxy::before(front.port).await);
    let with = |name: &str, (password, port): (&str, u16), more: &str| {
        let setting = format!("[http]\nproxy = \"http://user:{password}@127.0.0.1:{port}\"\n{more}");
        stage.write(name, stage.read(CONFIGURATION).replace("[http]\n", &setting));
    };
    with("excepted.toml", ("marker-proxy", unasked.port), "no_proxy = [\"haiilo.invalid\"]\n");
    with("wrong.toml", ("marker-wrong", proxy.port), "");
    // Variables of other programs are none of ours.
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        stage.set(name, &format!("http://user:marker-proxy@127.0.0.1:{}", unasked.port));
    }
    let plan = |name: &str| stage.run_without_configuration(&["--config", name, "-vv", "plan"]);
    let ended = std::thread::scope(|scope| {
        let both = [scope.spawn(|| plan("excepted.toml")), scope.spawn(|| plan("wrong.toml"))];
        both.map(|one| one.join().expect("an end"))
    });
    assert!(proxy.asked().len() > before, "whoever has the wrong password asks the proxy");
    assert_eq!(unasked.asked(), [""; 0]);
    for ended in ended {
        let Ended { err, .. } = ended.exits(1).reports_nothing();
        assert!(err.contains("haiilo could not be read"), "{err}");
        assert!(!err.contains("marker-wrong") && !err.contains("marker-proxy"), "{err}");
    }
}
