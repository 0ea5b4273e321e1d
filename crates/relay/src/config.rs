use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use relay_contract::{Key, KeyError};

use crate::allowed::{Allowed, Pattern};

/// Speaks SMTP for Postbode from inside a company's network, or from where port 25 is open.
///
/// The key comes from the environment (`RELAY_KEY`) or from a file, never from the command line, which other users can see.
#[derive(Debug, clap::Parser)]
#[command(version)]
pub(crate) struct Options {
    /// What this relay is called; the same as in Postbode
    #[arg(long, env = "RELAY_ID")]
    id: String,
    /// File with the key that this relay shares with Postbode (openssl rand -base64 32); a second line or a comma adds the
    /// one that replaces it. Without a file: `RELAY_KEY`
    #[arg(long, env = "RELAY_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// Where to listen for orders
    #[arg(long, env = "RELAY_LISTEN", default_value = "127.0.0.1:8025")]
    listen: SocketAddr,
    /// Mail servers on the internet that it may speak with: mail.example.nl:587, *.example.nl:25, *:587
    #[arg(long, env = "RELAY_SERVERS", value_delimiter = ',')]
    servers: Vec<Pattern>,
    /// Mail servers that may be inside a network: mail.intern:25
    #[arg(long, env = "RELAY_PRIVATE_SERVERS", value_delimiter = ',')]
    private_servers: Vec<Pattern>,
    /// Certificate authorities to trust beside the public ones, in PEM
    #[arg(long, env = "RELAY_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Certificate chain in PEM, to be reached by https; without it, put the relay behind a tunnel
    #[arg(long, env = "RELAY_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key in PEM
    #[arg(long, env = "RELAY_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Conversations at the same time
    #[arg(long, env = "RELAY_CONNECTIONS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    connections: u32,
    /// The largest message, in bytes
    #[arg(long, env = "RELAY_MESSAGE_BYTES_MAX", default_value_t = 157_286_400)]
    message_bytes_max: u64,
    /// Where to show figures (/metrics), for example 127.0.0.1:9025; nowhere without it
    #[arg(long, env = "RELAY_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Explain this configuration, try what it names, and stop
    #[arg(long)]
    pub(crate) check: bool,
}

/// Everything that the relay was told, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) id: String,
    /// More than one while the key is being replaced.
    pub(crate) keys: Vec<Key>,
    pub(crate) listen: SocketAddr,
    pub(crate) allowed: Allowed,
    pub(crate) ca_file: Option<PathBuf>,
    /// Certificate and key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    pub(crate) connections: u32,
    pub(crate) message_bytes_max: u64,
    pub(crate) metrics_listen: Option<SocketAddr>,
}

/// What has to be put right before the relay can start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("RELAY_ID is letters, digits, - and _, at most 64; the same name as in Postbode")]
    Id,
    #[error("there is no key: set RELAY_KEY or RELAY_KEY_FILE (openssl rand -base64 32)")]
    NoKey,
    #[error("RELAY_KEY: {0}")]
    Key(#[from] KeyError),
    #[error(
        "no server is allowed: name those that it may speak with in RELAY_SERVERS, or RELAY_PRIVATE_SERVERS"
    )]
    NoServer,
    #[error("{0:?} can't be read: {1}")]
    File(PathBuf, std::io::Error),
    #[error("{0:?}: {1}")]
    Pem(PathBuf, String),
}

impl Config {
    pub(crate) fn read(options: Options) -> Result<Self, ConfigError> {
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if options.id.is_empty() || options.id.len() > 64 || !options.id.chars().all(is_id) {
            return Err(ConfigError::Id);
        }
        let keys = match &options.key_file {
            Some(path) => read_text(path)?,
            None => std::env::var("RELAY_KEY").map_err(|_| ConfigError::NoKey)?,
        };
        if options.servers.is_empty() && options.private_servers.is_empty() {
            return Err(ConfigError::NoServer);
        }
        Ok(Self {
            id: options.id,
            keys: read_keys(&keys)?,
            listen: options.listen,
            allowed: Allowed { public: options.servers, private: options.private_servers },
            ca_file: options.ca_file,
            identity: options.tls_cert.zip(options.tls_key),
            connections: options.connections,
            message_bytes_max: options.message_bytes_max,
            metrics_listen: options.metrics_listen,
        })
    }
}

fn read_keys(text: &str) -> Result<Vec<Key>, ConfigError> {
    let keys = text.split([',', '\n']).map(str::trim).filter(|key| !key.is_empty());
    let keys: Vec<Key> = keys.map(Key::read).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(ConfigError::NoKey) } else { Ok(keys) }
}

pub(crate) fn read_text(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| ConfigError::File(path.to_owned(), error))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn read(arguments: &[&str], key: &str) -> Result<Config, String> {
        let directory =
            std::env::temp_dir().join(format!("relay-key-{}-{:p}", std::process::id(), &arguments));
        std::fs::write(&directory, key).unwrap();
        let file = directory.to_string_lossy().into_owned();
        let all = ["relay", "--key-file", &file].into_iter().chain(arguments.iter().copied());
        let options = Options::try_parse_from(all).map_err(|error| error.to_string());
        let config = options.and_then(|options| Config::read(options).map_err(|error| error.to_string()));
        std::fs::remove_file(directory).unwrap();
        config
    }

    #[test]
    fn a_new_key_stands_beside_the_old_one() {
        let config =
            read(&["--id", "kantoor", "--servers", "a.nl:25,*.b.nl:587"], &format!("{KEY}\n{KEY}\n"))
                .unwrap();
        assert_eq!((config.keys.len(), config.allowed.public.len()), (2, 2));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let good = ["--id", "kantoor", "--servers", "a.nl:25"];
        assert!(read(&good, KEY).is_ok());
        for (arguments, key, says) in [
            (&["--id", "kan toor", "--servers", "a.nl:25"][..], KEY, "RELAY_ID is"),
            (&["--servers", "a.nl:25"], KEY, "--id"),
            (&["--id", "kantoor"], KEY, "RELAY_SERVERS"),
            (&["--id", "kantoor", "--servers", "a.nl"], KEY, "mail.example.nl:587"),
            (&["--id", "kantoor", "--servers", "a.nl:25", "--tls-cert", "x"], KEY, "--tls-key"),
            (&good, "", "no key"),
            (&good, "geheim", "32 random bytes"),
        ] {
            let error = read(arguments, key).unwrap_err();
            assert!(error.contains(says) && !error.contains("geheim"), "{error}");
        }
    }
}
