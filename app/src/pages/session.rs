//! Whose pages these are: the session that a link opened.

use api::{Code, OpenSession, SessionView};
use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::http::{self, Trouble};

const PATH: &str = "/api/session";

/// Something that is being fetched.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Loaded<T> {
    Waiting,
    Here(T),
    Trouble(Trouble),
}

/// The session, for every component below.
#[derive(Clone, Copy)]
pub(crate) struct Session(pub(crate) RwSignal<Loaded<SessionView>>);

impl Session {
    pub(crate) fn provide() -> Self {
        let session = Self(RwSignal::new(Loaded::Waiting));
        provide_context(session);
        session
    }

    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// Asks for it anew, showing that it does.
    pub(crate) fn load(self) {
        self.0.set(Loaded::Waiting);
        spawn_local(async move {
            self.0.set(match http::get(PATH).await {
                Ok(view) => Loaded::Here(view),
                Err(trouble) => Loaded::Trouble(trouble),
            });
        });
    }

    /// Asks for it anew behind the page; what is shown stays when that fails.
    pub(crate) fn refresh(self) {
        spawn_local(async move {
            if let Ok(view) = http::get(PATH).await {
                self.0.set(Loaded::Here(view));
            }
        });
    }

    /// Whether this browser has one; not being able to ask is no.
    pub(crate) async fn is_open(self) -> bool {
        match http::get(PATH).await {
            Ok(view) => {
                self.0.set(Loaded::Here(view));
                true
            }
            Err(_) => false,
        }
    }

    /// Trades a link for a session. A spent link is no trouble when a session is there already.
    pub(crate) async fn open(self, link: String) -> Result<(), Trouble> {
        let opened = http::post(PATH, &OpenSession { link }).await;
        let view = match opened {
            Err(trouble) if trouble.code() == Some(Code::LinkSpent) => {
                http::get(PATH).await.map_err(|_| trouble)?
            }
            opened => opened?,
        };
        self.0.set(Loaded::Here(view));
        Ok(())
    }

    /// Ends it, here and at the Worker.
    pub(crate) fn end(self) {
        spawn_local(async move {
            let _ = http::tell::<()>(Method::DELETE, PATH, None).await;
            self.load();
        });
    }
}
