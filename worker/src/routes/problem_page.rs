use api::{Code, Problem};
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Response, header};

use super::Answer;

/// `GET /problems/{code}`: where a problem document's `type` leads, about the version that is deployed.
pub(super) async fn problem_page(Path(word): Path<String>) -> Answer {
    let code = Code::ALL.iter().find(|code| code.as_str() == word);
    let code = code.ok_or_else(|| Problem::new(Code::NotFound, "there is no problem of that name"))?;
    let again =
        if code.retryable() { "Yes: it passes by itself." } else { "Not before something has changed." };
    let (title, action) = (code.title(), code.action());
    let text = format!(
        "{title}\n\ncode       {word}\nstatus     {}\nfixed by   {:?}\ntry again  {again}\n\nWhat to do\n{action}\n",
        code.status(),
        code.fix_by(),
    );
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(response)
}
