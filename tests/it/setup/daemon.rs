//! A running daemon, as tests see it from outside: its address, its log, its signals, and somebody whom it calls.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::setup::program::Stage;

/// What a test waits for comes within this time, or never.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A daemon, and the address at which it is looked at.
pub(crate) struct Running {
    pub(crate) child: Child,
    address: SocketAddr,
    log: std::path::PathBuf,
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut is_so: impl FnMut() -> Option<T>) -> T {
    let began = now();
    loop {
        if let Some(found) = is_so() {
            return found;
        }
        assert!(now() - began < PATIENCE, "{what}: not within {PATIENCE:?}");
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "a process of its own lives in the time of the system")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a process of its own lives in the time of the system")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("a port")
}

pub(crate) fn schedule(stage: &Stage, more: &str) -> SocketAddr {
    let address = free_address();
    stage.configure_also(&format!(
        "[schedule]\nfull = \"* * * * * *\"\n[listen]\naddress = \"{address}\"\nshow_people = true\n{more}"
    ));
    address
}

impl Running {
    /// Starts the daemon, and waits until it listens.
    pub(crate) fn start(stage: &Stage, address: SocketAddr) -> Self {
        let log = stage.path("run.log");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let mut command = stage.command(&["run"]);
        let child = command.stdout(Stdio::null()).stderr(file).spawn().expect("the program starts");
        let mut running = Self { child, address, log };
        until("it listens", || {
            if let Some(status) = running.child.try_wait().expect("a child") {
                panic!("it ended: {status}\n{}", running.log());
            }
            TcpStream::connect(address).ok()
        });
        running
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// The status and the body of an answer.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        get(self.address, path, &self.address.to_string())
    }

    /// A metric, where it is shown.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200);
        text.lines().find_map(|line| line.strip_prefix(&format!("okta_haiilo_sync_{name} "))?.parse().ok())
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Asks for the end; how long it took.
    pub(crate) fn end(mut self) -> Duration {
        let began = now();
        self.signal("TERM");
        let status = until("it ends", || self.child.try_wait().expect("a child"));
        assert_eq!(status.code(), Some(0), "{}", self.log());
        now() - began
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn get(address: SocketAddr, path: &str, host: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("connected");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").expect("a body").1.to_owned())
}

/// Somebody who is called: each body of a POST, and the path of each GET.
pub(crate) fn listener(status: u16) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&heard);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            let text = loop {
                let Ok(read) = stream.read(&mut buffer) else { break String::new() };
                request.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let length = text.to_lowercase().split_once("content-length: ").map_or(0, |(_, rest)| {
                    rest.lines().next().and_then(|length| length.trim().parse::<usize>().ok()).unwrap_or(0)
                });
                if read == 0 || text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length) {
                    break text;
                }
            };
            let (first, body) = text.split_once("\r\n\r\n").unwrap_or_default();
            let told = if first.starts_with("GET") { first.split(' ').nth(1).unwrap_or_default() } else { body };
            into.lock().expect("a list").push(told.to_owned());
            let _ = write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (address, heard)
}

pub(crate) fn heard(list: &Arc<Mutex<Vec<String>>>) -> Vec<String> {
    list.lock().expect("a list").clone()
}

pub(crate) fn signal(child: &Child, name: &str) {
    let mut kill = std::process::Command::new("kill");
    let status = kill.arg(format!("-{name}")).arg(child.id().to_string()).status().expect("kill");
    assert!(status.success());
}
