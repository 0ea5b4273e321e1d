//! A sign-in counts once, in the session that began it.

use api::{Code, ConsentOutcome, MailboxState};
use end_to_end::company::Company;
use end_to_end::{Stack, random_text, scenario};
use futures_util::future::join;

#[test]
fn a_double_post_has_one_outcome_and_one_redemption() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "dubbel").await;
        let person = company.person().await;
        assert_eq!(person.view().await.state, MailboxState::NotAuthenticated);
        let mut sign_in = person.begin().await;
        assert_eq!(person.view().await.state, MailboxState::SigningIn);
        sign_in.at_microsoft(&company.account).await;
        let (first, second) = join(person.finish(&sign_in), person.finish(&sign_in)).await;
        let late = person.finish(&sign_in).await;
        for answer in [first, second, late] {
            let ConsentOutcome::Connected { mailbox } = answer.expect(200).json() else { panic!("asked") };
            let authentication = mailbox.authentication.unwrap();
            assert_eq!(
                (mailbox.state, authentication.account.address),
                (MailboxState::Ready, company.account.upn.clone())
            );
        }
        let sandbox = &company.stack.sandbox;
        assert_eq!(sandbox.grants(&company.account, "authorization_code").await, 1);
        assert_eq!(
            sandbox.issued().await.codes.iter().filter(|code| **code == sign_in.finish.code).count(),
            1
        );
    });
}

#[test]
fn an_answer_with_a_foreign_state_nonce_or_verifier_is_refused_before_microsoft_is_asked() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "vreemd").await;
        let person = company.person().await;
        let mut sign_in = person.begin().await;
        sign_in.at_microsoft(&company.account).await;
        for change in ["state", "nonce", "verifier"] {
            let mut other = sign_in.clone();
            *match change {
                "state" => &mut other.finish.state,
                "nonce" => &mut other.finish.nonce,
                _ => &mut other.finish.verifier,
            } = random_text();
            let problem = person.finish(&other).await.expect(409).problem();
            assert_eq!(problem.code, Code::ConsentMismatch, "{change}");
        }
        let sandbox = &company.stack.sandbox;
        assert_eq!(sandbox.grants(&company.account, "authorization_code").await, 0);
        // It did not use the attempt up: the right answer still counts.
        person.finish(&sign_in).await.expect(200);
    });
}

#[test]
fn a_sign_in_belongs_to_the_session_that_began_it() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "sessie").await;
        let (anna, other) = (company.person().await, company.person().await);
        let mut sign_in = anna.begin().await;
        sign_in.at_microsoft(&company.account).await;
        let problem = other.finish(&sign_in).await.expect(409).problem();
        assert_eq!(problem.code, Code::ConsentAttemptEnded);
        assert_eq!(company.stack.sandbox.grants(&company.account, "authorization_code").await, 0);
        anna.finish(&sign_in).await.expect(200);
    });
}

#[test]
fn whoever_else_signs_in_is_told_so_and_changes_nothing() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "ander").await;
        let person = company.person().await;
        let before = person.view().await.authentication.unwrap();
        let somebody = company.stack.sandbox.account("iemand").await;
        let mut sign_in = person.begin().await;
        sign_in.at_microsoft(&somebody).await;
        let problem = person.finish(&sign_in).await.expect(409).problem();
        assert_eq!(problem.code, Code::WrongAccount, "{problem:?}");
        let after = person.view().await;
        assert_eq!((after.state, after.authentication), (MailboxState::Ready, Some(before)));
    });
}
