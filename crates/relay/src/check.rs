//! `relay --check`: says in words what the configuration means, and tries what it names.

use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::allowed::{Pattern, is_public};
use crate::config::Config;
use crate::tls;

const PATIENCE: Duration = Duration::from_secs(5);

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub(crate) async fn explain(config: &Config) -> ExitCode {
    let (lines, good) = examine(config).await;
    for line in lines {
        println!("{line}");
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn examine(config: &Config) -> (Vec<String>, bool) {
    let mut good = true;
    let mut lines = vec![format!("ok   this relay is called {}", config.id)];
    lines.push(match config.keys.len() {
        1 => "ok   it believes one key".to_owned(),
        count => {
            format!("ok   it believes {count} keys; take the old one away when Postbode has the new one")
        }
    });
    let mut say = |verdict: Result<String, String>| match verdict {
        Ok(text) => lines.push(format!("ok   {text}")),
        Err(text) => {
            good = false;
            lines.push(format!("fix  {text}"));
        }
    };
    say(tls::connector(config).map(|_| trust(config)).map_err(|error| format!("RELAY_CA_FILE: {error}")));
    say(match &config.identity {
        Some((certificate, key)) => tls::identity(certificate, key)
            .map(|_| format!("it listens on {} by https", config.listen))
            .map_err(|error| format!("RELAY_TLS_CERT, RELAY_TLS_KEY: {error}")),
        None if config.listen.ip().is_loopback() => {
            Ok(format!("it listens on {} by http; a tunnel on this machine makes that https", config.listen))
        }
        None => Err(format!(
            "it would listen on {} by http, where passwords can be read on the way; set RELAY_TLS_CERT and RELAY_TLS_KEY, or listen on 127.0.0.1 behind a tunnel",
            config.listen
        )),
    });
    for (patterns, inside) in [(&config.allowed.public, false), (&config.allowed.private, true)] {
        for pattern in patterns {
            say(try_server(pattern, inside).await);
        }
    }
    lines.push(format!(
        "ok   at most {} conversations at once, messages up to {} bytes",
        config.connections, config.message_bytes_max
    ));
    (lines, good)
}

fn trust(config: &Config) -> String {
    match &config.ca_file {
        Some(path) => {
            format!("it trusts the public certificate authorities, and those in {}", path.display())
        }
        None => "it trusts the public certificate authorities; name your own in RELAY_CA_FILE".to_owned(),
    }
}

async fn try_server(pattern: &Pattern, inside: bool) -> Result<String, String> {
    let Some((host, port)) = pattern.server() else {
        let place = if inside { ", also inside this network" } else { "" };
        return Ok(format!("it may speak with {pattern}{place}"));
    };
    let found = timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
    let addresses: Vec<_> = found.ok().and_then(Result::ok).map(Iterator::collect).unwrap_or_default();
    if addresses.is_empty() {
        return Err(format!(
            "{pattern}: nobody knows the name {host}; is it right, and does this machine's DNS work?"
        ));
    }
    if !inside && !addresses.iter().any(|address| is_public(address.ip())) {
        return Err(format!("{pattern} is inside a network; name it in RELAY_PRIVATE_SERVERS instead"));
    }
    match timeout(PATIENCE, TcpStream::connect(addresses.as_slice())).await {
        Ok(Ok(_)) => Ok(format!("it may speak with {pattern}, which answers")),
        Ok(Err(error)) => {
            Err(format!("{pattern} can't be reached: {error}; is the port right and open from here?"))
        }
        Err(_) => Err(format!("{pattern} does not answer; is a firewall in between?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_answers_and_one_that_does_not() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let open: Pattern = format!("127.0.0.1:{port}").parse().unwrap();
        assert!(try_server(&open, true).await.unwrap().contains("answers"));
        assert!(try_server(&open, false).await.unwrap_err().contains("RELAY_PRIVATE_SERVERS"));
        drop(listener);
        assert!(try_server(&open, true).await.unwrap_err().contains("can't be reached"));
        assert!(try_server(&"*:587".parse().unwrap(), true).await.unwrap().contains("inside"));
    }
}
