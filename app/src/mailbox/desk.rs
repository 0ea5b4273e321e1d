//! What the parts of the E-mail server page share: the mailbox as last seen, what is typed, and what was last said.

use api::{AttemptId, ConfirmReason, MailboxId, MailboxSettings, MailboxView, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;

use super::server_test::TestRun;
use crate::browser::announce::announce;
use crate::browser::http::{self, Trouble};
use crate::browser::language::Language;
use crate::browser::page;
use crate::consent::arrival::Answer;
use crate::consent::kept::Kept;
use crate::pages::session::Session;
use crate::settings::draft::Draft;
use crate::settings::field::{Field, Wrong};
use crate::words::state;

/// How often the page asks anew while messages wait.
const POLL: std::time::Duration = std::time::Duration::from_secs(5);

/// What the page tells the person at the top, until it says something else.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Notice {
    Trouble {
        trouble: Trouble,
        at: f64,
        retry: Retry,
    },
    /// Two people changed the settings at once: what is stored now differs from what is typed.
    Conflict {
        stored: Box<MailboxView>,
    },
    TimedOut,
    Declined,
    Connected {
        who: String,
    },
    Removed,
}

impl Notice {
    /// Whether it holds the one step that helps now, so that no other button should ask for attention.
    pub(crate) const fn offers_a_step(&self) -> bool {
        matches!(self, Self::Trouble { .. } | Self::Conflict { .. } | Self::TimedOut)
    }
}

/// What trying again would do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Retry {
    Fetch,
    Save,
    Authenticate,
    Remove,
    CheckAgain,
    Seen,
    TestServer,
    AskApproval,
    WithdrawApproval,
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
    /// What the draft was made from. Not `view`, which the page renews by itself: a save would then overwrite, without
    /// anybody having seen it, what somebody else saved meanwhile.
    pub(crate) base: RwSignal<Base>,
    pub(crate) wrong: RwSignal<Vec<(Field, Wrong)>>,
    pub(crate) notice: RwSignal<Option<Notice>>,
    pub(crate) sign_in: RwSignal<SignIn>,
    pub(crate) fetching: RwSignal<bool>,
    pub(crate) saving: RwSignal<bool>,
    /// Fresh tokens are being fetched, to see whether it works again.
    pub(crate) checking: RwSignal<bool>,
    /// The Worker is being told that the person has seen what ended badly.
    pub(crate) seeing: RwSignal<bool>,
    /// The last test of the mail server, or the one under way.
    pub(crate) test: RwSignal<TestRun>,
    /// A save waits for the person to agree that it ends the authentication.
    pub(crate) asks_change: RwSignal<bool>,
}

/// Settings as they were saved, and the number of that save.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Base {
    pub(crate) version: u64,
    pub(crate) settings: MailboxSettings,
}

impl Base {
    fn of(view: &MailboxView) -> Self {
        Self { version: view.version, settings: view.settings.clone() }
    }
}

impl Desk {
    pub(crate) fn new(view: MailboxView) -> Self {
        let language = Language::here();
        let draft = Draft::of(&view.settings, language.get_untracked());
        let base = Base::of(&view);
        let desk = Self {
            language,
            session: Session::here(),
            mailbox: view.id,
            view: RwSignal::new(view),
            fetched: RwSignal::new(page::clock()),
            tick: RwSignal::new(0),
            draft: RwSignal::new(draft),
            base: RwSignal::new(base),
            wrong: RwSignal::new(Vec::new()),
            notice: RwSignal::new(None),
            sign_in: RwSignal::new(SignIn::Not),
            fetching: RwSignal::new(false),
            saving: RwSignal::new(false),
            checking: RwSignal::new(false),
            seeing: RwSignal::new(false),
            test: RwSignal::new(TestRun::default()),
            asks_change: RwSignal::new(false),
        };
        let half_a_minute = std::time::Duration::from_secs(30);
        if let Ok(timer) =
            set_interval_with_handle(move || desk.tick.update(|tick| *tick += 1), half_a_minute)
        {
            on_cleanup(move || timer.clear());
        }
        if let Ok(timer) = set_interval_with_handle(move || desk.keep_current(), POLL) {
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
        self.draft.with(|draft| self.base.with(|base| draft.differs(&base.settings)))
    }

    /// Takes a newer answer of the Worker. What is being typed stays.
    pub(crate) fn show(self, view: MailboxView) {
        if self.view.with_untracked(|shown| shown.version != view.version) {
            // It was of settings of before.
            self.test.set(TestRun::default());
        }
        let untouched = !untrack(|| self.changed());
        self.fetched.set(page::clock());
        self.view.set(view);
        if untouched {
            self.begin_anew();
        }
    }

    /// Throws away what is typed.
    pub(crate) fn undo(self) {
        self.begin_anew();
        self.wrong.set(Vec::new());
    }

    fn begin_anew(self) {
        let locale = self.language.get_untracked();
        self.view.with_untracked(|view| {
            self.base.set(Base::of(view));
            self.draft.set(Draft::of(&view.settings, locale));
        });
    }

    /// Goes on with a draft that was made in the sight of what is stored now.
    pub(crate) fn rebase(self, stored: MailboxView, draft: Draft) {
        self.base.set(Base::of(&stored));
        self.draft.set(draft);
        self.fetched.set(page::clock());
        self.view.set(stored);
    }

    /// Says something that the person must read: it takes the focus, which also has it read out.
    pub(crate) fn alarm(self, notice: Notice) {
        self.notice.set(Some(notice));
        page::focus("notice");
    }

    pub(crate) fn trouble(self, trouble: Trouble, retry: Retry) {
        self.alarm(Notice::Trouble { trouble, at: page::clock(), retry });
    }

    /// Asks anew while messages wait and somebody may be looking: what is released or tried again shows without a click.
    fn keep_current(self) {
        let waits = self.view.with_untracked(|view| view.waiting > 0);
        if !waits || self.fetching.get_untracked() || document().hidden() {
            return;
        }
        spawn_local(async move {
            // A failure is told when the person asks.
            if let Ok(view) = fetch(self.mailbox).await
                && !self.is_gone()
            {
                self.show(view);
            }
        });
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
                    let locale = self.language.get_untracked();
                    let badge = state::badge_of(locale, &view);
                    self.show(view);
                    if aloud {
                        self.forget_fetch_trouble();
                        announce(td_string!(locale, status.status_done, state = badge));
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
