use end_to_end::company::Company;
use end_to_end::message::letter;
use end_to_end::{Stack, scenario};

#[test]
fn a_letter() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "letter").await;
        company.hand_over(&letter(&company.account.upn, "Factuur 1")).await;
        assert_eq!(company.mails().await.len(), 1);
    });
}
