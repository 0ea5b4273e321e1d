//! What a newcomer sees when all is up.

use anyhow::Result;

use super::seed::Seeded;
use super::{Options, invoice};
use crate::progress::say;
use crate::workspace::Workspace;

pub(super) fn print(workspace: &Workspace, options: &Options, seeded: &Seeded, took: &str) -> Result<()> {
    let body = workspace.ours(invoice::FILE);
    let here = std::env::current_dir()?;
    let body = body.strip_prefix(&here).unwrap_or(&body).display();
    say(&format!(
        "
Postbode runs ({took}).

1. The page of facturen@bakkerijjansen.example. The link opens it once, then a cookie does:

   {link}

   Choose Authenticate there; the sandbox plays Microsoft 365.

2. What an ERP does, an invoice with a PDF:

   curl -sS {worker}/v1/messages -H 'Authorization: Bearer {key}' \\
     -H 'Content-Type: application/json' -H 'Prefer: wait=10' --data @{body}

3. What arrived, in the sandbox's inbox:

   {sandbox}/

   What happens when Microsoft refuses, is slow, or 90 days go by: {sandbox}/sandbox

Logs are in .postbode/logs. A change of a source file builds anew. Ctrl-C stops everything; --fresh starts over.
",
        link = seeded.link,
        worker = options.worker(),
        key = seeded.key,
        sandbox = options.sandbox(),
    ));
    Ok(())
}
