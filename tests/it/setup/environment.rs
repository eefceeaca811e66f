//! What the environment chooses for a run of the tests: the product, and how long the campaign, the crashes and the soak go on. `cargo test`
//! runs a part of them for Haiilo Advocacy. `PRODUCT=intranet` runs the tests of cycles, faults and crashes for the intranet.

use okta_haiilo_sync::domain::model::policy::Product;

/// The product that is tested.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says which product they are about")]
pub(crate) fn product() -> Product {
    match std::env::var("PRODUCT").as_deref() {
        Err(_) | Ok("advocacy") => Product::Advocacy,
        Ok("intranet") => Product::Intranet,
        Ok(other) => panic!("PRODUCT={other} is neither advocacy nor intranet"),
    }
}

/// What the environment asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    /// How many random worlds a campaign goes through; `CAMPAIGN_CASES=n`.
    pub(crate) cases: u32,
    /// The program dies at every so many-th point.
    pub(crate) crash_step: u64,
    /// How many cycles the daemon soaks; `SOAK_CYCLES=n`.
    pub(crate) soak: usize,
    /// `CRASH_POINTS=all`: it dies at every point, and a missing tool is an error.
    pub(crate) is_full: bool,
}

/// Reads the environment.
#[expect(clippy::disallowed_methods, reason = "how long to test is no matter of the product")]
pub(crate) fn length() -> Length {
    let number =
        |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")));
    let (cases, soak) = (number("CAMPAIGN_CASES"), number("SOAK_CYCLES"));
    let is_full = std::env::var("CRASH_POINTS").is_ok_and(|points| points == "all");
    Length {
        cases: cases.unwrap_or(16),
        soak: soak.map_or(100, |soak| soak as usize),
        crash_step: if is_full { 1 } else { 19 },
        is_full,
    }
}
