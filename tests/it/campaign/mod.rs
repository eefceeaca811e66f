//! The campaign: random worlds in which anything happens, while both servers fail at random, judged by an oracle of its own.

mod deeds;
mod life;
mod oracle;
mod outcome;
mod regressions;
mod story;
mod truth;
