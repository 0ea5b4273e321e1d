//! *Which one do I need?*: three questions at most lead to a kind, with a sentence for whoever administers it.

use api::Kind;
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::browser::announce::announce;
use crate::browser::language::t;
use crate::browser::page;
use crate::i18n::Locale;
use crate::mailbox::Desk;
use crate::parts::copy::CopyButton;
use crate::words::kind;

/// What somebody may be asked, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Microsoft,
    Large,
    SmtpAllowed,
    Reachable,
}

/// What was answered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Answers {
    microsoft: Option<bool>,
    large: Option<bool>,
    smtp_allowed: Option<bool>,
    reachable: Option<bool>,
}

/// Where the questions lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Advice {
    Graph,
    /// Large messages, and SMTP is not allowed: Graph, as far as it goes.
    GraphThoughLarge,
    SmtpOAuth2,
    SmtpBasic,
    /// A server that only the own network knows.
    Relay,
}

impl Question {
    const ALL: [Self; 4] = [Self::Microsoft, Self::Large, Self::SmtpAllowed, Self::Reachable];

    const fn name(self) -> &'static str {
        match self {
            Self::Microsoft => "advice-microsoft",
            Self::Large => "advice-large",
            Self::SmtpAllowed => "advice-smtp",
            Self::Reachable => "advice-reachable",
        }
    }

    fn words(self, locale: Locale) -> &'static str {
        match self {
            Self::Microsoft => td_string!(locale, settings.advice.microsoft),
            Self::Large => td_string!(locale, settings.advice.large),
            Self::SmtpAllowed => td_string!(locale, settings.advice.smtp_allowed),
            Self::Reachable => td_string!(locale, settings.advice.reachable),
        }
    }

    /// Whether what was answered before makes it a question.
    fn is_asked(self, answers: Answers) -> bool {
        match self {
            Self::Microsoft => true,
            Self::Large => answers.microsoft == Some(true),
            Self::SmtpAllowed => answers.microsoft == Some(true) && answers.large == Some(true),
            Self::Reachable => answers.microsoft == Some(false),
        }
    }

    const fn of(self, answers: &mut Answers) -> &mut Option<bool> {
        match self {
            Self::Microsoft => &mut answers.microsoft,
            Self::Large => &mut answers.large,
            Self::SmtpAllowed => &mut answers.smtp_allowed,
            Self::Reachable => &mut answers.reachable,
        }
    }
}

impl Answers {
    fn advice(self) -> Option<Advice> {
        match (self.microsoft?, self.large, self.smtp_allowed, self.reachable) {
            (true, Some(false), _, _) => Some(Advice::Graph),
            (true, Some(true), Some(true), _) => Some(Advice::SmtpOAuth2),
            (true, Some(true), Some(false), _) => Some(Advice::GraphThoughLarge),
            (false, _, _, Some(true)) => Some(Advice::SmtpBasic),
            (false, _, _, Some(false)) => Some(Advice::Relay),
            _ => None,
        }
    }
}

impl Advice {
    const fn kind(self) -> Kind {
        match self {
            Self::Graph | Self::GraphThoughLarge => Kind::GraphOAuth2,
            Self::SmtpOAuth2 => Kind::SmtpOAuth2,
            Self::SmtpBasic | Self::Relay => Kind::SmtpBasic,
        }
    }

    /// What to tell whoever administers it.
    fn for_administrator(self, locale: Locale) -> &'static str {
        match self {
            Self::Graph => td_string!(locale, settings.advice.admin_graph),
            Self::GraphThoughLarge => td_string!(locale, settings.advice.admin_large),
            Self::SmtpOAuth2 => td_string!(locale, settings.advice.admin_smtp_oauth2),
            Self::SmtpBasic => td_string!(locale, settings.advice.admin_smtp_basic),
            Self::Relay => td_string!(locale, settings.advice.admin_relay),
        }
    }
}

