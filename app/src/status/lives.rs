//! How much is left of the refresh token's 90 days and of the access token's hour.

use api::{AuthenticationView, Timestamp};
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::browser::intl;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::life_bar::LifeBar;
use crate::words::life::{DAYS_SOON, Life};

/// A tick is a day.
const REFRESH_TICKS: u32 = 90;
/// Access tokens live 60 to 90 minutes; these are slices of whatever it is.
const ACCESS_TICKS: u32 = 60;

/// Both bars.
#[component]
pub(crate) fn Lives() -> impl IntoView {
    view! {
        <div class="lives">
            <RefreshToken/>
            <AccessToken/>
        </div>
    }
}

#[component]
fn RefreshToken() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let begin = date(desk, |it| Some(it.refresh_token_renewed_at));
    let end = date(desk, |it| Some(it.refresh_token_good_until));
    let life = Memo::new(move |_| {
        Life::new(begin.get().unwrap_or_default(), end.get().unwrap_or_default(), desk.now())
    });
    let soon = move || !life.get().is_over() && life.get().days_left() < DAYS_SOON;
    let left = move || {
        let (locale, life) = (language.get(), life.get());
        match life.days_left() {
            _ if life.is_over() => td_string!(locale, status.refresh_over).to_owned(),
            1 => td_string!(locale, status.refresh_left_single, total = life.days()),
            count => td_string!(locale, status.refresh_left_many, count = count, total = life.days()),
        }
    };
    let about = move || {
        if soon() { t!(language, status.refresh_soon)() } else { t!(language, status.refresh_about)() }
    };
    let tone = move || {
        if life.get().is_over() {
            "blocked"
        } else if soon() {
            "attention"
        } else {
            "good"
        }
    };
    view! {
        <div class="life-block" id="refresh-token">
            <p class="life-block__line">
                <span class="life-block__name">{t!(language, status.refresh_good)}</span>
                <strong class="life-block__left">{left}</strong>
            </p>
            <LifeBar life=life.into() ticks=REFRESH_TICKS tone=Signal::derive(tone)/>
            <p class="life-block__date">{move || end.get().map(|end| intl::long(language, end))}</p>
            <p class="small">{about}</p>
        </div>
    }
}

#[component]
fn AccessToken() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let begin = date(desk, |it| it.access_token_issued_at);
    let end = date(desk, |it| it.access_token_valid_until);
    // Without the date of issue, an hour: what Microsoft gives at least.
    let life = Memo::new(move |_| {
        end.get().map(|end| Life::new(begin.get().unwrap_or(end.plus_seconds(-3600)), end, desk.now()))
    });
    let drawn = move || {
        life.get().unwrap_or(Life::new(Timestamp::default(), Timestamp::default(), Timestamp::default()))
    };
    let left = move || {
        let locale = language.get();
        let life = life.get().filter(|life| !life.is_over())?;
        Some(match life.minutes_left() {
            0 => td_string!(locale, status.access_left_short).to_owned(),
            1 => td_string!(locale, status.access_left_single).to_owned(),
            count => td_string!(locale, status.access_left_many, count = count),
        })
    };
    let date = move || match life.get() {
        None => t!(language, status.access_none)().to_owned(),
        Some(life) if life.is_over() => t!(language, status.access_over)().to_owned(),
        Some(_) => end.get().map(|end| intl::long(language, end)).unwrap_or_default(),
    };
    view! {
        <div class="life-block" id="access-token">
            <p class="life-block__line">
                <span class="life-block__name">{t!(language, status.access_valid)}</span>
                <strong class="life-block__left">{left}</strong>
            </p>
            <LifeBar life=Signal::derive(drawn) ticks=ACCESS_TICKS tone=Signal::derive(|| "good")/>
            <p class="life-block__date">{date}</p>
        </div>
    }
}

fn date(desk: Desk, part: fn(&AuthenticationView) -> Option<Timestamp>) -> Memo<Option<Timestamp>> {
    Memo::new(move |_| desk.view.with(|view| view.authentication.as_ref().and_then(part)))
}
