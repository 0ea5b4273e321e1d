//! Whose app registration is used, and what happens when it ends: the installation's or an organisation's own, with a secret
//! or a certificate, for one tenant or for many.

use api::{
    Code, CredentialType, MailboxState, MessageState, MessageView, Reason, RegistrationOwner,
    RegistrationView, Timestamp,
};
use end_to_end::certificate::Certificate;
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::sandbox::TENANT;
use end_to_end::{Options, Stack, random_text, scenario, until};
use serde_json::{Value, json};

const OWN: &str = "0a0b0c0d-0000-4000-8000-000000000002";
const FAR: &str = "2099-01-01T00:00:00Z";

/// Every send renews.
async fn eager(options: Options) -> Stack {
    let vars = vec![("RENEW_AFTER_SECONDS", "0".into())];
    Stack::start(Options { vars, ..options }).await
}

/// Registers an app at Microsoft for the organisation itself.
async fn registered(stack: &Stack, client_id: &str, besides: Value) -> String {
    let secret = random_text();
    let mut app = json!({
        "client_id": client_id, "client_secret": secret, "audience": "AzureADMyOrg", "tid": TENANT,
        "redirect_uris": [format!("{}/oauth/callback", stack.origin), format!("{}/oauth/approved", stack.origin)],
    });
    app.as_object_mut().unwrap().extend(besides.as_object().unwrap().clone());
    stack.sandbox.app(app).await;
    secret
}

fn with_secret(client_id: &str, value: &str, expires_at: &str) -> Value {
    let credential = json!({ "type": "secret", "value": value, "expires_at": expires_at });
    json!({ "client_id": client_id, "tenant": TENANT, "credential": credential })
}

#[test]
fn a_registration_is_tried_out_before_any_mailbox_depends_on_it() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = Company::new(&stack, "proef").await;
        let secret = registered(&stack, OWN, json!({})).await;
        let without_tenant = || {
            let mut wanted = with_secret(OWN, &secret, FAR);
            wanted.as_object_mut().unwrap().remove("tenant");
            wanted
        };
        let nobody = "99999999-0000-4000-8000-000000000009";
        for (wanted, pointer) in [
            (with_secret(OWN, "not the secret", FAR), "/credential"),
            (with_secret(nobody, &secret, FAR), "/client_id"),
            (json!({ "tenant": nobody }), "/tenant"),
            (with_secret("a b", &secret, FAR), "/client_id"),
            (with_secret(OWN, " ", FAR), "/credential/value"),
            // For one tenant only, and used for all.
            (without_tenant(), "/tenant"),
        ] {
            let mut whole = with_secret(OWN, &secret, FAR);
            whole.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
            if wanted.get("client_id").is_some() && wanted.get("tenant").is_none() {
                whole.as_object_mut().unwrap().remove("tenant");
            }
            let problem = company.register(&whole).await.expect(422).problem();
            assert_eq!(problem.code, Code::FieldsRefused);
            assert_eq!(problem.errors[0].pointer, pointer, "{problem:?}");
            assert!(!format!("{problem:?}").contains(&secret));
        }
        let path = format!("/operator/organisations/{}/registration", company.id);
        let view: RegistrationView = Answer::to(stack.as_operator("GET", &path)).await.expect(200).json();
        assert_eq!(view.owner, RegistrationOwner::Installation, "nothing was saved");
        let stranger = Answer::to(stack.with_key("GET", &path, &company.key)).await;
        assert_eq!(stranger.expect(401).problem().code, Code::CredentialsRefused);
    });
}

#[test]
fn an_organisations_own_registration_signs_in_renews_and_ends_on_its_own() {
    scenario(async {
        let stack = eager(Options::default()).await;
        let secret = registered(&stack, OWN, json!({})).await;
        let company = Company::new(&stack, "eigen").await;
        company.register(&with_secret(OWN, &secret, FAR)).await.expect(200);
        // The installation's own app is no help here.
        stack.sandbox.change_app(stack.client_id(), json!({ "disabled": true })).await;
        let (person, account) = (company.person().await, &company.account);
        assert_eq!(person.begin().await.begun.client_id, OWN);
        let view = person.sign_in(account).await;
        let registration = view.registration.unwrap();
        assert_eq!(
            (registration.owner, registration.client_id.as_str(), registration.credential),
            (RegistrationOwner::Organisation, OWN, CredentialType::Secret)
        );
        company.hand_over(&letter(&account.upn, "Eigen app")).await;
        until("it was renewed", async || {
            (stack.sandbox.grants(account, "refresh_token").await > 0).then_some(())
        })
        .await;

        stack.sandbox.change_app(OWN, json!({ "secret_expired": true })).await;
        company.hand_over(&letter(&account.upn, "Laatste")).await;
        let view = until("the secret's end is noticed", async || {
            let view = person.view().await;
            view.trouble.is_some().then_some(view)
        })
        .await;
        assert_eq!(view.state, MailboxState::RegistrationBroken);
        assert_eq!(view.trouble.unwrap().reason, Some(Reason::SecretExpired));
        let held: MessageView =
            company.post(&letter(&account.upn, "Wacht"), Some(5)).await.expect(200).json();
        assert_eq!((held.state, held.failure.unwrap().code), (MessageState::Held, Code::RegistrationBroken));

        // A new secret, and nobody has to sign in.
        let renewed = random_text();
        let change = json!({ "secret_expired": false, "client_secret": renewed });
        stack.sandbox.change_app(OWN, change).await;
        company.register(&with_secret(OWN, &renewed, FAR)).await.expect(200);
        assert_eq!(person.check_again().await.state, MailboxState::Ready);
        company.until(held.id, MessageState::HandedOver).await;
        assert_eq!(stack.sandbox.grants(account, "authorization_code").await, 1);
    });
}

