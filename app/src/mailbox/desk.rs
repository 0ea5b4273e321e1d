//! What the parts of the E-mail server page share: the mailbox as last seen, what is typed, and what was last said.

use api::{AttemptId, ConfirmReason, MailboxId, MailboxView, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::announce::announce;
use crate::browser::http::{self, Trouble};
use crate::browser::language::Language;
use crate::browser::page;
use crate::consent::arrival::Answer;
use crate::consent::kept::Kept;
use crate::pages::session::Session;
use crate::settings::draft::{Draft, Field, Wrong};
use crate::words::state::StateWords;

/// What the page tells the person at the top, until it says something else.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Notice {
    Trouble {
        trouble: Trouble,
        at: f64,
        retry: Retry,
    },
    /// Microsoft sent the person back without a code.
    NotCompleted {
        error: String,
        description: Option<String>,
        at: f64,
    },
    TimedOut,
    Declined,
    Connected {
        who: String,
    },
    Removed,
}

/// What trying again would do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Retry {
    Nothing,
    Fetch,
    Save,
    Authenticate,
    Remove,
    Finish(Answer),
}

/// Where a sign-in stands.
#[derive(Clone, PartialEq)]
pub(crate) enum SignIn {
    Not,
    /// Asking the Worker for the address of Microsoft's page.
    Starting,
    /// The person is away.
    Away(Box<Kept>),
    /// The code is being redeemed.
    Finishing,
    /// A question stands open.
    Asks(Box<Question>),
}

/// [`api::ConsentOutcome::Confirm`] and what it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    pub(crate) attempt: AttemptId,
    pub(crate) account: String,
    pub(crate) tenant: String,
    pub(crate) reasons: Vec<ConfirmReason>,
}

/// The page's state; copied freely, because it only holds signals.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    pub(crate) language: Language,
    pub(crate) session: Session,
    pub(crate) mailbox: MailboxId,
    pub(crate) view: RwSignal<MailboxView>,
    /// This computer's clock when `view` came.
    fetched: RwSignal<f64>,
    /// Raised twice a minute, so that what is left of a token's life is told anew.
    tick: RwSignal<u32>,
    pub(crate) draft: RwSignal<Draft>,
    pub(crate) wrong: RwSignal<Vec<(Field, Wrong)>>,
    pub(crate) notice: RwSignal<Option<Notice>>,
    pub(crate) sign_in: RwSignal<SignIn>,
    pub(crate) fetching: RwSignal<bool>,
    pub(crate) saving: RwSignal<bool>,
}

impl Desk {
    pub(crate) fn new(view: MailboxView) -> Self {
        let language = Language::here();
        let draft = Draft::of(&view.settings, language.get_untracked());
        let desk = Self {
            language,
            session: Session::here(),
            mailbox: view.id,
            view: RwSignal::new(view),
            fetched: RwSignal::new(page::clock()),
            tick: RwSignal::new(0),
            draft: RwSignal::new(draft),
            wrong: RwSignal::new(Vec::new()),
            notice: RwSignal::new(None),
            sign_in: RwSignal::new(SignIn::Not),
            fetching: RwSignal::new(false),
            saving: RwSignal::new(false),
        };
        let half_a_minute = std::time::Duration::from_secs(30);
        if let Ok(timer) =
            set_interval_with_handle(move || desk.tick.update(|tick| *tick += 1), half_a_minute)
        {
            on_cleanup(move || timer.clear());
        }
        provide_context(desk);
        desk
    }

    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// The Worker's clock, going on since the last answer; tracked.
    pub(crate) fn now(self) -> Timestamp {
        self.tick.track();
        let passed = (page::clock() - self.fetched.get()).max(0.0);
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since a page was opened")]
        self.view.with(|view| view.now.plus_millis(passed as i64))
    }

    /// Whether the person went to another page while an answer was awaited; the signals are no more then.
    pub(crate) fn is_gone(self) -> bool {
        self.view.try_with_untracked(|_| ()).is_none()
    }

    /// Whether something is typed that is not saved; tracked.
    pub(crate) fn changed(self) -> bool {
        self.draft.with(|draft| self.view.with(|view| draft.differs(&view.settings)))
    }

    /// Takes a newer answer of the Worker. What is being typed stays.
    pub(crate) fn show(self, view: MailboxView) {
        let untouched = !untrack(|| self.changed());
        self.fetched.set(page::clock());
        if untouched {
            self.draft.set(Draft::of(&view.settings, self.language.get_untracked()));
        }
        self.view.set(view);
    }

    /// Throws away what is typed.
    pub(crate) fn undo(self) {
        let locale = self.language.get_untracked();
        self.draft.set(self.view.with_untracked(|view| Draft::of(&view.settings, locale)));
        self.wrong.set(Vec::new());
    }

    /// Says something that the person must read: it takes the focus, which also has it read out.
    pub(crate) fn alarm(self, notice: Notice) {
        self.notice.set(Some(notice));
        page::focus("notice");
    }

    pub(crate) fn trouble(self, trouble: Trouble, retry: Retry) {
        self.alarm(Notice::Trouble { trouble, at: page::clock(), retry });
    }

    /// The Status button: asks anew and says what came of it.
    pub(crate) fn fetch(self, aloud: bool) {
        if self.fetching.get_untracked() {
            return;
        }
        self.fetching.set(true);
        spawn_local(async move {
            let answer = fetch(self.mailbox).await;
            if self.is_gone() {
                return;
            }
            match answer {
                Ok(view) => {
                    let words =
                        StateWords::of(self.language.get_untracked(), view.state, &view.settings.address);
                    self.show(view);
                    if aloud {
                        self.forget_fetch_trouble();
                        announce(words.fetched);
                    }
                }
                Err(trouble) if aloud => self.trouble(trouble, Retry::Fetch),
                Err(_) => {}
            }
            self.fetching.set(false);
        });
    }

    fn forget_fetch_trouble(self) {
        let stale = self.notice.with_untracked(|notice| {
            matches!(notice, Some(Notice::Trouble { retry: Retry::Fetch, .. } | Notice::Removed))
        });
        if stale {
            self.notice.set(None);
        }
    }
}

pub(crate) async fn fetch(mailbox: MailboxId) -> Result<MailboxView, Trouble> {
    http::get(&format!("/api/mailboxes/{mailbox}")).await
}
