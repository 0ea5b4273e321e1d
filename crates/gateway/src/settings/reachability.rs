use std::net::IpAddr;

/// Which mail servers can be reached from where the Worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// At Cloudflare: every public address, every port but 25 (Cloudflare: TCP sockets, considerations).
    Internet,
    /// Through a relay: wherever that can come, which only its owner knows.
    Relay,
    /// On somebody's own machine, where a server stands beside it.
    ThisMachine,
}

/// Why a mail server can't be reached, as the field and the sentence that says what to do instead; nothing when nothing is
/// known against it.
///
/// By the name alone: a public name that leads to a private address is refused when it is tried.
#[must_use]
pub fn out_of_reach(server: &str, port: u16, reach: Reach) -> Option<(&'static str, &'static str)> {
    if reach != Reach::Internet {
        return None;
    }
    if is_private(server) {
        let detail = "this address is inside your own network, where Postbode can't come; use a name that the internet knows, or a relay";
        return Some(("server", detail));
    }
    (port == 25).then_some((
        "port",
        "port 25 is closed for whoever sends from the cloud; use 587, 465 or 2525, or a relay",
    ))
}

/// Names and addresses that mean something else, or nothing, to everybody else (RFC 1918, 4193, 6761, 6762, 8375).
fn is_private(server: &str) -> bool {
    let server = server.trim().trim_end_matches('.').to_ascii_lowercase();
    let literal = server.trim_start_matches('[').trim_end_matches(']');
    match literal.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => {
            let shared = v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared
        }
        Ok(IpAddr::V6(v6)) => {
            let mapped = v6.to_ipv4_mapped().is_some_and(|v4| is_private(&v4.to_string()));
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || mapped
        }
        Err(_) => {
            let inside = ["localhost", "local", "internal", "lan", "intranet", "home.arpa", "test"];
            // A name of one word is somebody's own.
            !server.is_empty() && !server.contains('.')
                || inside.iter().any(|zone| server.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.')))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_a_network_is_told_before_anything_is_tried() {
        for server in [
            "localhost",
            "mail",
            "mail.bedrijf.local",
            "MAIL.Internal.",
            "10.0.0.5",
            "192.168.1.1",
            "172.31.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "::1",
            "[fd00::1]",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(out_of_reach(server, 587, Reach::Internet).unwrap().0, "server", "{server}");
            assert_eq!(out_of_reach(server, 25, Reach::ThisMachine), None);
            assert_eq!(out_of_reach(server, 25, Reach::Relay), None);
        }
        for server in ["smtp.gmail.com", "8.8.8.8", "172.32.0.1", "2a00::1", "mail.localhost.nl", "latest.nl"]
        {
            assert_eq!(out_of_reach(server, 587, Reach::Internet), None, "{server}");
            assert_eq!(out_of_reach(server, 25, Reach::Internet).unwrap().0, "port", "{server}");
        }
    }
}
