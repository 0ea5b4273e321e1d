use api::Code;

use super::Stage;

/// What each kind of failure means for a message and its mailbox: one row for each code.
const FAILURES: &str = include_str!("../../data/failures.csv");

/// What a failure means for a message. [`super::retry_policy`] chooses the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Retry,
    Hold,
    Refuse,
    Unknown,
}

/// Whom a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// One message; the next may fare better.
    Message,
    /// The mailbox: the next message would meet the same.
    Mailbox,
    /// The mailbox where it sends by somebody else's right; else one alias of many.
    SharedMailbox,
}

/// What `failures.csv` says about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Where step and scope hold; everywhere when absent.
    stage: Option<Stage>,
    pub(super) step: Step,
    pub(super) scope: Scope,
    /// Whether Exchange punishes a mailbox for meeting it again and again.
    pub(super) counts: bool,
}

/// The row of a code, at a stage.
///
/// No row for this stage, or a code of a later version: hold the message if there was no token yet, refuse it during
/// hand-over.
pub(super) fn failure(code: Code, stage: Stage) -> Row {
    let row = rows().find(|(one, _)| *one == code.as_str()).map(|(_, row)| row);
    let step = match stage {
        Stage::Token => Step::Hold,
        Stage::HandOver => Step::Refuse,
    };
    row.filter(|row| row.stage.is_none_or(|one| one == stage)).unwrap_or(Row {
        stage: None,
        step,
        scope: Scope::Message,
        counts: false,
    })
}

/// No field has a comma or quotes in it, which a test holds, so that reading them takes no library in the Worker.
fn rows() -> impl Iterator<Item = (&'static str, Row)> {
    FAILURES.lines().skip(1).filter_map(read)
}

fn read(line: &'static str) -> Option<(&'static str, Row)> {
    let mut fields = line.split(',');
    let code = fields.next()?;
    let stage = match fields.next()? {
        "any" => None,
        "token" => Some(Stage::Token),
        "hand_over" => Some(Stage::HandOver),
        _ => return None,
    };
    let step = match fields.next()? {
        "retry" => Step::Retry,
        "hold" => Step::Hold,
        "refuse" => Step::Refuse,
        "unknown" => Step::Unknown,
        _ => return None,
    };
    let scope = match fields.next()? {
        "message" => Scope::Message,
        "mailbox" => Scope::Mailbox,
        "shared_mailbox" => Scope::SharedMailbox,
        _ => return None,
    };
    let counts = match fields.next()? {
        "yes" => true,
        "no" => false,
        _ => return None,
    };
    Some((code, Row { stage, step, scope, counts }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_row_and_a_spreadsheet_reads_the_same() {
        let mut reader = csv::Reader::from_reader(FAILURES.as_bytes());
        let theirs: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        let ours: Vec<&str> = rows().map(|(code, _)| code).collect();
        assert_eq!(ours, theirs.iter().map(|record| &record[0]).collect::<Vec<_>>());
        assert_eq!(ours, Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
    }

    #[test]
    fn what_may_succeed_later_is_what_is_tried_again() {
        for code in Code::ALL {
            for stage in [Stage::Token, Stage::HandOver] {
                assert_eq!(failure(*code, stage).step == Step::Retry, code.retryable(), "{code:?}");
            }
        }
    }

    #[test]
    fn a_code_of_a_later_version_blames_the_message_only_when_it_was_on_its_way() {
        assert_eq!(failure(Code::Unrecognised, Stage::Token).step, Step::Hold);
        assert_eq!(failure(Code::Unrecognised, Stage::HandOver).step, Step::Refuse);
    }
}
