//! The campaign: random worlds in which anything happens, while both servers fail at random, judged by an oracle of its own.
//!
//! `story` makes a random story: people, and what happens on each day. `actions` does it to the simulators, `run` runs a cycle each day. `oracle`
//! judges each cycle, `convergence` judges the end, both by `ground_truth`, which reads the simulators and not the program. `regressions` holds
//! stories that failed once.

mod actions;
mod convergence;
mod ground_truth;
mod oracle;
mod regressions;
mod run;
mod story;
