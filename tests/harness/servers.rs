//! Servers that nobody here wrote, from Debian: Dovecot takes mail from whoever has a good access token and hands it on to
//! Postfix, which keeps it. Their configuration is in `tests/servers`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::guardian::end_of;
use crate::places::{Places, temporary};
use crate::stack::{Options, Stack, free_port};
use crate::time::until_or_else;

/// Who owns nothing, on Debian.
const NOBODY: u32 = 65534;

/// Who may sign in at Dovecot with a password.
pub const USER_NAME: &str = "erp";
/// With letters that a wrong encoding would change.
pub const PASSWORD: &str = "geheïm w@cht-woord";

/// The two of them, and the installation that sends through them.
#[derive(Debug)]
pub struct Servers {
    /// Microsoft, but for its mail server.
    pub stack: Stack,
    /// Dovecot with STARTTLS.
    pub submission_port: u16,
    /// Dovecot over TLS.
    pub tls_port: u16,
    /// Postfix, in the clear and without anybody signing in.
    pub mx_port: u16,
    directory: PathBuf,
    /// Runs as root; the servers end when its input does.
    runner: Child,
}

impl Servers {
    /// Starts them, with an installation whose mail server of Microsoft 365 is Dovecot.
    pub async fn start() -> Self {
        Self::offering("xoauth2 plain login").await
    }

    /// The same, with other ways to sign in at Dovecot.
    pub async fn offering(mechanisms: &str) -> Self {
        Self::with(mechanisms, Vec::new()).await
    }

    /// The same, with other values for the Worker's variables.
    pub async fn with(mechanisms: &str, more: Vec<(&'static str, String)>) -> Self {
        let directory = temporary();
        let [submission_port, tls_port, mx_port] = [(); 3].map(|()| free_port());
        let authority = write_certificate(&directory);
        let stack = Stack::start(Options {
            vars: [vec![("SANDBOX_SMTP", format!("localhost:{submission_port}"))], more].concat(),
            trusted: vec![authority],
            ..Options::default()
        })
        .await;
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let reader = if root { NOBODY } else { fs::metadata("/proc/self").unwrap().uid() };
        let values = [
            ("directory", directory.display().to_string()),
            ("reader", reader.to_string()),
            ("nobody", NOBODY.to_string()),
            ("mx_port", mx_port.to_string()),
            ("submission_port", submission_port.to_string()),
            ("tls_port", tls_port.to_string()),
            ("mechanisms", mechanisms.to_owned()),
            ("introspection", format!("{}/sandbox/introspect", stack.sandbox.origin)),
        ];
        fs::create_dir(directory.join("postfix")).unwrap();
        fs::write(directory.join("users"), format!("{USER_NAME}:{{PLAIN}}{PASSWORD}\n")).unwrap();
        for (template, file) in [
            ("postfix-main.cf", "postfix/main.cf"),
            ("postfix-master.cf", "postfix/master.cf"),
            ("dovecot.conf", "dovecot.conf"),
            ("dovecot-oauth2.conf", "dovecot-oauth2.conf"),
        ] {
            let mut text = fs::read_to_string(templates().join(template)).unwrap();
            for (name, value) in &values {
                text = text.replace(&format!("{{{{{name}}}}}"), value);
            }
            fs::write(directory.join(file), text).unwrap();
        }
        let mut run = if root { Command::new("sh") } else { as_root("sh") };
        run.arg(templates().join("run.sh")).arg(&directory).args([reader, NOBODY].map(|id| id.to_string()));
        run.env("PATH", format!("/usr/sbin:/sbin:{}", std::env::var("PATH").unwrap()));
        let runner = run.stdin(Stdio::piped()).spawn().unwrap();
        let servers = Self { stack, submission_port, tls_port, mx_port, directory, runner };
        servers.until_greeted(mx_port).await;
        servers.until_greeted(submission_port).await;
        servers
    }

    /// What arrived at Postfix, each file with its trace headers, in no order.
    pub fn mails(&self) -> Vec<Vec<u8>> {
        let inbox = self.directory.join("inbox/mail/new");
        let files = fs::read_dir(inbox).into_iter().flatten();
        files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }

    /// What arrived under that subject: one file for each recipient.
    pub async fn arrived(&self, count: usize, holds: &str) -> Vec<Vec<u8>> {
        let found = until_or_else(async || {
            let has = |mail: &Vec<u8>| String::from_utf8_lossy(mail).contains(holds);
            let found: Vec<Vec<u8>> = self.mails().into_iter().filter(has).collect();
            (found.len() >= count).then_some(found)
        });
        found.await.unwrap_or_else(|| panic!("{holds} did not arrive {count} times\n{}", self.logs()))
    }

    /// What both have to say, for a test that failed.
    pub fn logs(&self) -> String {
        let logs = ["postfix.out", "postfix.log", "dovecot.out", "dovecot.log"];
        logs.map(|log| end_of(&self.directory.join(log))).join("\n")
    }

    async fn until_greeted(&self, port: u16) {
        let greeted = until_or_else(async || {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
            let mut greeting = [0; 4];
            stream.read_exact(&mut greeting).ok()?;
            let _ = stream.write_all(b"QUIT\r\n");
            (&greeting == b"220 ").then_some(())
        });
        assert!(greeted.await.is_some(), "no mail server at port {port}\n{}", self.logs());
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.runner.stdin.take();
        let _ = self.runner.wait();
    }
}

fn templates() -> PathBuf {
    Places::here().root.join("tests/servers")
}

/// Debian's mail servers begin as root, to become the users whose mail it is.
fn as_root(program: &str) -> Command {
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "--preserve-env=PATH,POSTBODE_KEEP", program]);
    sudo
}

/// Writes certificate and key of `localhost`; the authority to trust, as PEM.
fn write_certificate(directory: &Path) -> String {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    fs::write(directory.join("certificate.pem"), certificate.pem()).unwrap();
    fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
    authority_certificate.pem()
}
