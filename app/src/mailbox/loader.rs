//! From an address to a mailbox: which one, fetched, and shown.

use api::{Code, MailboxId, MailboxView};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;

use super::add::AddFirst;
use super::desk::{self, Desk, Notice};
use super::notice::NoticeBoard;
use super::picker::Picker;
use crate::browser::http::Trouble;
use crate::browser::language::{Language, t};
use crate::browser::page;
use crate::consent::flow;
use crate::pages::failed::CouldNotLoad;
use crate::pages::no_session::NoSession;
use crate::pages::session::{Loaded, Session};
use crate::parts::skeleton::Skeleton;
use crate::parts::title::{Failing, PageTitle};
use crate::settings::SettingsForm;
use crate::status::StatusPanel;

/// What the page is about, as far as it is known.
#[derive(Clone, PartialEq)]
enum About {
    Waiting,
    /// The session could not be fetched, or there is none.
    Trouble(Trouble),
    /// The organisation has no mailbox yet.
    NoMailbox(String),
    Mailbox(MailboxId),
    /// The address names none that can be.
    Unknown,
}

/// `/` and `/mailboxes/{id}`.
#[component]
pub(crate) fn MailboxPage() -> impl IntoView {
    let (session, params) = (Session::here(), use_params_map());
    let about = Memo::new(move |_| {
        let wanted = params.with(|params| params.get("id"));
        match session.0.get() {
            Loaded::Waiting => About::Waiting,
            Loaded::Trouble(trouble) => About::Trouble(trouble),
            Loaded::Here(session) => match (wanted, session.mailboxes.first()) {
                (Some(id), _) => id.parse().map_or(About::Unknown, About::Mailbox),
                (None, Some(first)) => About::Mailbox(first.id),
                (None, None) => About::NoMailbox(session.name),
            },
        }
    });
    Effect::new(move |before: Option<About>| {
        let now = about.get();
        if let (Some(About::Mailbox(before)), About::Mailbox(now)) = (before, &now)
            && before != *now
        {
            page::focus("title");
        }
        now
    });
    move || match about.get() {
        About::Trouble(trouble) if trouble.code().is_some_and(|code| code.status() == 401) => {
            view! { <NoSession trouble=Some(trouble)/> }.into_any()
        }
        About::Trouble(trouble) => {
            view! { <Heading/><CouldNotLoad trouble retry=move || session.load()/> }.into_any()
        }
        About::Waiting => view! { <Heading/><Skeleton/> }.into_any(),
        About::NoMailbox(organisation) => view! { <Heading/><AddFirst organisation/> }.into_any(),
        About::Unknown => view! { <Unknown/> }.into_any(),
        About::Mailbox(id) => view! { <Heading/><Picker id/><OneMailbox id/> }.into_any(),
    }
}

#[component]
fn Heading() -> impl IntoView {
    let language = Language::here();
    view! {
        <div class="heading">
            <PageTitle text=Signal::derive(move || t!(language, page.mailbox.title)().to_owned())/>
            <p class="lead">{t!(language, page.mailbox.lead)}</p>
        </div>
    }
}

#[component]
fn Unknown() -> impl IntoView {
    let language = Language::here();
    view! {
        <div class="prose" id="missing">
            <PageTitle text=Signal::derive(move || t!(language, page.missing.mailbox_title)().to_owned())/>
            <p class="lead">{t!(language, page.missing.mailbox_lead)}</p>
            <p><a class="button" href="/">{t!(language, page.open.go_on)}</a></p>
        </div>
    }
}

/// Below the heading and the list, which leads to the ones that do exist.
#[component]
fn Gone() -> impl IntoView {
    let language = Language::here();
    view! {
        <section class="notice" data-tone="attention" id="missing">
            <h2 class="notice__heading">{t!(language, page.missing.mailbox_title)}</h2>
            <p>{t!(language, page.missing.mailbox_lead)}</p>
        </section>
    }
}

#[component]
fn OneMailbox(id: MailboxId) -> impl IntoView {
    let loaded = RwSignal::new(Loaded::Waiting);
    let load = move || {
        loaded.set(Loaded::Waiting);
        spawn_local(async move {
            let answer = desk::fetch(id).await;
            loaded.try_set(match answer {
                Ok(view) => Loaded::Here(view),
                Err(trouble) => Loaded::Trouble(trouble),
            });
        });
    };
    load();
    move || match loaded.get() {
        Loaded::Waiting => view! { <Skeleton/> }.into_any(),
        Loaded::Trouble(trouble) if trouble.code() == Some(Code::NotFound) => view! { <Gone/> }.into_any(),
        Loaded::Trouble(trouble) => view! { <CouldNotLoad trouble retry=load/> }.into_any(),
        Loaded::Here(view) => view! { <AtTheDesk view/> }.into_any(),
    }
}

#[component]
fn AtTheDesk(view: MailboxView) -> impl IntoView {
    let desk = Desk::new(view);
    let failing: Failing = expect_context();
    Effect::new(move || {
        let troubled = desk.notice.with(|notice| matches!(notice, Some(Notice::Trouble { .. })));
        failing.now.set(troubled || desk.wrong.with(|wrong| !wrong.is_empty()));
    });
    on_cleanup(move || failing.now.set(false));
    flow::attend(desk);
    // A connection that comes back is used, without being asked.
    let online = window_event_listener(leptos::ev::online, move |_| desk.fetch(true));
    on_cleanup(move || online.remove());
    view! {
        <NoticeBoard/>
        <StatusPanel/>
        <SettingsForm/>
    }
}
