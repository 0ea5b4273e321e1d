use axum::body::Body;
use axum::http::Response;

use super::answer::{Answer, with_type};
use crate::objects::Object;
use crate::objects::mailbox::BeginTest;

/// Tests the mail server of a mailbox, and passes the lines on as they come.
pub(super) async fn test_server(mailbox: &Object) -> Answer<Response<Body>> {
    let answer = mailbox.stream(&BeginTest {}).await?.map(Body::new);
    Ok(with_type(answer, "application/x-ndjson"))
}
