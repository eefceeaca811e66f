//! The pure part of a cycle (mapping, correlation, plan, guard) over companies of growing size, on one core.

use std::time::Instant;

use crate::Bounds;
use crate::company::Company;

const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];
const ROUNDS: usize = 3;

pub(crate) fn measure(bounds: &mut Bounds) {
    println!("the pure part of a cycle, one core");
    let times: Vec<f64> = SIZES.iter().map(|size| fastest(*size)).collect();
    for (size, time) in SIZES.iter().zip(&times) {
        println!("    {size:>9} people {time:>9.1} ms, {:.2} microseconds a person", time * 1000.0 / f64::from(*size));
    }
    bounds.ratio("pure planning of 100,000 people, ms", times[1], bounds.goals.planning);
    bounds.ratio(
        "cost of a person among 1,000,000, as a multiple of that among 10,000",
        times[2] / times[0] / 100.0,
        bounds.goals.growth,
    );
}

/// Milliseconds of the fastest of some rounds.
fn fastest(size: u32) -> f64 {
    let mut fastest = f64::INFINITY;
    // A million people say enough at once.
    for _ in 0..if size > 100_000 { 1 } else { ROUNDS } {
        let mut company = Company::of(size);
        let began = Instant::now();
        let (people, accounts) = company.snapshots();
        let input = company.input(&people, &accounts);
        let (plan, limit_check) = Company::plan(&input, Company::correlate(&input));
        fastest = fastest.min(began.elapsed().as_secs_f64() * 1000.0);
        assert_eq!(plan.people.operations.len(), company.moved(), "who moved is planned");
        assert!(limit_check.violations.is_empty(), "{:?}", limit_check.violations);
    }
    fastest
}
