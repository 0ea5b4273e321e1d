use api::{Account, Code, ConfirmReason, Problem};
use mail::EmailAddress;
use microsoft::{Endpoints, Identity, Profile, Tokens, missing, permission_name};

use super::consent_attempt::{ConsentAttempt, is_hash_of};
use crate::tokens::Authentication;

/// What the provider said about who signed in, and what we knew.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    /// From the id_token, its audience, issuer and time checked.
    pub identity: &'a Identity,
    /// From `GET /me`.
    pub profile: &'a Profile,
    /// The token answer.
    pub tokens: &'a Tokens,
    /// The tenant that the organisation is tied to, if it is.
    pub organisation_tenant: Option<&'a str>,
    /// The authentication that this one would replace.
    pub before: Option<&'a Authentication>,
}

/// A sign-in that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Who signed in, for display.
    pub account: Account,
    /// What a person must agree to first; empty when nothing.
    pub confirm: Vec<ConfirmReason>,
    /// Whether somebody else than the mailbox itself signed in, so that a mail must prove that they may send as it.
    pub to_prove: bool,
}

/// Judges a redeemed sign-in: identity, tenant, address and permissions. Nothing is stored when this refuses.
pub fn judge(
    attempt: &ConsentAttempt,
    signed_in: SignedIn<'_>,
    endpoints: &Endpoints,
) -> Result<Judged, Problem> {
    let SignedIn { identity, profile, tokens, organisation_tenant, before } = signed_in;
    if !identity.nonce.as_deref().is_some_and(|nonce| is_hash_of(&attempt.nonce_hash, nonce)) {
        let detail = "the nonce in Microsoft's answer is not the one that this sign-in began with";
        return Err(Problem::new(Code::ConsentMismatch, detail).with_param("what", &"nonce"));
    }
    if profile.id != identity.object_id {
        let detail = "the id_token and the account behind the access token differ";
        return Err(Problem::new(Code::ConsentMismatch, detail).with_param("what", &"account"));
    }
    let shown = profile.addresses().next().or(identity.user_name.as_deref()).unwrap_or_default().to_owned();
    let account =
        Account { name: profile.display_name.clone().or_else(|| identity.name.clone()), address: shown };
    let named = |code, detail: String| {
        Problem::new(code, detail)
            .with_param("account", &account.address)
            .with_param("mailbox", &attempt.address)
    };
    if identity.is_personal() {
        return Err(named(Code::PersonalAccount, format!("{} is a personal account", account.address)));
    }
    if profile.is_guest() {
        let detail = format!("{} is a guest in the Microsoft tenant {}", account.address, identity.tenant_id);
        return Err(named(Code::GuestAccount, detail));
    }
    if organisation_tenant.is_some_and(|tenant| !tenant.eq_ignore_ascii_case(&identity.tenant_id)) {
        let detail = format!("{} belongs to the Microsoft tenant {}", account.address, identity.tenant_id);
        return Err(named(Code::WrongTenant, detail));
    }
    let is_mailbox = |address: &EmailAddress| profile.addresses().any(|one| address.names_same_mailbox(one));
    let signed_in_itself = attempt.address.parse().is_ok_and(|address: EmailAddress| is_mailbox(&address));
    if !signed_in_itself && !attempt.shared {
        let detail = format!("{} signed in, but this mailbox is {}", account.address, attempt.address);
        return Err(named(Code::WrongAccount, detail));
    }
    let missing = missing(attempt.sending(), &tokens.scopes, endpoints);
    if !missing.is_empty() || tokens.refresh.is_none() {
        let lacking: Vec<_> = missing.iter().map(|scope| permission_name(scope)).collect();
        let list = if lacking.is_empty() { "offline_access".to_owned() } else { lacking.join(", ") };
        let detail = format!("Microsoft did not grant {list}");
        return Err(Problem::new(Code::PermissionMissing, detail).with_param("permissions", &list));
    }
    let mut confirm = Vec::new();
    if organisation_tenant.is_none() {
        confirm.push(ConfirmReason::PinTenant);
    }
    if let Some(before) = before.filter(|before| before.object_id != identity.object_id) {
        confirm.push(ConfirmReason::AnotherAccount { before: before.account.clone() });
    }
    Ok(Judged { account, confirm, to_prove: !signed_in_itself })
}

#[cfg(test)]
mod tests {
    use microsoft::{AccessToken, RefreshToken, read_me};

    use super::super::consent_attempt::tests::attempt;
    use super::*;

    struct Case {
        shared: bool,
        identity: Identity,
        profile: serde_json::Value,
        tokens: Tokens,
        tenant: Option<&'static str>,
        before: Option<Authentication>,
    }

