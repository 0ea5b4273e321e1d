//! What is around every page: language, colours, session, routes, header and footer.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::browser::language::{Language, t};
use crate::consent::arrival::{Arrival, Arrived};
use crate::consent::flow::Pending;
use crate::mailbox::MailboxPage;
use crate::pages::callback::CallbackPage;
use crate::pages::missing::MissingPage;
use crate::pages::open::OpenPage;
use crate::pages::session::Session;
use crate::parts::footer::Footer;
use crate::parts::header::Header;
use crate::parts::offline::OfflineBanner;
use crate::parts::title::Failing;

/// Everything.
pub(crate) fn view(arrival: Arrival) -> impl IntoView {
    let language = Language::provide();
    let landing = arrival != Arrival::Plain;
    provide_context(Arrived(StoredValue::new(arrival)));
    provide_context(Pending(RwSignal::new(None)));
    provide_context(Failing::new());
    let session = Session::provide();
    if !landing {
        session.load();
    }
    view! {
        <Router>
            <a class="skip" href="#content" rel="external">{t!(language, shell.skip)}</a>
            <Header/>
            <OfflineBanner/>
            <main id="content" class="page" tabindex="-1">
                <Routes fallback=|| view! { <MissingPage/> }>
                    <Route path=path!("/") view=MailboxPage/>
                    <Route path=path!("/mailboxes/:id") view=MailboxPage/>
                    <Route path=path!("/open") view=OpenPage/>
                    <Route path=path!("/oauth/callback") view=CallbackPage/>
                </Routes>
            </main>
            <Footer/>
        </Router>
    }
}
