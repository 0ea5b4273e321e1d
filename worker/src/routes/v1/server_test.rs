use api::{Code, FieldError, Problem, TestServer};

use crate::routes::answer::Answer;
use crate::routes::auth::Erp;
use crate::routes::body::SmallJson;
use crate::routes::server_test::test_server;

/// `POST /v1/test`: tests the mail server of a mailbox, for an ERP or the person who sets one up.
#[worker::send]
pub(super) async fn run(erp: Erp, SmallJson(test): SmallJson<TestServer>) -> Answer {
    let from = test.from.parse().map_err(|_| {
        let error =
            FieldError { pointer: "/from".into(), detail: "an address looks like a@example.nl".into() };
        Problem::new(Code::FieldsRefused, "from is not an address").with_errors(vec![error])
    })?;
    let mailbox = erp.sends_from(from).await?;
    test_server(&erp.mailbox(mailbox)?).await
}