    fn judged(change: impl Fn(&mut Case)) -> Result<Vec<ConfirmReason>, Code> {
        judged_fully(change).map(|judged| judged.confirm)
    }

    fn judged_fully(change: impl Fn(&mut Case)) -> Result<Judged, Code> {
        let mut case = Case {
            shared: false,
            identity: Identity {
                tenant_id: "t-1".into(),
                object_id: "o-1".into(),
                name: None,
                user_name: None,
                nonce: Some("nonce".into()),
            },
            profile: serde_json::json!({"id": "o-1", "mail": "Facturen@B.nl", "proxyAddresses": ["smtp:alias@b.nl"]}),
            tokens: Tokens {
                access: AccessToken::new("a".into()),
                expires_in_seconds: 3600,
                refresh: Some(RefreshToken::new("r".into())),
                scopes: vec!["https://graph.microsoft.com/Mail.Send".into()],
                id_token: None,
            },
            tenant: Some("T-1"),
            before: None,
        };
        change(&mut case);
        let profile = read_me(&microsoft::HttpResponse::new(case.profile.to_string().into_bytes())).unwrap();
        let signed_in = SignedIn {
            identity: &case.identity,
            profile: &profile,
            tokens: &case.tokens,
            organisation_tenant: case.tenant,
            before: case.before.as_ref(),
        };
        let endpoints =
            Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap();
        let attempt = ConsentAttempt { shared: case.shared, ..attempt() };
        judge(&attempt, signed_in, &endpoints).map_err(|problem| problem.code)
    }

    #[test]
    fn the_mailbox_itself_signs_in() {
        assert_eq!(judged(|_| {}), Ok(vec![]));
        assert_eq!(
            judged(|case| case.profile["mail"] = "x@b.onmicrosoft.com".into()),
            Err(Code::WrongAccount)
        );
        assert_eq!(
            judged(|case| {
                case.profile["mail"] = "anna@b.nl".into();
                case.profile["proxyAddresses"] = serde_json::json!(["smtp:FACTUREN@b.nl"]);
            }),
            Ok(vec![])
        );
    }

    #[test]
    fn everybody_else_is_refused_by_name() {
        assert_eq!(judged(|case| case.profile["mail"] = "anna@b.nl".into()), Err(Code::WrongAccount));
        assert_eq!(judged(|case| case.tenant = Some("t-2")), Err(Code::WrongTenant));
        assert_eq!(
            judged(|case| case.identity.tenant_id = "9188040d-6c67-4c5b-b112-36a304b66dad".into()),
            Err(Code::PersonalAccount)
        );
        assert_eq!(judged(|case| case.identity.nonce = Some("x".into())), Err(Code::ConsentMismatch));
        assert_eq!(judged(|case| case.identity.nonce = None), Err(Code::ConsentMismatch));
        assert_eq!(judged(|case| case.identity.object_id = "o-2".into()), Err(Code::ConsentMismatch));
    }

    #[test]
    fn a_guest_has_its_mailbox_elsewhere() {
        let guest = |case: &mut Case| {
            case.profile["userPrincipalName"] = "facturen_b.nl#EXT#@c.onmicrosoft.com".into();
        };
        assert_eq!(judged(guest), Err(Code::GuestAccount));
    }

    #[test]
    fn somebody_else_signs_a_shared_mailbox_in_and_has_to_prove_it() {
        let colleague = |case: &mut Case| {
            case.shared = true;
            case.profile["mail"] = "anna@b.nl".into();
            case.profile["proxyAddresses"] = serde_json::json!([]);
            case.tokens.scopes = vec!["Mail.Send".into(), "Mail.Send.Shared".into()];
        };
        assert!(judged_fully(colleague).unwrap().to_prove);
        assert!(!judged_fully(|case| case.tenant = Some("T-1")).unwrap().to_prove);
        let without = |case: &mut Case| {
            colleague(case);
            case.tokens.scopes = vec!["Mail.Send".into()];
        };
        assert_eq!(judged(without), Err(Code::PermissionMissing));
        let foreign = |case: &mut Case| {
            colleague(case);
            case.tenant = Some("t-2");
        };
        assert_eq!(judged(foreign), Err(Code::WrongTenant));
    }

    #[test]
    fn connected_needs_the_permission_and_a_refresh_token() {
        assert_eq!(
            judged(|case| case.tokens.scopes = vec!["User.Read".into()]),
            Err(Code::PermissionMissing)
        );
        assert_eq!(judged(|case| case.tokens.refresh = None), Err(Code::PermissionMissing));
    }

    #[test]
    fn a_first_tenant_is_confirmed() {
        assert_eq!(judged(|case| case.tenant = None), Ok(vec![ConfirmReason::PinTenant]));
    }
}
