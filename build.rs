//! How the program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Relocations take 1.6 MB of the file, all of which the loader reads at each start and a waiting service keeps in memory; packed
    // (DT_RELR), they take a tenth of it. glibc knows the form since 2.36.
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
