//! `/open#…`: a link trades itself for a session and goes on to the page.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::failed::CouldNotLoad;
use super::no_session::NoSession;
use super::session::Session;
use crate::browser::http::Trouble;
use crate::browser::language::{Language, t};
use crate::consent::arrival::{Arrival, Arrived};
use crate::parts::skeleton::Skeleton;
use crate::parts::title::PageTitle;

/// The landing page of a link.
#[component]
pub(crate) fn OpenPage() -> impl IntoView {
    let Arrived(arrival) = expect_context();
    // Taken, so that going back in the history does not post it again.
    let link = match arrival.try_update_value(|arrival| std::mem::replace(arrival, Arrival::Plain)) {
        Some(Arrival::Link(link)) => link,
        _ => None,
    };
    match link {
        Some(link) => view! { <Opening link/> }.into_any(),
        None => view! { <NoLink/> }.into_any(),
    }
}

#[component]
fn Opening(link: String) -> impl IntoView {
    let language = Language::here();
    let session = Session::here();
    let trouble = RwSignal::new(None::<Trouble>);
    let navigate = StoredValue::new_local(use_navigate());
    let link = StoredValue::new(link);
    let open = move || {
        trouble.set(None);
        spawn_local(async move {
            match session.open(link.get_value()).await {
                Ok(()) => {
                    let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
                    navigate.with_value(|navigate| navigate("/", options));
                }
                Err(error) => trouble.set(Some(error)),
            }
        });
    };
    open();
    move || match trouble.get() {
        None => view! {
            <div class="prose">
                <PageTitle text=Signal::derive(move || t!(language, page.open.title)().to_owned())/>
                <p class="lead">{t!(language, page.open.lead)}</p>
                <Skeleton/>
            </div>
        }
        .into_any(),
        // The link may still be good: it was not seen by the Worker, or the Worker was not itself.
        Some(trouble @ (Trouble::Unreachable | Trouble::Unreadable { .. })) => view! {
            <PageTitle text=Signal::derive(move || t!(language, page.open.title)().to_owned())/>
            <CouldNotLoad trouble retry=open/>
        }
        .into_any(),
        Some(trouble) => view! { <NoSession trouble=Some(trouble)/> }.into_any(),
    }
}

#[component]
fn NoLink() -> impl IntoView {
    let language = Language::here();
    view! {
        <div class="prose">
            <PageTitle text=Signal::derive(move || t!(language, page.open.no_link)().to_owned())/>
            <p class="lead">{t!(language, page.open.no_link_lead)}</p>
            <p><a class="button" href="/" rel="external">{t!(language, page.open.go_on)}</a></p>
        </div>
    }
}
