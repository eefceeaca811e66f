//! The pure steps of a cycle, each by itself: reading JSON, mapping, correlating, planning, and the guard.
//!
//!     cargo bench --bench planning

use company::Company;
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use okta_haiilo_sync::domain::mapping::Mapper;
use okta_haiilo_sync::haiilo::Shape;
use okta_haiilo_sync::okta;

mod company;

/// Allocations are shown beside times.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// People whom a page or a step is measured with.
const SIZES: [u32; 2] = [1_000, 10_000];

#[divan::bench]
fn read_a_page_of_500_assignments(bencher: Bencher) {
    let (page, wanted) = (company::assignments_page(0..500), company::mapping().wanted());
    bencher.counter(ItemsCount::new(500_usize)).bench(|| okta::read_rows(black_box(&page), &wanted));
}

#[divan::bench]
fn read_a_page_of_100_accounts(bencher: Bencher) {
    let (page, shape) = (company::accounts_page(0..100, 100), Shape::of(&company::mapping()));
    bencher.counter(ItemsCount::new(100_usize)).bench(|| shape.read_page(black_box(&page)));
}

#[divan::bench(args = SIZES)]
fn map(bencher: Bencher, size: u32) {
    let mapping = company::mapping();
    bencher.counter(ItemsCount::new(size)).with_inputs(|| Company::of(size).assignments).bench_local_values(|rows| {
        let mut mapper = Mapper::new(&mapping);
        rows.into_iter().map(|row| mapper.map(row)).collect::<Vec<_>>()
    });
}

#[divan::bench(args = SIZES)]
fn map_and_sort(bencher: Bencher, size: u32) {
    bencher
        .counter(ItemsCount::new(size))
        .with_inputs(|| Company::of(size))
        .bench_local_values(|mut company| (company.snapshots(), company));
}

#[divan::bench(args = SIZES)]
fn match_accounts(bencher: Bencher, size: u32) {
    let mut company = Company::of(size);
    let (people, accounts) = company.snapshots();
    bencher
        .counter(ItemsCount::new(size))
        .bench_local(|| Company::correlate(&company.input(&people, &accounts)).matched.len());
}

#[divan::bench(args = SIZES)]
fn plan_and_guard(bencher: Bencher, size: u32) {
    let mut company = Company::of(size);
    let (people, accounts) = company.snapshots();
    let input = company.input(&people, &accounts);
    let planned = Company::plan(&input, Company::correlate(&input)).0.people.operations.len();
    assert_eq!(planned, company.moved(), "who moved is planned");
    bencher
        .counter(ItemsCount::new(size))
        .with_inputs(|| Company::correlate(&input))
        .bench_local_values(|correlation| Company::plan(&input, correlation));
}
