//! Which Microsoft tenant an organisation belongs to.

use api::{Code, ConfirmReason, ConsentOutcome, MailboxState};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::sandbox::TENANT;
use end_to_end::{Stack, scenario};
use serde_json::json;

const STRANGERS: &str = "c0ffee00-1d8e-4b6f-9c53-0a1b2c3d4e5f";

#[test]
fn the_first_sign_in_proposes_a_tenant_and_a_person_confirms_it() {
    scenario(async {
        let company = Company::in_tenant(Stack::shared().await, "eerste", None).await;
        let person = company.person().await;
        for confirmed in [false, true] {
            let mut sign_in = person.begin().await;
            sign_in.at_microsoft(&company.account).await;
            let outcome: ConsentOutcome = person.finish(&sign_in).await.expect(200).json();
            let ConsentOutcome::Confirm { account, tenant, reasons } = outcome else { panic!("{outcome:?}") };
            assert_eq!((account.address.as_str(), tenant.as_str()), (company.account.upn.as_str(), TENANT));
            assert_eq!(reasons, [ConfirmReason::PinTenant]);
            assert_eq!(person.view().await.authentication, None, "nothing counts before the answer");
            let answer = person.answer(&sign_in, confirmed).await;
            let state = person.view().await.state;
            if confirmed {
                let ConsentOutcome::Connected { mailbox } = answer.expect(200).json() else {
                    panic!("asks again")
                };
                assert_eq!((mailbox.state, state), (MailboxState::Ready, MailboxState::Ready));
            } else {
                assert_eq!((answer.status, state), (204, MailboxState::NotAuthenticated));
            }
        }

        // From now on that tenant goes without saying, and no other one.
        let colleague = company.stack.sandbox.account("collega").await;
        let second = company.add_mailbox(&colleague).await;
        assert_eq!(person.at(second).sign_in(&colleague).await.state, MailboxState::Ready);
        let stranger = company.stack.sandbox.account_with("vreemde", json!({ "tid": STRANGERS })).await;
        let third = company.add_mailbox(&stranger).await;
        let begun = person.at(third).begin().await.begun;
        assert!(begun.authorization_endpoint.contains(TENANT), "{}", begun.authorization_endpoint);
    });
}

#[test]
fn while_two_sign_ins_wait_for_an_answer_the_first_answer_decides_the_tenant() {
    scenario(async {
        let company = Company::in_tenant(Stack::shared().await, "twee", None).await;
        let person = company.person().await;
        let stranger = company.stack.sandbox.account_with("andere", json!({ "tid": STRANGERS })).await;
        let others = person.at(company.add_mailbox(&stranger).await);
        let (mut ours, mut theirs) = (person.begin().await, others.begin().await);
        ours.at_microsoft(&company.account).await;
        theirs.at_microsoft(&stranger).await;
        person.finish(&ours).await.expect(200);
        others.finish(&theirs).await.expect(200);
        person.answer(&ours, true).await.expect(200);
        let problem = others.answer(&theirs, true).await.expect(409).problem();
        assert_eq!(problem.code, Code::WrongTenant);
        assert_eq!(others.view().await.authentication, None);
    });
}

#[test]
fn a_tenant_is_an_id_or_a_domain_name() {
    scenario(async {
        let stack = Stack::shared().await;
        for tenant in
            ["", "../../evil", "common", "a b.nl", "-x.nl", "x..nl", "11111111-2222-3333-4444-55555555555g"]
        {
            let wanted = json!({ "name": "verkeerd", "tenant": tenant, "mailboxes": [] });
            let request = stack.as_operator("POST", "/operator/organisations").json(&wanted);
            let problem = Answer::to(request).await.expect(422).problem();
            let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!((problem.code, pointers), (Code::FieldsRefused, vec!["/tenant"]), "{tenant:?}");
        }
        for tenant in [STRANGERS, "contoso.onmicrosoft.com", "xn--mller-kva.nl"] {
            let wanted = json!({ "name": "goed", "tenant": tenant, "mailboxes": [] });
            Answer::to(stack.as_operator("POST", "/operator/organisations").json(&wanted)).await.expect(201);
        }
    });
}
