//! One call of each method that `clippy.toml` forbids. None of them is ever run: `expect` makes clippy fail when a rule stops biting.

#![expect(dead_code, reason = "these are read by clippy, not run")]

use std::time::{Duration, Instant, SystemTime};

/// std::time::Instant::now
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn instant_now() {
    let _ = Instant::now();
}

/// std::time::Instant::elapsed
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn instant_elapsed(instant: Instant) {
    let _ = instant.elapsed();
}

/// std::time::SystemTime::now
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn system_time_now() {
    let _ = SystemTime::now();
}

/// std::time::SystemTime::elapsed
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn system_time_elapsed(time: SystemTime) {
    let _ = time.elapsed();
}

/// chrono::Utc::now
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn utc_now() {
    let _ = chrono::Utc::now();
}

/// chrono::Local::now
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn local_now() {
    let _ = chrono::Local::now();
}

/// tokio::time::sleep
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn sleep() {
    drop(tokio::time::sleep(Duration::ZERO));
}

/// tokio::time::sleep_until
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn sleep_until(deadline: tokio::time::Instant) {
    drop(tokio::time::sleep_until(deadline));
}

/// tokio::time::interval
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn interval() {
    let _ = tokio::time::interval(Duration::from_secs(1));
}

/// tokio::time::timeout
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn timeout() {
    drop(tokio::time::timeout(Duration::ZERO, std::future::ready(())));
}

/// std::thread::sleep
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn thread_sleep() {
    std::thread::sleep(Duration::ZERO);
}

/// reqwest::Client::new
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn client_new() {
    let _ = reqwest::Client::new();
}

/// reqwest::Client::builder
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn client_builder() {
    let _ = reqwest::Client::builder();
}

/// reqwest::Client::execute
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn execute(client: &reqwest::Client, request: reqwest::Request) {
    drop(client.execute(request));
}

/// reqwest::RequestBuilder::send
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn send(request: reqwest::RequestBuilder) {
    drop(request.send());
}

/// reqwest::get
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn get() {
    drop(reqwest::get("http://127.0.0.1"));
}

/// std::env::var
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn env_var() {
    let _ = std::env::var("X");
}

/// std::env::var_os
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn env_var_os() {
    let _ = std::env::var_os("X");
}

/// std::env::vars
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn env_vars() {
    let _ = std::env::vars();
}

/// std::env::vars_os
#[expect(clippy::disallowed_methods, reason = "must bite")]
fn env_vars_os() {
    let _ = std::env::vars_os();
}

/// std::process::exit
#[expect(clippy::disallowed_methods, reason = "must bite")]
#[expect(clippy::exit, reason = "must bite")]
fn exit() {
    std::process::exit(1);
}
