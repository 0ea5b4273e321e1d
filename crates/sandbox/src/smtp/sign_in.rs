//! AUTH: a token, or words about passwords (sections 6.3 to 6.7).

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    account::Account,
    directory::TENANT_ID,
    faults::smtp::Step,
    policy::SmtpBasic,
    smtp::{
        reply::{self, Refused},
        session::{AUTH_OCTETS_MAX, Login, Session},
        token::Xoauth2,
        traffic::Seat,
        wire::Line,
    },
    state::Store,
};

impl Session {
    pub(crate) async fn sign_in(&mut self, mechanism: &str, initial: Option<String>) -> io::Result<()> {
        // RFC 4954: an equals sign is an initial response of nothing.
        let initial = initial.map(|text| if text == "=" { String::new() } else { text });
        match mechanism {
            "XOAUTH2" => self.xoauth2(initial).await,
            "LOGIN" => self.login_with_password(initial).await,
            "PLAIN" => {
                let Some(response) = self.answer_to("334 ", initial).await? else { return Ok(()) };
                let decoded = STANDARD.decode(response).unwrap_or_default();
                let text = String::from_utf8_lossy(&decoded).into_owned();
                let mut parts = text.split('\0').skip(1);
                let (name, password) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                self.judge_password(name, password).await
            }
            _ => {
                self.say(reply::UNKNOWN_MECHANISM);
                Ok(())
            }
        }
    }

    async fn xoauth2(&mut self, initial: Option<String>) -> io::Result<()> {
        if initial.is_none() && self.mishap(Step::AuthChallenge).await? {
            return Ok(());
        }
        let Some(response) = self.answer_to("334 ", initial).await? else { return Ok(()) };
        let read = Xoauth2::read(&response);
        let owner = read.as_ref().and_then(|read| {
            let store = self.server.sandbox.store();
            let token = store.access_tokens.iter().find(|token| token.value == read.token)?;
            store.directory.name_of(&token.oid)
        });
        if self.mishap_of(Step::Auth, None, owner.as_deref()).await? {
            return Ok(());
        }
        let Some(read) = read else {
            self.say(reply::AUTH_UNREADABLE);
            return Ok(());
        };
        let sandbox = &self.server.sandbox;
        let admitted = admit(&sandbox.store(), &read, sandbox.clock.seconds());
        match admitted {
            Ok((account, mailbox)) => {
                let seat = Seat::take(sandbox, &mailbox.oid);
                self.login = Some(Login { account, mailbox, user: read.user, seat });
                self.say(reply::AUTHENTICATED);
            }
            Err(why) => {
                let text = reply::refused(why, sandbox);
                let json_first = sandbox.store().settings.smtp_json_challenge;
                if json_first {
                    let scope = "https://outlook.office.com/SMTP.Send";
                    let json = format!(r#"{{"status":"401","schemes":"bearer","scope":"{scope}"}}"#);
                    self.say(&format!("334 {}", STANDARD.encode(json)));
                    // Whatever is answered: by RFC 7628 it is empty or says no more than "I saw it".
                    self.wire.line().await?;
                }
                self.say(&text);
            }
        }
        Ok(())
    }

    async fn login_with_password(&mut self, initial: Option<String>) -> io::Result<()> {
        let Some(name) = self.answer_to("334 VXNlcm5hbWU6", initial).await? else { return Ok(()) };
        let Some(password) = self.answer_to("334 UGFzc3dvcmQ6", None).await? else { return Ok(()) };
        let [name, password] = [name, password].map(|text| STANDARD.decode(text).unwrap_or_default());
        self.judge_password(&String::from_utf8_lossy(&name), &String::from_utf8_lossy(&password)).await
    }

    /// Where passwords are switched off, which is the rule, none is looked at: none would be good enough.
    async fn judge_password(&mut self, name: &str, password: &str) -> io::Result<()> {
        let known = self.server.sandbox.store().directory.by_name(name).cloned();
        if self.mishap_of(Step::Auth, None, known.as_ref().map(|account| account.upn.as_str())).await? {
            return Ok(());
        }
        let sandbox = &self.server.sandbox;
        let tenant = known.as_ref().map_or(TENANT_ID, |account| account.tid.as_str());
        let policy = sandbox.store().policy(tenant).smtp_basic;
        let why = match (policy, known) {
            (SmtpBasic::Enabled, Some(account)) if account.password == password => {
                let seat = Seat::take(sandbox, &account.oid);
                self.login = Some(Login { mailbox: account.clone(), account, user: name.to_owned(), seat });
                self.say(reply::AUTHENTICATED);
                return Ok(());
            }
            (SmtpBasic::Enabled, _) => Refused::Token,
            (SmtpBasic::Disabled, _) => Refused::Basic,
            (SmtpBasic::Retired, _) => Refused::BasicRetired,
        };
        let text = reply::refused(why, sandbox);
        self.say(&text);
        Ok(())
    }

    /// The response that came with the command, or the one asked for now; nothing, when an answer was already given.
    async fn answer_to(&mut self, challenge: &str, initial: Option<String>) -> io::Result<Option<String>> {
        if initial.is_some() {
            return Ok(initial);
        }
        self.say(challenge);
        let line = match self.wire.line().await? {
            Line::Whole(line) => line,
            Line::Bare => {
                self.say(reply::SYNTAX);
                return Ok(None);
            }
        };
        if line == b"*" {
            self.say(reply::CANCELLED);
            return Ok(None);
        }
        if line.len() > AUTH_OCTETS_MAX {
            self.say(reply::LINE_TOO_LONG);
            return Ok(None);
        }
        // What is no text is no base64 either, and is refused as such.
        Ok(Some(String::from_utf8(line).unwrap_or_default()))
    }
}

/// The token's owner, and the mailbox `user=` names: the owner's, or one that was shared with it.
fn admit(store: &Store, said: &Xoauth2, now: i64) -> Result<(Account, Account), Refused> {
    let (_, account) = store.smtp_token(&said.token, now).ok_or(Refused::Token)?;
    let mailbox = if account.owns(&said.user) {
        account
    } else {
        let mut shared = store.directory.accounts().iter();
        let found = shared
            .find(|other| other.tid == account.tid && other.owns(&said.user) && account.may_send_for(other));
        found.ok_or(Refused::Token)?
    };
    if account.smtp_conditional_access || mailbox.smtp_conditional_access {
        return Err(Refused::ConditionalAccess);
    }
    match mailbox.smtp_auth_disabled {
        Some(true) => Err(Refused::Mailbox),
        None if store.policy(&mailbox.tid).smtp_auth_disabled => Err(Refused::Tenant),
        Some(false) | None => Ok((account.clone(), mailbox.clone())),
    }
}
