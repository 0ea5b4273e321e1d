//! Bounds the Worker's memory where it is linked, since local workerd does not bound it and production does.

fn main() {
    // An isolate has 128 MB for JavaScript and wasm together; a quarter is left to JavaScript (buffers of bodies).
    // `gateway/src/memory.rs` divides it.
    const MEMORY_BYTES_MAX: u32 = 96 * 1024 * 1024;
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target == "wasm32") {
        println!("cargo::rustc-link-arg-cdylib=--max-memory={MEMORY_BYTES_MAX}");
    }
}
