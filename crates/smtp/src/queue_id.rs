use crate::reply::Reply;

/// Words before a number that servers look a message up by: Exchange's inner queue, Postfix, Exim and others.
const BEFORE_IDS: [&str; 4] = ["internalid=", "queued as ", "id=", "with id "];

/// The server's own number of a message, out of its last reply.
pub(crate) fn queue_id(reply: &Reply) -> Option<String> {
    let text = reply.text();
    let lower = text.to_ascii_lowercase();
    let marked = BEFORE_IDS.iter().find_map(|words| {
        let at = lower.match_indices(words).map(|(at, _)| at).find(|at| {
            // A word of its own, not the end of another one.
            lower.get(..*at).is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
        })?;
        id_at_start(text.get(at + words.len()..)?)
    });
    // Exchange: `250 2.0.0 OK <message-id> [Hostname=…]`.
    marked.or_else(|| {
        let rest = text.strip_prefix("OK ").unwrap_or(&text);
        let inner = rest.strip_prefix('<')?.split_once('>')?.0;
        (!inner.is_empty() && !inner.contains(' ')).then(|| inner.to_owned())
    })
}

/// At least four characters, so that no word of a sentence passes for a number.
fn id_at_start(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let id: String = text.chars().take_while(|c| is_part(*c)).collect();
    (id.len() >= 4).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_servers_write() {
        for (text, id) in [
            ("2.0.0 Ok: queued as 4F2C91B3A", Some("4F2C91B3A")),
            ("OK id=1abcDe-0001Bc-Df", Some("1abcDe-0001Bc-Df")),
            ("2.0.0 OK <a1@x.prod.outlook.com> [Hostname=X.prod.outlook.com]", Some("a1@x.prod.outlook.com")),
            ("2.6.0 <a@b> [InternalId=5798, Hostname=X] 9 bytes in 0.1, 1 KB/sec Queued mail", Some("5798")),
            ("2.0.0 Message accepted", None),
            ("2.0.0 OK", None),
            ("paid=12345", None),
        ] {
            assert_eq!(queue_id(&Reply::new(250, &[text])).as_deref(), id, "{text}");
        }
    }
}
