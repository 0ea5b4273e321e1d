use crate::reply::Reply;

/// What a server said that it can do, in its answer to EHLO (RFC 5321 section 4.1.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that a server offers or not")]
pub(crate) struct Capabilities {
    pub(crate) starttls: bool,
    pub(crate) pipelining: bool,
    pub(crate) eight_bit_mime: bool,
    pub(crate) smtputf8: bool,
    /// `SIZE` is offered (RFC 1870).
    pub(crate) size: bool,
    /// The largest message, when the server tells.
    pub(crate) size_max: Option<u64>,
    /// SASL mechanisms, upper case.
    pub(crate) mechanisms: Vec<String>,
}

impl Capabilities {
    /// Reads the lines after the first, which is only a greeting.
    pub(crate) fn read(reply: &Reply) -> Self {
        let mut offered = Self::default();
        for line in reply.lines().iter().skip(1) {
            let mut words = line.split_ascii_whitespace();
            let Some(keyword) = words.next().map(str::to_ascii_uppercase) else { continue };
            match keyword.as_str() {
                "STARTTLS" => offered.starttls = true,
                "PIPELINING" => offered.pipelining = true,
                "8BITMIME" => offered.eight_bit_mime = true,
                "SMTPUTF8" => offered.smtputf8 = true,
                "SIZE" => {
                    offered.size = true;
                    // Nought says that there is no fixed limit.
                    offered.size_max =
                        words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0);
                }
                "AUTH" => offered.add_mechanisms(words),
                // What some servers wrote before RFC 2554: `AUTH=LOGIN PLAIN`.
                _ => {
                    if let Some(first) = keyword.strip_prefix("AUTH=") {
                        offered.add_mechanisms(Some(first).into_iter().chain(words));
                    }
                }
            }
        }
        offered
    }

    pub(crate) fn offers(&self, mechanism: &str) -> bool {
        self.mechanisms.iter().any(|offered| offered == mechanism)
    }

    fn add_mechanisms<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        for word in words.map(str::to_ascii_uppercase).filter(|word| !word.is_empty()) {
            if !self.offers(&word) {
                self.mechanisms.push(word);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_offer() {
        let lines = [
            "mail STARTTLS",
            "size 157286400",
            "PIPELINING",
            "8bitmime",
            "SMTPUTF8",
            "AUTH=LOGIN",
            "auth login Plain",
        ];
        let offered = Capabilities::read(&Reply::new(250, &lines));
        assert_eq!(offered.size_max, Some(157_286_400));
        assert_eq!(offered.mechanisms, ["LOGIN", "PLAIN"]);
        assert!(offered.size && offered.pipelining && offered.eight_bit_mime && offered.smtputf8);
        assert!(!offered.starttls, "the first line offers nothing");
    }

    #[test]
    fn a_size_without_a_limit_is_none() {
        for line in ["SIZE", "SIZE 0", "SIZE much", "SIZE 99999999999999999999"] {
            let offered = Capabilities::read(&Reply::new(250, &["mail", line]));
            assert!(offered.size && offered.size_max.is_none(), "{line}");
        }
    }
}