#[test]
fn another_registration_asks_for_another_sign_in() {
    scenario(async {
        let stack = eager(Options::default()).await;
        let secret = registered(&stack, OWN, json!({})).await;
        let company = Company::signed_in(&stack, "wissel").await;
        company.register(&with_secret(OWN, &secret, FAR)).await.expect(200);
        let before = stack.sandbox.grants(&company.account, "refresh_token").await;
        company.hand_over(&letter(&company.account.upn, "Nog met het oude")).await;
        let person = company.person().await;
        let view = until("it is noticed", async || {
            let view = person.view().await;
            view.trouble.is_some().then_some(view)
        })
        .await;
        assert_eq!(view.state, MailboxState::SignInAgain);
        assert_eq!(view.trouble.unwrap().reason, Some(Reason::RegistrationChanged));
        assert_eq!(
            stack.sandbox.grants(&company.account, "refresh_token").await,
            before,
            "Microsoft was not asked"
        );
        assert_eq!(person.sign_in(&company.account).await.state, MailboxState::Ready);
        company.hand_over(&letter(&company.account.upn, "Met het nieuwe")).await;
        // And back to the installation's.
        let path = format!("/operator/organisations/{}/registration", company.id);
        Answer::to(stack.as_operator("DELETE", &path)).await.expect(200);
        assert_eq!(person.begin().await.begun.client_id, stack.client_id());
    });
}

#[test]
fn a_certificate_proves_the_app_instead_of_a_secret() {
    scenario(async {
        let stack = eager(Options::default()).await;
        let (ours, other) = (Certificate::new(2049), Certificate::new(2049));
        registered(&stack, OWN, json!({ "client_secret": null })).await;
        stack.sandbox.change_app(OWN, json!({ "certificates": [ours.certificate] })).await;
        let company = Company::new(&stack, "bewijs").await;
        let wanted = |certificate: &str, private_key: &str| {
            let credential =
                json!({ "type": "certificate", "certificate": certificate, "private_key": private_key });
            json!({ "client_id": OWN, "tenant": TENANT, "credential": credential })
        };
        for (certificate, private_key, pointer) in [
            ("nonsense", ours.private_key.as_str(), "/credential/certificate"),
            (&ours.certificate, "nonsense", "/credential/private_key"),
            (&ours.certificate, &other.private_key, "/credential/private_key"),
            (&other.certificate, &other.private_key, "/credential"),
        ] {
            let problem = company.register(&wanted(certificate, private_key)).await.expect(422).problem();
            assert_eq!(problem.errors[0].pointer, pointer, "{problem:?}");
        }
        let answer = company.register(&wanted(&ours.certificate, &ours.private_key)).await;
        let view: RegistrationView = answer.expect(200).json();
        assert_eq!(view.credential, CredentialType::Certificate);
        assert!(view.expires_at.unwrap().to_string().starts_with("2049-12-31"));
        let (person, account) = (company.person().await, &company.account);
        person.sign_in(account).await;
        company.hand_over(&letter(&account.upn, "Met certificaat")).await;
        until("it was renewed", async || {
            (stack.sandbox.grants(account, "refresh_token").await > 0).then_some(())
        })
        .await;

        stack.sandbox.change_app(OWN, json!({ "certificates": [other.certificate] })).await;
        company.hand_over(&letter(&account.upn, "Laatste")).await;
        let trouble = until("it is noticed", async || person.view().await.trouble).await;
        assert_eq!(
            (trouble.code, trouble.reason),
            (Code::RegistrationBroken, Some(Reason::CertificateWrong))
        );
        company.register(&wanted(&other.certificate, &other.private_key)).await.expect(200);
        assert_eq!(person.check_again().await.state, MailboxState::Ready);
        for file in files(&stack.state()) {
            let bytes = std::fs::read(&file).unwrap();
            let key = other.private_key.lines().nth(3).unwrap().as_bytes();
            assert!(
                !bytes.windows(key.len()).any(|window| window == key),
                "{} holds the key",
                file.display()
            );
        }
    });
}

#[test]
fn the_installation_itself_may_have_a_certificate() {
    scenario(async {
        let ours = Certificate::new(2049);
        let credential = format!("{}{}", ours.certificate, ours.private_key);
        let stack = eager(Options { credential: Some(credential), ..Options::default() }).await;
        stack.sandbox.change_app(stack.client_id(), json!({ "certificates": [ours.certificate] })).await;
        let company = Company::signed_in(&stack, "huis").await;
        company.hand_over(&letter(&company.account.upn, "Met certificaat")).await;
        let registration = company.person().await.view().await.registration.unwrap();
        assert_eq!(
            (registration.owner, registration.credential),
            (RegistrationOwner::Installation, CredentialType::Certificate)
        );
        until("it was renewed", async || {
            (stack.sandbox.grants(&company.account, "refresh_token").await > 0).then_some(())
        })
        .await;
    });
}

#[test]
fn people_are_warned_before_a_secret_ends() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let secret = registered(&stack, OWN, json!({})).await;
        let company = Company::new(&stack, "einddatum").await;
        let person = company.person().await;
        let now = person.view().await.now;
        for (days, warned) in [(40, None), (30, Some(30)), (14, Some(14)), (3, Some(3)), (-2, Some(-2))] {
            let ends: Timestamp = now.plus_seconds(days * 24 * 3600 + 3600);
            company.register(&with_secret(OWN, &secret, &ends.to_string())).await.expect(200);
            let registration = person.view().await.registration.unwrap();
            assert_eq!(
                (registration.warn_days_left, registration.expires_at),
                (warned, Some(ends)),
                "{days} days"
            );
        }
    });
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
