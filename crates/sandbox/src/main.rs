//! `sandbox`: starts the stand-in for Microsoft 365 on localhost. What it is: `docs/sandbox.md`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Parser;
use sandbox::{Addresses, Clock, Config, Sandbox, secret, serve};

/// A local stand-in for Microsoft 365, with an inbox to look at. Listens on localhost only.
#[derive(Parser)]
struct Arguments {
    /// Port for plain HTTP; 0 picks a free one
    #[arg(long, default_value_t = 8790, env = "SANDBOX_PORT")]
    port: u16,
    /// Port for TLS; 0 picks a free one
    #[arg(long, default_value_t = 8791, env = "SANDBOX_TLS_PORT")]
    tls_port: u16,
    /// Port for SMTP with STARTTLS; 0 picks a free one. Without it 8587, or a free one where that is taken
    #[arg(long, env = "SANDBOX_SMTP_PORT")]
    smtp_port: Option<u16>,
    /// Port for SMTP over TLS; 0 picks a free one. Without it 8465, or a free one where that is taken
    #[arg(long, env = "SANDBOX_SMTPS_PORT")]
    smtps_port: Option<u16>,
    /// Where ca.pem is kept between runs
    #[arg(long, default_value = ".postbode/sandbox", env = "SANDBOX_STATE_DIR")]
    state_dir: PathBuf,
    /// Application (client) id of the first registered app
    #[arg(long, default_value = Config::CLIENT_ID, env = "SANDBOX_CLIENT_ID")]
    client_id: String,
    /// Its secret; without one, a random one is made and printed
    #[arg(long, env = "SANDBOX_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
    /// Its redirect URIs (Web platform), separated by commas
    #[arg(long, value_delimiter = ',', default_value = Config::REDIRECT_URIS, env = "SANDBOX_REDIRECT_URIS")]
    redirect_uris: Vec<String>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    // An empty variable is no secret either.
    let given = arguments.client_secret.filter(|secret| !secret.is_empty());
    let made = given.is_none();
    let client_secret = given.unwrap_or_else(secret);
    let config = Config {
        client_id: arguments.client_id,
        client_secret: client_secret.clone(),
        redirect_uris: arguments.redirect_uris.iter().map(|uri| uri.trim().to_owned()).collect(),
    };
    say(&format!("client id      {}", config.client_id));
    if made {
        say(&format!("client secret  {client_secret}"));
    }
    say(&format!("redirect URIs  {}", config.redirect_uris.join(" ")));
    let addresses = Addresses {
        port: arguments.port,
        tls_port: arguments.tls_port,
        smtp_port: arguments.smtp_port,
        smtps_port: arguments.smtps_port,
        state_dir: arguments.state_dir,
    };
    let serving = serve(Sandbox::new(config, Clock::system()), &addresses).await?;
    let authority = addresses.state_dir.join("ca.pem");
    say(&format!("over TLS       https://localhost:{} (CA: {})", serving.tls_port, authority.display()));
    say(&format!("SMTP           localhost:{} (STARTTLS)", serving.smtp_port));
    say(&format!("SMTP over TLS  localhost:{}", serving.smtps_port));
    say(&format!("sandbox ready http://localhost:{}", serving.port));
    serving.finish().await
}

/// A closed stdout must not end the sandbox.
fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}
