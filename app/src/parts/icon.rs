//! Drawings, inline, in the colour of the text around them. All are decoration: the words next to them say the same.

use leptos::prelude::*;

use crate::words::state::Tone;

/// The envelope of the name.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
            <rect class="mark__ground" width="32" height="32" rx="8"/>
            <path class="mark__line" d="M7 10.500h18v12H7zl9 7 9-7" fill="none" stroke-width="2" stroke-linejoin="round"/>
        </svg>
    }
}

/// A shape for every tone, so that colour is never the only difference.
#[component]
pub(crate) fn ToneIcon(tone: Tone) -> impl IntoView {
    let path = match tone {
        Tone::Good => "M5 10.5l3.400 3.400L15 7",
        Tone::Busy => "M10 5.500V10l3 2",
        Tone::Attention => "M10 5.500v5.500M10 14v.2",
        Tone::Blocked => "M6.500 6.500l7 7m0-7l-7 7",
        Tone::Quiet => "M6 10h8",
        // Fields, one of them empty; a road that is closed.
        Tone::Incomplete => "M5.500 7h9M5.500 13h3",
        Tone::Refused => "M5.500 10h9",
        // A tray with letters in it.
        Tone::Held => "M5.500 8.300v5.900h9V8.300M8.300 5.900h3.400M8.300 10h3.400",
        // An hourglass, an arrow that comes round again, a padlock, a lightning bolt, a power switch.
        Tone::Waiting => "M7 5.500h6M7 14.500h6M7.700 5.500c0 3 4.600 6 4.600 9m0-9c0 3-4.600 6-4.600 9",
        Tone::Slow => "M14 10a4 4 0 1 1-1.200-2.800M13.800 4.800v2.700h-2.700",
        Tone::Locked => "M6.500 9.300h7v5.200h-7zM8 9.300V7.500a2 2 0 0 1 4 0v1.800",
        Tone::Broken => "M10.800 4.500L8 10h4l-2.800 5.500",
        Tone::Off => "M10 4.800v4.700M7 7a4.200 4.200 0 1 0 6 0",
    };
    let ground = match tone {
        Tone::Attention => {
            view! { <path class="tone__ground" d="M10 .8 19.600 18.200H.4z" stroke-linejoin="round"/> }
                .into_any()
        }
        Tone::Blocked => {
            view! { <path class="tone__ground" d="M6 .5h8L19.500 6v8L14 19.500H6L.5 14V6z"/> }.into_any()
        }
        Tone::Held => {
            view! { <path class="tone__ground" d="M10 .2l8.700 4.900v9.800L10 19.800l-8.700-4.900V5.100z"/> }
                .into_any()
        }
        Tone::Locked | Tone::Incomplete => {
            view! { <rect class="tone__ground" x="1" y="1" width="18" height="18" rx="4"/> }.into_any()
        }
        Tone::Broken => {
            view! { <path class="tone__ground" d="M10 .2L19.800 10 10 19.800.2 10z"/> }.into_any()
        }
        Tone::Good | Tone::Busy | Tone::Waiting | Tone::Slow | Tone::Off | Tone::Refused | Tone::Quiet => {
            view! { <circle class="tone__ground" cx="10" cy="10" r="9.500"/> }.into_any()
        }
    };
    let path = if tone == Tone::Attention { "M10 6.800v5M10 14.900v.2" } else { path };
    view! {
        <svg class="tone" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
            {ground}
            <path class="tone__line" d=path fill="none" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>
        </svg>
    }
}
