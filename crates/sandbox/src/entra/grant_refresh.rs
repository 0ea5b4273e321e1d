//! `grant_type=refresh_token` (section 1.6).

use serde_json::Value;

use crate::{
    entra::{
        catalogue::{self, Place},
        errors,
        grant_code::all_consented,
        issue::{self, Grant},
        token::{Denied, Exchange},
    },
    scopes::{Scope, first_resource},
    state::Store,
};

pub(crate) fn redeem(exchange: &mut Exchange<'_>, store: &mut Store) -> Result<Value, Denied> {
    let sandbox = exchange.sandbox;
    let value = exchange.need("refresh_token")?;
    let token = store.refresh_tokens.iter().find(|token| token.value == value).cloned();
    let token = token.ok_or_else(|| {
        // Something that never was a refresh token, or one that nobody issued (section 3.1).
        if value.starts_with("1.A") { errors::refresh_token_invalid() } else { errors::malformed_grant() }
    })?;
    exchange.account = store.directory.name_of(&token.oid);
    if token.client_id != exchange.client_id {
        return Err(errors::client_mismatch().into());
    }
    let gone = || errors::account_gone(exchange.account.as_deref().unwrap_or_default());
    let account = store.directory.by_oid(&token.oid).cloned().ok_or_else(gone)?;
    if account.disabled {
        return Err(errors::account_disabled().into());
    }
    if let Some(revoked_at) = token.revoked_at {
        return Err(errors::revoked(token.issued_at, revoked_at).into());
    }
    if let Some(row) = account.refresh_refused.and_then(|number| catalogue::find(number, Place::Token)) {
        return Err(row.refusal().into());
    }
    if token.expires_at <= sandbox.clock.seconds() {
        return Err(errors::refresh_token_expired(token.issued_at).into());
    }
    // Omitted: the original scopes. Several resources: the first. Another resource: fine, if consented to.
    let asked =
        exchange.asked.clone().filter(|asked| !asked.is_empty()).unwrap_or_else(|| token.scopes.clone());
    let resource = first_resource(&asked);
    let served: Vec<Scope> =
        asked.iter().filter(|scope| scope.resource.is_none_or(|named| named == resource)).copied().collect();
    if store.policy(&account.tid).assignment_required && !account.assigned {
        return Err(errors::not_assigned(&account, &exchange.client_id).into());
    }
    if !all_consented(store, &exchange.client_id, &account, &served) {
        return Err(errors::not_consented(&exchange.client_id).into());
    }
    let grant = Grant {
        client_id: &exchange.client_id,
        account: &account,
        resource,
        asked: &served,
        // "Each response carries a new refresh token"; the old one is left alone.
        refreshable: Some(&token.scopes),
        nonce: None,
        client_info: exchange.wants_client_info(),
    };
    Ok(issue::answer(&grant, store, sandbox, exchange.origin))
}
