//! How big the results are, as they are and as they travel.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::npm::Npm;
use crate::process::output_of;
use crate::workspace::Workspace;

/// Node has both compressors; levels as Cloudflare's edge or a careful server would choose.
const MEASURE: &str = "const z = require('node:zlib'), fs = require('node:fs'); \
    console.log(JSON.stringify(process.argv.slice(1).map((f) => { const b = fs.readFileSync(f); \
    return [b.length, z.gzipSync(b, { level: 9 }).length, z.brotliCompressSync(b).length]; })))";

/// Largest Worker that is deployed, module and script together, in bytes of gzip. Every cold start loads and compiles it;
/// Cloudflare itself takes 3 MB on the free plan.
const WORKER_GZIP_MAX: u64 = 710_000;

/// A table of what is deployed; an error when the Worker outgrew its limit.
pub(crate) fn check(workspace: &Workspace, npm: &Npm) -> Result<String> {
    let (files, sizes) = measure(workspace, npm)?;
    let table = table(workspace, &files, &sizes);
    let worker: u64 = sizes.iter().take(WORKER_FILES).filter_map(|sizes| sizes.get(1)).sum();
    if worker > WORKER_GZIP_MAX {
        let (is, limit) = (kilobytes(worker), kilobytes(WORKER_GZIP_MAX));
        bail!("the Worker has {is} kB gzip; {limit} is the limit (crates/xtask/src/build/sizes.rs)\n{table}");
    }
    Ok(table)
}

/// A table of what is deployed.
pub(crate) fn report(workspace: &Workspace, npm: &Npm) -> Result<String> {
    let (files, sizes) = measure(workspace, npm)?;
    Ok(table(workspace, &files, &sizes))
}

/// For each file: as it is, gzip, brotli.
type Sizes = Vec<Vec<u64>>;

fn measure(workspace: &Workspace, npm: &Npm) -> Result<(Vec<PathBuf>, Sizes)> {
    let files = deployed(workspace)?;
    let mut node = npm.node();
    node.args(["-e", MEASURE]).args(&files);
    let sizes = serde_json::from_str::<Value>(&output_of(&mut node)?)
        .and_then(serde_json::from_value)
        .context("node did not print sizes")?;
    Ok((files, sizes))
}

fn table(workspace: &Workspace, files: &[PathBuf], sizes: &Sizes) -> String {
    let head = format!("\n{:40} {:>10} {:>10} {:>10}   (kB)\n", "", "raw", "gzip", "brotli");
    let rows = files.iter().zip(sizes).map(|(file, sizes)| {
        let name = file.strip_prefix(&workspace.root).unwrap_or(file).display().to_string();
        let columns: Vec<_> = sizes.iter().map(|bytes| format!("{:>10}", kilobytes(*bytes))).collect();
        format!("{name:40} {}\n", columns.join(" "))
    });
    std::iter::once(head).chain(rows).collect()
}

/// How many of [`deployed`] are the Worker's.
const WORKER_FILES: usize = 2;

fn deployed(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut files =
        vec![workspace.path("worker/build/index.js"), workspace.path("worker/build/index_bg.wasm")];
    let mut assets = Vec::new();
    for entry in
        fs::read_dir(workspace.path("app/dist/assets")).context("build first: `cargo xtask build`")?
    {
        let path = entry?.path();
        if path.is_file() {
            assets.push(path);
        }
    }
    assets.sort();
    files.extend(assets);
    Ok(files)
}

/// With one decimal.
fn kilobytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}
