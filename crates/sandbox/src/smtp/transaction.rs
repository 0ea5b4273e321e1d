//! MAIL, RCPT, DATA: one mail of a session.

use std::{io, time::Duration};

use tokio::time::sleep;

use crate::{
    config::SendAsDenied,
    faults::smtp::Step,
    smtp::{
        command::Path,
        data::Collector,
        reply::{self, SIZE_MAX},
        session::Session,
        submit,
        wire::ended,
    },
};

/// Section 5: the default an administrator may change.
const RECIPIENTS_MAX: usize = 500;

#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) mail_from: String,
    pub(crate) rcpt_to: Vec<String>,
    smtputf8: bool,
}

impl Session {
    pub(crate) async fn sender(&mut self, path: Path) -> io::Result<()> {
        if self.mishap(Step::Mail).await? {
            return Ok(());
        }
        let sandbox = &self.server.sandbox;
        let Some(login) = &self.login else {
            let text = reply::anonymous(sandbox);
            self.say(&text);
            return Ok(());
        };
        let settings = sandbox.store().settings;
        let lately = sandbox.store().smtp.in_the_last_minute(&login.mailbox.oid, sandbox.clock.seconds());
        if settings.smtp_messages_per_minute.is_some_and(|max| lately >= max) {
            self.say(reply::TOO_FAST);
            self.wire.close().await?;
            return Err(ended());
        }
        let refused = if self.transaction.is_some() {
            Some(reply::SENDER_TWICE.to_owned())
        } else if let Some(refused) = parameters(&path, &["SIZE", "BODY", "RET", "ENVID", "AUTH", "SMTPUTF8"])
        {
            Some(refused)
        } else if settings.smtp_send_as_denied == SendAsDenied::Early
            && !submit::may_send(&sandbox.store(), login, &path.address)
        {
            Some(reply::NOT_THE_SENDER.to_owned())
        } else {
            None
        };
        if let Some(refused) = refused {
            self.say(&refused);
            return Ok(());
        }
        let smtputf8 = path.parameter("SMTPUTF8").is_some();
        self.transaction = Some(Transaction { mail_from: path.address, rcpt_to: Vec::new(), smtputf8 });
        self.say(reply::SENDER_OK);
        Ok(())
    }

    pub(crate) async fn recipient(&mut self, path: Path) -> io::Result<()> {
        let account = self.login.as_ref().map(|login| login.account.upn.clone());
        if self.mishap_of(Step::Rcpt, Some(&path.address), account.as_deref()).await? {
            return Ok(());
        }
        let refused = parameters(&path, &["NOTIFY", "ORCPT"]);
        let text = match &mut self.transaction {
            None => reply::NEED_MAIL.to_owned(),
            Some(_) if refused.is_some() => refused.unwrap_or_default(),
            Some(transaction) if !path.address.is_ascii() && !transaction.smtputf8 => {
                reply::NOT_ASCII.to_owned()
            }
            Some(transaction) if transaction.rcpt_to.len() >= RECIPIENTS_MAX => {
                reply::TOO_MANY_RECIPIENTS.to_owned()
            }
            Some(transaction) => {
                transaction.rcpt_to.push(path.address);
                reply::RECIPIENT_OK.to_owned()
            }
        };
        self.say(&text);
        Ok(())
    }

    pub(crate) async fn data(&mut self) -> io::Result<()> {
        if self.mishap(Step::Data).await? {
            return Ok(());
        }
        match &self.transaction {
            None => self.say(reply::NEED_MAIL),
            Some(transaction) if transaction.rcpt_to.is_empty() => self.say(reply::NEED_RCPT),
            Some(_) => return self.message().await,
        }
        Ok(())
    }

    async fn message(&mut self) -> io::Result<()> {
        self.say(reply::START_MAIL);
        self.mishap(Step::Body).await?;
        let settings = self.server.sandbox.store().settings;
        let mut collector = Collector::new(settings.smtp_message_bytes_max.min(SIZE_MAX));
        self.wire.data(&mut collector).await?;
        self.verb = "end of DATA";
        let transaction = self.transaction.take().unwrap_or_default();
        if self.mishap(Step::EndOfData).await? {
            return Ok(());
        }
        sleep(Duration::from_millis(settings.send_delay_ms)).await;
        let Some(login) = &self.login else { return Err(ended()) };
        let sandbox = &self.server.sandbox;
        match submit::judge(sandbox, login, transaction, collector) {
            Err(refused) => {
                self.say(&refused);
                Ok(())
            }
            Ok((mail, message_id)) => {
                let mailbox = login.mailbox.oid.clone();
                self.accept(mail, mailbox, &message_id).await
            }
        }
    }
}

/// Why these parameters will not do.
fn parameters(path: &Path, known: &[&str]) -> Option<String> {
    if let Some((name, _)) = path.parameters.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Some(reply::option_unknown(name));
    }
    if let Some(size) = path.parameter("SIZE") {
        match size.parse::<usize>() {
            Err(_) => return Some(reply::SYNTAX.to_owned()),
            Ok(size) if size > SIZE_MAX => return Some(reply::TOO_LARGE.to_owned()),
            Ok(_) => {}
        }
    }
    match path.parameter("BODY").map(str::to_ascii_uppercase).as_deref() {
        None | Some("7BIT" | "8BITMIME") => {}
        Some("BINARYMIME") => return Some(reply::NO_BINARY.to_owned()),
        Some(_) => return Some(reply::SYNTAX.to_owned()),
    }
    let sending = known.contains(&"SMTPUTF8");
    if sending && !path.address.is_ascii() && path.parameter("SMTPUTF8").is_none() {
        return Some(reply::NOT_ASCII.to_owned());
    }
    None
}
