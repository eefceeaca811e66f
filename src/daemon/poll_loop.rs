//! The daemon's polls: between two full cycles Okta's log is followed, and the next full cycle comes sooner where a poll wants that.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::daemon::cycle_result::Trouble;
use crate::daemon::job::{FullCycleTiming, Job, JobFactory, PollEnd};
use crate::daemon::main_loop::{Daemon, Signal};
use crate::daemon::metrics;
use crate::daemon::systemd::Watchdog;

impl<S: JobFactory, C: Clock + Clone> Daemon<'_, S, C> {
    /// One poll; what somebody wanted meanwhile.
    pub(super) async fn poll(&mut self, signals: &mut mpsc::Receiver<Signal>) -> std::io::Result<Option<Signal>> {
        let mut wanted = None;
        let job = self.status.job();
        let work = |watchdog: Arc<Watchdog<C>>, cancel| async move { job.poll(&*watchdog, cancel).await };
        let ended = self.attended((signals, &mut wanted), work).await?;
        let now = self.clock.now();
        if let Some(ended) = ended {
            self.take_poll(ended, now);
        }
        self.polls.plan_next(now);
        Ok(wanted)
    }

    fn take_poll(&mut self, ended: PollEnd, now: DateTime<Utc>) {
        metrics::poll(ended.as_str());
        match ended {
            PollEnd::Quiet | PollEnd::Handled { full_cycle_reason: None } => self.polls.succeeded(),
            PollEnd::Handled { full_cycle_reason: Some(why) }
            | PollEnd::FullCycle { why, haste: FullCycleTiming::Soon } => {
                self.polls.succeeded();
                self.forward(&why, now);
            }
            // Before the first cycle of this process nobody knows how it stands.
            PollEnd::FullCycle { why, haste: FullCycleTiming::OnSchedule } => {
                self.polls.succeeded();
                if self.status.health().history.is_empty() {
                    self.forward(&why, now);
                }
            }
            PollEnd::Barred(trouble) => {
                self.polls.bar(now);
                self.poll_failed(&trouble);
                tracing::warn!(
                    "okta's log cannot be followed, so that there are full cycles only; grant okta.logs.read and a role that may read the log; it is tried again in six hours"
                );
            }
            PollEnd::Failed(trouble) => self.poll_failed(&trouble),
            PollEnd::Busy(holder) => tracing::debug!(holder, "another cycle is running; this poll is skipped"),
        }
    }

    fn forward(&mut self, why: &str, now: DateTime<Utc>) {
        let planned = self.status.health().next;
        let Some(at) = self.polls.forward(now, planned, self.pace.not_before()) else { return };
        tracing::info!(why, at = %at.format("%Y-%m-%dT%H:%M:%SZ"), "the next full cycle is brought forward");
        self.status.health().next = Some(at);
        self.systemd.status(&self.status.health().status());
    }

    /// A failure that goes on is logged ever more rarely.
    fn poll_failed(&mut self, trouble: &Trouble) {
        let failures = self.polls.failed();
        if failures.is_power_of_two() {
            tracing::warn!(failures, error = trouble.causes, "poll failed");
        }
    }
}
