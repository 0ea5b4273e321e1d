use api::{MailboxSettings, Security, TestStep};
use smtp::Step;

/// The steps of a test of these settings, in the order in which they happen.
#[must_use]
pub fn planned_steps(settings: &MailboxSettings, by_relay: bool) -> Vec<TestStep> {
    use TestStep::{Connected, Greeted, Relay, SignedIn, Tls};
    let after_connecting = match settings.security {
        Security::None => &[Greeted][..],
        Security::Starttls => &[Greeted, Tls],
        Security::Tls => &[Tls, Greeted],
    };
    by_relay
        .then_some(Relay)
        .into_iter()
        .chain([Connected])
        .chain(after_connecting.iter().copied())
        .chain(settings.server_authentication.then_some(SignedIn))
        .collect()
}

/// The step that did not go well: the first that was not reached.
#[must_use]
pub fn failed_step(plan: &[TestStep], reached: &[TestStep]) -> TestStep {
    let missing = plan.iter().find(|step| !reached.contains(step));
    // All of them: the server changed its mind at the end.
    missing.or(plan.last()).copied().unwrap_or(TestStep::Connected)
}

/// A step of a conversation as a test tells it.
#[must_use]
pub const fn test_step(step: Step) -> TestStep {
    match step {
        Step::Connected => TestStep::Connected,
        Step::Greeted => TestStep::Greeted,
        Step::Tls => TestStep::Tls,
        Step::SignedIn => TestStep::SignedIn,
    }
}

#[cfg(test)]
mod tests {
    use TestStep::{Connected, Greeted, Relay, SignedIn, Tls};

    use super::*;

    #[test]
    fn the_plan_is_what_will_happen() {
        let settings = |security, server_authentication| MailboxSettings {
            security,
            server_authentication,
            ..MailboxSettings::new("a@b.nl")
        };
        assert_eq!(
            planned_steps(&settings(Security::Starttls, true), true),
            [Relay, Connected, Greeted, Tls, SignedIn]
        );
        assert_eq!(planned_steps(&settings(Security::Tls, true), false), [Connected, Tls, Greeted, SignedIn]);
        assert_eq!(planned_steps(&settings(Security::None, false), false), [Connected, Greeted]);
    }

    #[test]
    fn the_first_that_was_not_reached_failed() {
        let plan = [Connected, Greeted, Tls, SignedIn];
        assert_eq!(failed_step(&plan, &[]), Connected);
        assert_eq!(failed_step(&plan, &[Connected, Greeted]), Tls);
        assert_eq!(failed_step(&plan, &plan), SignedIn);
    }
}