/// Closed until somebody asks.
#[component]
pub(crate) fn WhichKind() -> impl IntoView {
    let desk = Desk::here();
    let answers = RwSignal::new(Answers::default());
    view! {
        <details class="details" id="which-kind">
            <summary>{t!(desk.language, settings.advice.heading)}</summary>
            {Question::ALL.map(|question| view! {
                <Show when=move || answers.with(|answers| question.is_asked(*answers))>
                    <YesOrNo question answers/>
                </Show>
            }).into_iter().collect_view()}
            {move || answers.get().advice().map(|advice| view! { <Outcome advice/> })}
        </details>
    }
}

#[component]
fn YesOrNo(question: Question, answers: RwSignal<Answers>) -> impl IntoView {
    let desk = Desk::here();
    let choice = move |yes: bool| {
        let id = format!("{}-{}", question.name(), if yes { "yes" } else { "no" });
        let for_id = id.clone();
        let words = move || {
            if yes {
                t!(desk.language, settings.advice.yes)()
            } else {
                t!(desk.language, settings.advice.no)()
            }
        };
        view! {
            <span class="check">
                <input type="radio" name=question.name() id=id
                    prop:checked=move || *question.of(&mut answers.get()) == Some(yes)
                    on:change=move |_| answers.update(|all| *question.of(all) = Some(yes))/>
                <label for=for_id>{words}</label>
            </span>
        }
    };
    view! {
        <fieldset class="question">
            <legend>{move || question.words(desk.language.get())}</legend>
            <div class="actions">{choice(true)}{choice(false)}</div>
        </fieldset>
    }
}

#[component]
fn Outcome(advice: Advice) -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let name = move || kind::name(language.get(), advice.kind());
    let sentence = Signal::derive(move || advice.for_administrator(language.get()).to_owned());
    let choose = move |_| {
        desk.draft.update(|draft| draft.kind = advice.kind());
        announce(untrack(move || t!(language, settings.changed)()));
        page::focus(kind::id(advice.kind()));
    };
    view! {
        <div class="hint" id="advice" role="status">
            <p><strong>{name}</strong></p>
            <p>{t!(language, settings.advice.for_administrator)}" “"{sentence}"”"</p>
            <p class="actions">
                <button type="button" class="button" id="advice-choose" on:click=choose>
                    {t!(language, settings.advice.choose)}
                </button>
                <CopyButton id="advice-copy" text=sentence
                    label=Signal::derive(move || t!(language, settings.advice.copy)())
                    said=Signal::derive(move || t!(language, settings.advice.copied)())/>
            </p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_through_the_questions_ends_in_advice_after_at_most_three() {
        let mut ways = vec![Answers::default()];
        let mut ends = Vec::new();
        while let Some(mut answers) = ways.pop() {
            let open = Question::ALL
                .into_iter()
                .find(|question| question.is_asked(answers) && question.of(&mut answers).is_none());
            match (open, answers.advice()) {
                (None, Some(advice)) => {
                    let asked =
                        Question::ALL.into_iter().filter(|question| question.is_asked(answers)).count();
                    assert!(asked <= 3, "{answers:?}");
                    ends.push(advice);
                }
                (Some(question), None) => {
                    for yes in [true, false] {
                        let mut next = answers;
                        *question.of(&mut next) = Some(yes);
                        ways.push(next);
                    }
                }
                other => panic!("{answers:?}: {other:?}"),
            }
        }
        assert_eq!(ends.len(), 5);
        assert_eq!(
            ends.iter().map(|advice| advice.kind()).filter(|kind| *kind == Kind::SmtpBasic).count(),
            2
        );
    }

    #[test]
    fn an_answer_that_is_changed_takes_its_followers_out_of_the_way() {
        let large = Answers {
            microsoft: Some(true),
            large: Some(true),
            smtp_allowed: Some(true),
            ..Answers::default()
        };
        assert_eq!(large.advice(), Some(Advice::SmtpOAuth2));
        assert_eq!(Answers { large: Some(false), ..large }.advice(), Some(Advice::Graph));
        assert_eq!(Answers { microsoft: Some(false), ..large }.advice(), None);
    }
}
