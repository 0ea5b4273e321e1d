//! What is about to end, said ahead: the app's secret or certificate, and a sign-in that nothing is sent with.

use api::{CredentialType, MailboxState, RegistrationOwner, RegistrationView};
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::browser::intl;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::icon::ToneIcon;
use crate::words::life::{self, DAYS_SOON, Life};
use crate::words::state::Tone;

/// How near the end of a credential is: what it looks like grows with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Soon,
    Near,
    Now,
    Over,
}

impl Level {
    const fn of(days: i64) -> Self {
        match days {
            ..=0 => Self::Over,
            1..=3 => Self::Now,
            4..=14 => Self::Near,
            _ => Self::Soon,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Soon => "soon",
            Self::Near => "near",
            Self::Now => "now",
            Self::Over => "over",
        }
    }

    /// Whether it comes before everything else on the page.
    const fn is_urgent(self) -> bool {
        matches!(self, Self::Now | Self::Over)
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Soon | Self::Near => Tone::Attention,
            Self::Now | Self::Over => Tone::Blocked,
        }
    }
}

/// The warning of a credential that ends within days, or has ended; else empty.
#[component]
pub(crate) fn UrgentWarning() -> impl IntoView {
    view! { <Credential urgent=true/> }
}

/// The other warnings; empty while nothing ends soon.
#[component]
pub(crate) fn Warnings() -> impl IntoView {
    view! {
        <Credential urgent=false/>
        <TokenWarning/>
    }
}

#[component]
fn Credential(urgent: bool) -> impl IntoView {
    let desk = Desk::here();
    let registration = Memo::new(move |_| desk.view.with(|view| view.registration.clone()));
    move || {
        let registration = registration.get()?;
        let days = registration.warn_days_left.filter(|days| Level::of(*days).is_urgent() == urgent)?;
        Some(view! { <CredentialWarning registration days/> })
    }
}

#[component]
fn CredentialWarning(registration: RegistrationView, days: i64) -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let level = Level::of(days);
    let RegistrationView { owner, credential, expires_at, .. } = registration;
    // Whole days are rounded down: on its last day a credential still works.
    let over = move || expires_at.is_none_or(|end| end <= desk.now()) && days <= 0;
    let heading = move || {
        let when = expires_at.map(|end| intl::end(language, end)).unwrap_or_default();
        let locale = language.get();
        match (credential, over()) {
            (CredentialType::Secret, false) => td_string!(locale, status.credential.secret_soon, when = when),
            (CredentialType::Secret, true) => td_string!(locale, status.credential.secret_over, when = when),
            (CredentialType::Certificate, false) => {
                td_string!(locale, status.credential.certificate_soon, when = when)
            }
            (CredentialType::Certificate, true) => {
                td_string!(locale, status.credential.certificate_over, when = when)
            }
        }
    };
    // What a mailbox has left that sends: its access token, as long as that lives.
    let sends = Memo::new(move |_| {
        desk.view.with(|view| {
            use MailboxState::{Attention, Delayed, Ready};
            matches!(view.state, Ready | Attention | Delayed)
        })
    });
    let access_until = Memo::new(move |_| {
        desk.view.with(|view| view.authentication.as_ref().and_then(|it| it.access_token_valid_until))
    });
    let then = move || {
        let locale = language.get();
        let lives_until = access_until.get().filter(|end| *end > desk.now());
        match (days, lives_until) {
            _ if over() && !sends.get() => td_string!(locale, status.credential.now).to_owned(),
            (_, Some(end)) if over() => {
                td_string!(locale, status.credential.now_until, when = intl::long(language, end))
            }
            _ if over() => td_string!(locale, status.credential.now_next).to_owned(),
            (..=0, _) => td_string!(locale, status.credential.left_today).to_owned(),
            (1, _) => td_string!(locale, status.credential.left_single).to_owned(),
            (count, _) => td_string!(locale, status.credential.left_many, count = count),
        }
    };
    let turn = move || match owner {
        RegistrationOwner::Installation => t!(language, status.credential.installation)(),
        RegistrationOwner::Organisation => t!(language, status.credential.organisation)(),
    };
    view! {
        <section class="notice warning" id="credential-warning" data-tone=level.tone().word() data-level=level.word()
            data-days=days.to_string() aria-labelledby="credential-warning-heading">
            <h3 class="notice__heading" id="credential-warning-heading"><ToneIcon tone=level.tone()/>{heading}</h3>
            <p>{then}</p>
            <Show when=move || !over()><p>{t!(language, status.credential.then)}</p></Show>
            <p>{turn}</p>
        </section>
    }
}

#[component]
fn TokenWarning() -> impl IntoView {
    let desk = Desk::here();
    let days = Memo::new(move |_| {
        let now = desk.now();
        desk.view.with(|view| {
            let authentication = view.authentication.as_ref()?;
            let end = authentication.refresh_token_good_until;
            let life = Life::new(authentication.refresh_token_renewed_at, end, now);
            let ended = !life::counts(view) || life.is_over();
            (!ended && life.days_left() < DAYS_SOON).then(|| life.days_left())
        })
    });
    let words = move |days: i64| match days {
        1 => td_string!(desk.language.get(), status.token_warning_single).to_owned(),
        count => td_string!(desk.language.get(), status.token_warning_many, count = count),
    };
    move || {
        days.get().map(|days| {
            view! {
                <p class="hint" id="token-warning" data-tone="attention" data-days=days.to_string()>{words(days)}</p>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_grow_with_the_days() {
        let words = [30, 15, 14, 4, 3, 1, 0, -5].map(|days| Level::of(days).word());
        assert_eq!(words, ["soon", "soon", "near", "near", "now", "now", "over", "over"]);
        assert!(Level::of(3).is_urgent() && !Level::of(4).is_urgent());
    }
}
