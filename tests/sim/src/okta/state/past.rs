//! Eventual consistency: what reading a user or an assignment by id shows while a change is on its way.
//!
//! The event of a change may be in the System Log before a read by id shows the change. Lists do not lag here. It knows neither HTTP nor
//! why something changed.

use std::collections::HashMap;

use crate::okta::state::directory::User;

/// How long a read by id shows the state before a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// Not at all.
    None,
    /// For so many milliseconds after each change, by the org's clock.
    Ms(i64),
    /// For so many reads by id of the same person, of the user and of the assignment together.
    Reads(u32),
}

/// What a read by id sees.
#[derive(Clone, Debug)]
pub(crate) enum Sight {
    /// What is.
    Now,
    /// What was; nobody, if there was nobody.
    Before(Option<Box<User>>),
}

#[derive(Clone, Debug)]
struct Memory {
    was: Option<Box<User>>,
    lasts: Lasts,
}

#[derive(Clone, Copy, Debug)]
enum Lasts {
    Until(i64),
    Reads(u32),
}

/// The states before the latest changes, by the id of the user, each with its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past(HashMap<Box<str>, Vec<Memory>>);

impl Past {
    /// Keeps what was before a change that is made now.
    pub(crate) fn keep(&mut self, id: &str, was: Option<User>, lag: Lag, now_ms: i64) {
        let lasts = match lag {
            Lag::None => return,
            Lag::Ms(ms) => Lasts::Until(now_ms + ms),
            Lag::Reads(reads) => Lasts::Reads(reads),
        };
        self.0.entry(id.into()).or_default().push(Memory { was: was.map(Box::new), lasts });
    }

    /// What a read of this user sees, which counts as one.
    pub(crate) fn look(&mut self, id: &str, now_ms: i64) -> Sight {
        let Some(memories) = self.0.get_mut(id) else { return Sight::Now };
        memories.retain(|memory| match memory.lasts {
            Lasts::Until(end) => now_ms < end,
            Lasts::Reads(left) => left > 0,
        });
        let sight = memories.first().map_or(Sight::Now, |oldest| Sight::Before(oldest.was.clone()));
        for memory in memories {
            if let Lasts::Reads(left) = &mut memory.lasts {
                *left -= 1;
            }
        }
        sight
    }
}
