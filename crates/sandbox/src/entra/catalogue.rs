//! The refusals a test can order by number: `data/aadsts.csv`, written from section 3.
//!
//! A number can have a row for each place it is seen at. The error a row gives is what Entra sends where that is known,
//! else what the number's class makes likely [U]; native tests of the product's reader go through the same rows.

use std::sync::LazyLock;

use axum::http::StatusCode;
use serde_json::json;

use crate::{entra::errors::Refusal, random};

const FILE: &str = include_str!("../../data/aadsts.csv");

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| FILE.lines().skip(1).filter_map(Row::read).collect());

/// Where a refusal is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Answered by the token endpoint.
    Token,
    /// Stays on Microsoft's page.
    Page,
    /// Comes back to the app.
    Redirect,
}

/// Who can help (section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The app or its registration is wrong.
    Configuration,
    /// An administrator of the customer.
    Administrator,
    /// The same person, by signing in again.
    User,
    /// Time.
    Temporary,
}

/// One line of the file.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) number: u32,
    pub(crate) place: Place,
    pub(crate) class: Class,
    status: StatusCode,
    error: &'static str,
    suberror: Option<&'static str>,
    meaning: &'static str,
}

/// Multi-factor and policy refusals that carry `claims` for the next sign-in (section 1.8). That these do, and what is
/// in them, is from memory [U].
const WITH_CLAIMS: [u32; 10] = [50072, 50074, 50076, 50078, 50079, 50158, 53000, 53001, 53003, 53004];

impl Row {
    fn read(line: &'static str) -> Option<Self> {
        let fields = split(line)?;
        let [number, place, status, error, suberror, class, meaning] = fields.as_slice() else {
            return None;
        };
        Some(Self {
            number: number.parse().ok()?,
            place: match *place {
                "token" => Place::Token,
                "page" => Place::Page,
                "redirect" => Place::Redirect,
                _ => return None,
            },
            class: match *class {
                "CFG" => Class::Configuration,
                "ADM" => Class::Administrator,
                "USR" => Class::User,
                "TMP" => Class::Temporary,
                _ => return None,
            },
            status: StatusCode::from_bytes(status.as_bytes()).ok()?,
            error,
            suberror: Some(*suberror).filter(|suberror| !suberror.is_empty()),
            meaning,
        })
    }

    pub(crate) fn meaning(&self) -> &'static str {
        self.meaning
    }

    pub(crate) fn refusal(&self) -> Refusal {
        let claims = || {
            let values = json!({ "capolids": { "essential": true, "values": [random::guid()] } });
            json!({ "access_token": values }).to_string()
        };
        Refusal {
            status: self.status,
            error: self.error.into(),
            suberror: self.suberror.map(Into::into),
            number: self.number,
            text: self.meaning.to_owned(),
            claims: (self.place == Place::Token && WITH_CLAIMS.contains(&self.number)).then(claims),
        }
    }
}

/// The row of a number at a place.
pub(crate) fn find(number: u32, place: Place) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.number == number && row.place == place)
}

/// What the person sees: the row for the page, or else the token endpoint's, whose text serves as well.
pub(crate) fn on_page(number: u32) -> Option<Refusal> {
    find(number, Place::Page).or_else(|| find(number, Place::Token)).map(Row::refusal)
}

/// All numbers the token endpoint can be told to refuse with.
pub(crate) fn of_token() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.place == Place::Token)
}

/// Fields between commas; one that holds commas stands in double quotes. A quote inside a field is not read: the file
/// needs none.
fn split(line: &'static str) -> Option<Vec<&'static str>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        if field.contains('"') {
            return None;
        }
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(fields),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::entra::errors;

    #[test]
    fn every_line_is_a_row_and_no_row_is_there_twice() {
        assert!(FILE.starts_with("number,at,status,error,suberror,class,meaning\n"));
        for line in FILE.lines().skip(1) {
            let row = Row::read(line).unwrap_or_else(|| panic!("{line}"));
            assert!(!row.error.is_empty() && !row.meaning.is_empty(), "{line}");
        }
        let places: BTreeSet<(u32, Place)> = ROWS.iter().map(|row| (row.number, row.place)).collect();
        assert_eq!(places.len(), ROWS.len());
        assert_eq!(ROWS.len(), FILE.lines().count() - 1);
    }

    #[test]
    fn transient_errors_arrive_as_invalid_grant() {
        for number in [50196, 90055, 90033, 90006, 90024, 50033, 50087, 90036, 90090] {
            let row = find(number, Place::Token).unwrap();
            assert_eq!((row.class, row.error), (Class::Temporary, "invalid_grant"), "{number}");
        }
    }

    #[test]
    fn a_number_on_two_places_has_one_class() {
        for row in ROWS.iter() {
            let same = ROWS.iter().find(|other| other.number == row.number).unwrap();
            assert_eq!(same.class, row.class, "{}", row.number);
        }
    }

    #[test]
    fn the_file_says_what_the_endpoint_does() {
        let now = chrono::DateTime::UNIX_EPOCH;
        let account = crate::account::Account::new("1".into(), "a@b.example".into(), "A".into());
        for real in [
            errors::tenant_not_found("x"),
            errors::application_not_found("x"),
            errors::application_disabled("x"),
            errors::application_of_one_tenant("x"),
            errors::parameter_missing("x"),
            errors::scope_invalid("x"),
            errors::not_consented("x"),
            errors::secret_missing(),
            errors::secret_wrong(),
            errors::secret_expired("x"),
            errors::assertion_unsigned("x"),
            errors::cross_origin(),
            errors::grant_type_unsupported("x"),
            errors::malformed_grant(),
            errors::refresh_token_invalid(),
            errors::code_redeemed(),
            errors::code_expired(),
            errors::refresh_token_expired(now),
            errors::revoked(now, now),
            errors::verifier_wrong(),
            errors::code_of_other_tenant(),
            errors::several_resources(),
            errors::account_gone("x"),
            errors::account_disabled(),
            errors::not_assigned(&account, "x"),
        ] {
            let row = find(real.number, Place::Token).unwrap_or_else(|| panic!("{}", real.number)).refusal();
            let read = (row.status, row.error, row.suberror);
            assert_eq!(read, (real.status, real.error, real.suberror), "{}", real.number);
        }
    }

    #[test]
    fn quotes_hold_commas_and_nothing_else_does() {
        assert_eq!(split(r#"1,"a, b",c"#).unwrap(), ["1", "a, b", "c"]);
        assert_eq!(split("1,,").unwrap(), ["1", "", ""]);
        assert_eq!(split(r#"1,"a"b"#), None);
        assert_eq!(split(r#"1,"a"#), None);
    }
}
