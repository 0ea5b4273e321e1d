use std::time::Duration;

use crate::class::{Class, Switch};
use crate::phase::Phase;
use crate::reply::Reply;

/// What is known about replies, the first row that fits counting. Written from Microsoft's pages and the logs of others.
const REPLIES: &str = include_str!("../data/replies.csv");

/// What a reply means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Whose turn it is.
    pub class: Class,
    /// How long to wait at least before the next try, where that is known.
    pub wait: Option<Duration>,
    /// What is the case, in English.
    pub words: &'static str,
}

/// Tells what a reply in some phase means, by `replies.csv` or else by its first digit (RFC 5321 section 4.2.1).
#[must_use]
pub fn judge(reply: &Reply, phase: Phase) -> Judgement {
    let text = reply.text().to_lowercase();
    match rows().find(|row| row.fits(reply, &text, phase)) {
        Some(row) => Judgement { class: row.class, wait: row.wait, words: row.words },
        None => by_first_digit(reply, phase),
    }
}

fn by_first_digit(reply: &Reply, phase: Phase) -> Judgement {
    let (class, words) = match (reply.first_digit(), phase) {
        (2 | 3, _) => (Class::Fine, "The server agreed."),
        (4, _) => (Class::TryLater, "The server can't do it now."),
        (_, Phase::Greeting | Phase::Ehlo | Phase::StartTls | Phase::Quit) => {
            (Class::Administrator(Switch::Connection), "The server does not want to talk to us.")
        }
        (_, Phase::Auth) => (Class::SignInAgain, "The server did not accept the sign-in."),
        (_, Phase::Reset) => (Class::OurBug, "The server would not begin another message."),
        (_, Phase::RcptTo) => (Class::RecipientRefused, "The server refused the recipient."),
        (_, Phase::MailFrom | Phase::Data | Phase::Body | Phase::EndOfData) => {
            (Class::MessageRefused, "The server refused the message.")
        }
    };
    Judgement { class, wait: None, words }
}

/// One line of `replies.csv`; what is empty fits everything.
struct Row {
    /// The first digits of the code.
    code: &'static str,
    /// One enhanced code, or several that differ in the last number: `4.7.500-699`.
    enhanced: &'static str,
    /// A piece of the text, whatever its case.
    text: &'static str,
    /// `any`, or phases with `|` between them.
    phases: &'static str,
    class: Class,
    wait: Option<Duration>,
    words: &'static str,
}

/// No field has a comma or quotes in it, which a test holds, so that reading them takes no library in the Worker.
fn rows() -> impl Iterator<Item = Row> {
    REPLIES.lines().skip(1).filter_map(Row::read)
}

impl Row {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        let mut next = || fields.next();
        let (code, enhanced, text, phases) = (next()?, next()?, next()?, next()?);
        let class = Class::from_word(next()?)?;
        let wait = next()?.parse().ok().map(Duration::from_secs);
        Some(Self { code, enhanced, text, phases, class, wait, words: next()? })
    }

    fn fits(&self, reply: &Reply, text: &str, phase: Phase) -> bool {
        reply.code().to_string().starts_with(self.code)
            && self.fits_enhanced(reply)
            && text.contains(&self.text.to_lowercase())
            && (self.phases == "any" || self.phases.split('|').any(|word| word == phase.as_str()))
    }

    fn fits_enhanced(&self, reply: &Reply) -> bool {
        if self.enhanced.is_empty() {
            return true;
        }
        let Some(theirs) = reply.enhanced() else { return false };
        let (subject, details) = self.enhanced.rsplit_once('.').unwrap_or_default();
        let (from, to) = details.split_once('-').unwrap_or((details, details));
        let is_in = |from: u16, to: u16| (from..=to).contains(&theirs.detail);
        subject == format!("{}.{}", theirs.class, theirs.subject)
            && from.parse().is_ok_and(|from| to.parse().is_ok_and(|to| is_in(from, to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_as_a_spreadsheet_would() {
        let mut reader = csv::Reader::from_reader(REPLIES.as_bytes());
        let theirs: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        let ours: Vec<Row> = rows().collect();
        assert_eq!(ours.len(), theirs.len());
        for (row, record) in ours.iter().zip(&theirs) {
            assert_eq!(record.len(), 7, "{record:?}");
            assert_eq!(
                [row.code, row.enhanced, row.text, row.phases, row.words],
                [&record[0], &record[1], &record[2], &record[3], &record[6]]
            );
            assert_eq!(record[5].is_empty(), row.wait.is_none(), "{record:?}");
            let phases = row.phases.split('|');
            assert!(
                phases.into_iter().all(|word| word == "any" || Phase::ALL.iter().any(|p| p.as_str() == word))
            );
        }
    }

    #[test]
    fn every_row_can_be_reached() {
        for (number, row) in rows().enumerate() {
            let code: u16 = format!("{:0<3}", row.code).parse().unwrap();
            let enhanced = row.enhanced.split('-').next().unwrap();
            let reply = Reply::new(code, &[format!("{enhanced} {}", row.text)]);
            let phase = Phase::ALL.into_iter().find(|phase| row.phases.contains(phase.as_str()));
            let phase = phase.unwrap_or(Phase::MailFrom);
            assert_eq!(judge(&reply, phase).words, row.words, "row {}", number + 2);
        }
    }

    #[test]
    fn what_nobody_knows_goes_by_its_first_digit() {
        let class = |code, phase| judge(&Reply::new(code, &["Something new"]), phase).class;
        assert_eq!(class(250, Phase::EndOfData), Class::Fine);
        assert_eq!(class(454, Phase::Auth), Class::TryLater);
        assert_eq!(class(571, Phase::Auth), Class::SignInAgain);
        assert_eq!(class(571, Phase::RcptTo), Class::RecipientRefused);
        assert_eq!(class(571, Phase::EndOfData), Class::MessageRefused);
        assert_eq!(class(554, Phase::Greeting), Class::Administrator(Switch::Connection));
    }
}
