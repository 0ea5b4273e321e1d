//! The one place that reads the clock: to tell how long things took.

use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "a command on a developer's machine, not a rule and not wasm")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// "0.4 s", "12 s", "3 min 05 s".
pub(crate) fn since(start: Instant) -> String {
    let elapsed = now().duration_since(start);
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", elapsed.as_secs_f32()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}
