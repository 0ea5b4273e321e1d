use api::{Code, OpenSession, OrganisationId, Problem, SessionId, SessionView, Timestamp};
use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse as _;
use gateway::sealing::Mint;
use gateway::sealing::purpose::{Link, Session};

use crate::host::{now, random};
use crate::objects::organisation::{EndSession, OpenLink, SessionHolder, UseSession};
use crate::routes::answer::{Answer, Json, no_content};
use crate::routes::auth::{COOKIE, Employee, OwnPage, hash_text};
use crate::routes::body::SmallJson;

/// A session lasts a working day, in seconds.
const SESSION_SECONDS: i64 = 12 * 3600;

/// `GET /api/session`: whose pages these are.
#[worker::send]
pub(super) async fn show(employee: Employee) -> Answer<Json<SessionView>> {
    Ok(Json(view(employee.organisation, employee.holder)))
}

/// `POST /api/session`: trades a link for a session.
#[worker::send]
pub(super) async fn open(page: OwnPage, SmallJson(OpenSession { link }): SmallJson<OpenSession>) -> Answer {
    let mint = Mint::new(&page.installation.config.ring);
    let spent = || Problem::new(Code::LinkSpent, "this is not a link of this installation");
    let link = mint.check::<Link>(link.trim()).ok_or_else(spent)?;
    let at = now();
    let id = SessionId::new(at, random()?);
    let session = mint.make::<Session>(link.organisation, id, random()?);
    let hash = hash_text(&session.hash);
    let call = OpenLink {
        id: link.id,
        hash: hash_text(&link.hash),
        session: id,
        session_hash: hash.clone(),
        at,
        session_ends_at: at.plus_seconds(SESSION_SECONDS),
    };
    let organisation = page.installation.organisation(link.organisation)?;
    organisation.call(&call).await?;
    let holder = organisation.call(&UseSession { id, hash, at }).await?;
    let mut answer = Json(view(link.organisation, holder)).into_response();
    set_cookie(&mut answer, &session.text, SESSION_SECONDS)?;
    Ok(answer)
}

/// `DELETE /api/session`
#[worker::send]
pub(super) async fn end(employee: Employee) -> Answer {
    let call = EndSession { id: employee.session.id, hash: hash_text(&employee.session.hash), at: now() };
    employee.organisation()?.call(&call).await?;
    let mut answer = no_content();
    set_cookie(&mut answer, "", 0)?;
    Ok(answer)
}

fn view(organisation: OrganisationId, holder: SessionHolder) -> SessionView {
    let ends_at: Timestamp = holder.ends_at;
    SessionView { organisation, name: holder.name, mailboxes: holder.mailboxes, ends_at }
}

/// `Strict`: the way back from Microsoft loads a page, and that page itself asks with the cookie.
fn set_cookie(answer: &mut Response<Body>, value: &str, seconds: i64) -> Result<(), Problem> {
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict");
    let mut cookie =
        HeaderValue::from_str(&cookie).map_err(|_| Problem::new(Code::Internal, "cannot encode cookie"))?;
    cookie.set_sensitive(true);
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(())
}
