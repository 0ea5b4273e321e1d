//! The HTML of one mail, for the frame on its page.
//!
//! Never: a script, a request to anywhere, an origin of its own. The frame has an empty `sandbox` attribute, and this
//! answer says the same in its policy, so that opening it directly is no way around.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{inbox::Mail, state::Sandbox};

const POLICY: &str = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; \
                      base-uri 'none'; form-action 'none'";

pub(crate) async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<u64>) -> Response {
    let mail = sandbox.store().inbox.find(id);
    let Some(html) = mail.as_ref().and_then(|mail| mail.html.as_deref().map(|html| with_images(html, mail)))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(html)).into_response()
}

/// `cid:` becomes `data:`, longest id first, so that `logo1` does not bite into `logo10`.
fn with_images(html: &str, mail: &Mail) -> String {
    let mut images: Vec<_> = mail
        .attachments
        .iter()
        .filter_map(|image| image.content_id.as_deref().map(|id| (id, image)))
        .collect();
    images.sort_by_key(|(id, _)| std::cmp::Reverse(id.len()));
    images.into_iter().filter(|(id, image)| !id.is_empty() && image.content_type.starts_with("image/")).fold(
        html.to_owned(),
        |html, (id, image)| {
            let data = format!("data:{};base64,{}", image.content_type, STANDARD.encode(&image.content));
            html.replace(&format!("cid:{id}"), &data)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inbox::Attachment, testing};

    #[test]
    fn the_longer_id_is_not_bitten() {
        let image = |id: &str, content: &[u8]| Attachment {
            filename: None,
            content_type: "image/png".into(),
            content_id: Some(id.into()),
            inline: true,
            content: content.to_vec(),
        };
        let mail = Mail { attachments: vec![image("logo1", b"a"), image("logo10", b"b")], ..testing::mail() };
        let html = with_images("<img src=cid:logo10><img src=cid:logo1>", &mail);
        assert_eq!(html, "<img src=data:image/png;base64,Yg==><img src=data:image/png;base64,YQ==>");
    }
}
