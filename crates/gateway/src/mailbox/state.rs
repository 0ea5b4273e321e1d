use api::{Code, Kind, MailboxState};

use crate::tokens::Authentication;

/// Everything that decides which state a mailbox is in.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each named where it is told")]
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// How it sends.
    pub kind: Kind,
    /// The authentication, if there is one.
    pub authentication: Option<&'a Authentication>,
    /// Whether somebody is at Microsoft's page now.
    pub signing_in: bool,
    /// Whether somebody chose to ask an administrator.
    pub approval_asked: bool,
    /// Whether somebody removed the authentication.
    pub removed: bool,
    /// Whether a message waits for its next try.
    pub delayed: bool,
    /// Whether the mail server of its own requires an access code, and none is stored.
    pub access_code_missing: bool,
    /// Whether that mail server does not let it in.
    pub server_refuses: bool,
    /// Whether messages wait for a person, or were refused or are unknown since a person last looked.
    pub needs_attention: bool,
}

/// Whether a mailbox can send: the one word behind badge, sentence, button and API value.
#[must_use]
pub fn state(situation: Situation<'_>) -> MailboxState {
    let Situation { kind, authentication, signing_in, approval_asked, removed, delayed, .. } = situation;
    let sends = if situation.needs_attention {
        MailboxState::Attention
    } else if delayed {
        MailboxState::Delayed
    } else {
        MailboxState::Ready
    };
    if kind == Kind::SmtpBasic {
        return if situation.access_code_missing {
            MailboxState::AccessCodeMissing
        } else if situation.server_refuses {
            MailboxState::ServerRefuses
        } else {
            sends
        };
    }
    let trouble = authentication.map(|authentication| authentication.trouble.as_ref());
    match trouble {
        Some(None) => sends,
        None | Some(Some(_)) if signing_in => MailboxState::SigningIn,
        None | Some(Some(_)) if approval_asked => MailboxState::WaitingForApproval,
        Some(Some(trouble)) => match trouble.code {
            Code::AdministratorNeeded
            | Code::SendAsDenied
            | Code::MailboxUnavailable
            | Code::SendingBlocked
            | Code::PermissionMissing => MailboxState::AdministratorNeeded,
            Code::RegistrationBroken | Code::RequestRejected | Code::NotConfigured => {
                MailboxState::RegistrationBroken
            }
            _ => MailboxState::SignInAgain,
        },
        None if removed => MailboxState::Removed,
        None => MailboxState::NotAuthenticated,
    }
}

#[cfg(test)]
mod tests {
    use api::Timestamp;
    use microsoft::Refusal;

    use super::*;
    use crate::tokens::Trouble;
    use crate::tokens::authentication::tests::authentication;

    fn troubled(code: Code) -> Authentication {
        let trouble = Trouble::after(&Refusal::new(code, ""), None, Timestamp::default());
        Authentication { trouble: Some(trouble), ..authentication() }
    }

    const NOBODY: Situation<'_> = Situation {
        kind: Kind::GraphOAuth2,
        authentication: None,
        signing_in: false,
        approval_asked: false,
        removed: false,
        delayed: false,
        access_code_missing: false,
        server_refuses: false,
        needs_attention: false,
    };

    fn with(authentication: &Authentication) -> Situation<'_> {
        Situation { authentication: Some(authentication), ..NOBODY }
    }

    #[test]
    fn each_state_has_its_cause() {
        let mut reached = std::collections::BTreeSet::new();
        let mut expect = |situation: Situation<'_>, expected| {
            assert_eq!(state(situation), expected, "{situation:?}");
            reached.insert(format!("{expected:?}"));
        };
        let (fine, ended) = (authentication(), troubled(Code::SignInAgain));
        expect(NOBODY, MailboxState::NotAuthenticated);
        expect(Situation { removed: true, ..NOBODY }, MailboxState::Removed);
        expect(Situation { approval_asked: true, ..NOBODY }, MailboxState::WaitingForApproval);
        expect(Situation { approval_asked: true, signing_in: true, ..NOBODY }, MailboxState::SigningIn);
        expect(with(&fine), MailboxState::Ready);
        expect(Situation { delayed: true, ..with(&fine) }, MailboxState::Delayed);
        expect(Situation { needs_attention: true, delayed: true, ..with(&fine) }, MailboxState::Attention);
        expect(Situation { needs_attention: true, ..with(&ended) }, MailboxState::SignInAgain);
        expect(with(&ended), MailboxState::SignInAgain);
        expect(with(&troubled(Code::AdministratorNeeded)), MailboxState::AdministratorNeeded);
        expect(with(&troubled(Code::SendAsDenied)), MailboxState::AdministratorNeeded);
        expect(with(&troubled(Code::RegistrationBroken)), MailboxState::RegistrationBroken);
        expect(with(&troubled(Code::RequestRejected)), MailboxState::RegistrationBroken);
        expect(Situation { approval_asked: true, ..with(&ended) }, MailboxState::WaitingForApproval);
        expect(Situation { signing_in: true, ..with(&ended) }, MailboxState::SigningIn);
        let basic = Situation { kind: Kind::SmtpBasic, ..NOBODY };
        expect(basic, MailboxState::Ready);
        expect(Situation { delayed: true, ..basic }, MailboxState::Delayed);
        expect(Situation { server_refuses: true, ..basic }, MailboxState::ServerRefuses);
        let nothing = Situation { access_code_missing: true, server_refuses: true, ..basic };
        expect(nothing, MailboxState::AccessCodeMissing);
        expect(Situation { kind: Kind::SmtpOAuth2, ..with(&fine) }, MailboxState::Ready);
        assert_eq!(reached.len(), MailboxState::ALL.len());
    }

    /// What is asked or tried beside a present authentication leaves it as it is.
    #[test]
    fn a_present_authentication_goes_on_working() {
        let fine = authentication();
        for (signing_in, approval_asked, removed) in
            [(true, false, false), (false, true, false), (true, true, true)]
        {
            let situation =
                Situation { authentication: Some(&fine), signing_in, approval_asked, removed, ..NOBODY };
            assert_eq!(state(situation), MailboxState::Ready);
        }
    }
}
