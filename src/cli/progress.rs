//! Progress bars on a terminal, on standard error, and nothing anywhere else.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::context::Context;
use crate::engine::{Observer, Side};

/// The bars of one cycle.
#[derive(Debug)]
pub(super) struct ProgressBars {
    all: MultiProgress,
    okta: ProgressBar,
    haiilo: ProgressBar,
    applying: ProgressBar,
    is_applying: AtomicBool,
}

impl ProgressBars {
    /// Bars that are drawn only on a terminal.
    pub(super) fn new(context: &Context) -> Self {
        let all = MultiProgress::new();
        if !context.shows_progress || !io::stderr().is_terminal() {
            all.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let spinner = |what: &'static str| {
            let bar = all.add(ProgressBar::new_spinner());
            bar.set_style(ProgressStyle::with_template("{spinner} {prefix:8} {msg}").expect("a template"));
            bar.set_prefix(what);
            bar
        };
        let (okta, haiilo) = (spinner("Okta"), spinner("Haiilo"));
        let applying = ProgressBar::hidden();
        Self { all, okta, haiilo, applying, is_applying: AtomicBool::new(false) }
    }

    /// Whether operations are under way.
    pub(super) fn is_applying(&self) -> bool {
        self.is_applying.load(Ordering::Relaxed)
    }

    /// Removes the bars, so a report begins on a clean line.
    pub(super) fn clear(&self) {
        for bar in [&self.okta, &self.haiilo, &self.applying] {
            bar.finish_and_clear();
        }
        // A terminal that cannot be cleared shows the report all the same.
        let _ = self.all.clear();
    }
}

impl Observer for ProgressBars {
    fn read(&self, side: Side, rows: usize, of: Option<usize>) {
        let (bar, what) = match side {
            Side::Okta => (&self.okta, "assignments"),
            Side::Haiilo => (&self.haiilo, "accounts"),
        };
        let rows = crate::report::amount(rows);
        bar.set_message(match of {
            Some(of) => format!("{rows} of {} {what}", crate::report::amount(of)),
            None => format!("{rows} {what}"),
        });
        bar.tick();
    }

    fn applying(&self, operations: usize) {
        self.is_applying.store(true, Ordering::Relaxed);
        self.okta.finish_and_clear();
        self.haiilo.finish_and_clear();
        self.all.add(self.applying.clone());
        self.applying.set_style(
            ProgressStyle::with_template("{bar:40} {pos} of {len} operations, {eta} left").expect("a template"),
        );
        self.applying.set_length(operations as u64);
        self.applying.enable_steady_tick(Duration::from_millis(200));
    }

    fn ended(&self) {
        self.applying.inc(1);
    }
}
