use api::{Code, Problem};
use axum::extract::Path;

use crate::routes::answer::{Answer, of_type};

/// `GET /problems/{code}`: where a problem document's `type` leads, about the version that is deployed.
pub(super) async fn page(Path(word): Path<String>) -> Answer {
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
    Ok(of_type("text/plain; charset=utf-8", text))
}
