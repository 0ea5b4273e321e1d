//! The organisation a newcomer starts with: made through the operator's API, like any other.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::http;
use super::secrets::{Secrets, write_private};
use super::{Options, invoice};
use crate::progress::{say, step};
use crate::workspace::Workspace;

/// The sandbox's tenant has this domain.
const DOMAIN: &str = "bakkerijjansen.example";

/// What the welcome shows.
pub(super) struct Seeded {
    pub(super) link: String,
    pub(super) key: String,
}

/// The organisation of an earlier run, or a new one; and a new link each time, since a link works once.
pub(super) fn organisation(workspace: &Workspace, options: &Options, secrets: &Secrets) -> Result<Seeded> {
    step("organisation Bakkerij Jansen", |_| {
        invoice::write(workspace, &format!("facturen@{DOMAIN}"))?;
        if let Some((organisation, key)) = remembered(workspace) {
            match link(options, secrets, &organisation) {
                Ok(link) => return Ok(Seeded { link, key }),
                Err(error) => say(&format!("  making a new one: {error:#}")),
            }
        }
        let (organisation, key) = create(options, secrets)?;
        let memory = json!({ "organisation": organisation, "key": key });
        write_private(&file(workspace), &format!("{memory:#}\n"))?;
        Ok(Seeded { link: link(options, secrets, &organisation)?, key })
    })
}

pub(super) fn forget(workspace: &Workspace) -> Result<()> {
    match fs::remove_file(file(workspace)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn file(workspace: &Workspace) -> PathBuf {
    workspace.ours("dev.json")
}

fn remembered(workspace: &Workspace) -> Option<(String, String)> {
    let memory: Value = serde_json::from_slice(&fs::read(file(workspace)).ok()?).ok()?;
    Some((text(&memory, "organisation").ok()?, text(&memory, "key").ok()?))
}

fn create(options: &Options, secrets: &Secrets) -> Result<(String, String)> {
    let organisations = format!("{}/operator/organisations", options.worker());
    let wanted = json!({
        "name": "Bakkerij Jansen",
        "tenant": tenant(options)?,
        "mailboxes": [{ "address": format!("facturen@{DOMAIN}"), "kind": "graph_oauth2" }],
    });
    let organisation = text(&http::post(&organisations, &secrets.operator, &wanted)?, "id")?;
    let keys = format!("{organisations}/{organisation}/keys");
    let key = text(&http::post(&keys, &secrets.operator, &json!({ "name": "curl" }))?, "key")?;
    Ok((organisation, key))
}

fn link(options: &Options, secrets: &Secrets, organisation: &str) -> Result<String> {
    let links = format!("{}/operator/organisations/{organisation}/links", options.worker());
    text(&http::post(&links, &secrets.operator, &json!({}))?, "url")
}

/// The id of the sandbox's tenant, found as with Microsoft: the metadata of its domain has it in the issuer.
fn tenant(options: &Options) -> Result<String> {
    let metadata =
        http::get_json(&format!("{}/{DOMAIN}/v2.0/.well-known/openid-configuration", options.sandbox()))?;
    let issuer = text(&metadata, "issuer")?;
    let tenant = issuer.trim_end_matches("/v2.0").rsplit('/').next().unwrap_or_default();
    Ok(tenant.to_owned())
}

fn text(value: &Value, field: &str) -> Result<String> {
    value
        .get(field)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .with_context(|| format!("no `{field}` in {value}"))
}
