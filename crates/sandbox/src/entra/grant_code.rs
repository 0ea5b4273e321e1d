//! `grant_type=authorization_code` (section 1.5).

use serde_json::Value;

use crate::{
    account::Account,
    entra::{
        errors,
        issue::{self, Grant},
        token::{Denied, Exchange},
    },
    scopes::{OFFLINE_ACCESS, Scope, first_resource, resources},
    state::Store,
};

pub(crate) fn redeem(exchange: &mut Exchange<'_>, store: &mut Store) -> Result<Value, Denied> {
    let sandbox = exchange.sandbox;
    let value = exchange.need("code")?;
    let code =
        store.codes.iter().find(|code| code.value == value).cloned().ok_or_else(errors::malformed_grant)?;
    exchange.account = store.directory.name_of(&code.oid);
    let gone = || errors::account_gone(exchange.account.as_deref().unwrap_or_default());
    let account = store.directory.by_oid(&code.oid).cloned().ok_or_else(gone)?;
    if account.disabled {
        return Err(errors::account_disabled().into());
    }

    if code.request.client_id != exchange.client_id {
        return Err(errors::client_mismatch().into());
    }
    if !exchange.tenant.admits(&account) {
        return Err(errors::code_of_other_tenant().into());
    }
    if code.redeemed {
        return Err(errors::code_redeemed().into());
    }
    if code.expires_at <= sandbox.clock.seconds() {
        return Err(errors::code_expired().into());
    }
    if exchange.need("redirect_uri")? != code.request.return_to.redirect_uri {
        return Err(errors::redirect_uri_differs().into());
    }
    let verifier = exchange.fields.get("code_verifier").map(String::as_str);
    let proven = match (&code.request.challenge, verifier) {
        (Some(challenge), Some(verifier)) => challenge.matches(verifier),
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => true,
    };
    if !proven {
        return Err(errors::verifier_wrong().into());
    }
    // "AADSTS700022 or a token for the first one only" (section 1.3): here the strict half; the refresh grant, where
    // the documents say "the first", does the other.
    let asked = exchange.asked.clone().unwrap_or_else(|| code.scopes().to_vec());
    if exchange.asked.is_some() && resources(&asked) > 1 {
        return Err(errors::several_resources().into());
    }
    if !all_consented(store, &exchange.client_id, &account, &asked) {
        return Err(errors::not_consented(&exchange.client_id).into());
    }
    // Only now: a refused try leaves the code usable [U].
    for kept in store.codes.iter_mut().filter(|kept| kept.value == code.value) {
        kept.redeemed = true;
    }
    let grant = Grant {
        client_id: &exchange.client_id,
        account: &account,
        resource: first_resource(&asked),
        asked: &asked,
        refreshable: asked.contains(&OFFLINE_ACCESS).then_some(&asked),
        nonce: code.request.nonce.as_deref(),
        client_info: exchange.wants_client_info(),
    };
    Ok(issue::answer(&grant, store, sandbox, exchange.origin))
}

/// Every permission asked for was consented to, and `offline_access` too; the sign-in scopes need no consent of their
/// own once the person signed in.
pub(crate) fn all_consented(store: &Store, client_id: &str, account: &Account, asked: &[Scope]) -> bool {
    let given = store.consents.given(client_id, account);
    let matters = |scope: &&Scope| scope.resource.is_some() || **scope == OFFLINE_ACCESS;
    asked.iter().filter(matters).all(|scope| given.contains(scope))
}
