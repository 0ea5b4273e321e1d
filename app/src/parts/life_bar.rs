//! What is left of a life, as a row of ticks: filled ones are still to come. The words next to it say the same.

use std::fmt::Write;

use leptos::prelude::*;

use crate::words::life::Life;

const WIDTH: u32 = 6;
const GAP: u32 = 4;
const HEIGHT: u32 = 40;

/// `ticks` of them; a tick is a day of ninety, or a slice of an hour.
#[component]
pub(crate) fn LifeBar(life: Signal<Life>, ticks: u32, tone: Signal<&'static str>) -> impl IntoView {
    let left = Memo::new(move |_| life.get().ticks(ticks));
    let view_box = format!("0 0 {} {HEIGHT}", ticks * (WIDTH + GAP) - GAP);
    view! {
        <svg class="life" data-tone=tone viewBox=view_box preserveAspectRatio="none" aria-hidden="true">
            <path class="life__left" d=move || row(0, left.get(), 0)/>
            <path class="life__gone" d=move || row(left.get(), ticks, HEIGHT / 4)/>
        </svg>
    }
}

/// The ticks from one number to another; `inset` makes them shorter at both ends.
fn row(from: u32, to: u32, inset: u32) -> String {
    let mut path = String::new();
    for tick in from..to {
        let x = tick * (WIDTH + GAP);
        let _ = write!(path, "M{x} {inset}h{WIDTH}v{}h-{WIDTH}z", HEIGHT - 2 * inset);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_rows_share_the_ticks() {
        let count = |path: String| path.matches('M').count();
        assert_eq!((count(row(0, 84, 0)), count(row(84, 90, 10))), (84, 6));
        assert_eq!(row(1, 2, 0), "M10 0h6v40h-6z");
    }
}
