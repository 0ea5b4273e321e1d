use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::{Client, RequestBuilder};
use tokio::sync::OnceCell;

use crate::database;
use crate::guardian::{Guardian, end_of};
use crate::http::{Answer, client};
use crate::installation::Installation;
use crate::places::Places;
use crate::places::temporary;
use crate::proxy::Proxy;
use crate::sandbox::Sandbox;
use crate::secrets::Secrets;
use crate::time::until;

/// How a stack differs from the usual one.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Puts a recording proxy before the Worker; people and ERPs then come in through it.
    pub recorded: bool,
    /// Other values for the Worker's variables.
    pub vars: Vec<(&'static str, String)>,
    /// What stands in `ENTRA_CLIENT_SECRET` instead of the secret.
    pub credential: Option<String>,
    /// Leaves the KV namespace out, so that nothing can be put there.
    pub without_kv: bool,
    /// Certificates of authorities that the Worker trusts besides the sandbox's, as PEM.
    pub trusted: Vec<String>,
}

/// A running installation: the Worker, and the Microsoft it talks to.
#[derive(Debug)]
pub struct Stack {
    /// Where people and ERPs find it.
    pub origin: String,
    /// Microsoft.
    pub sandbox: Sandbox,
    /// What came out of it, when it is recorded.
    pub proxy: Option<Proxy>,
    http: Client,
    /// The Worker itself, past the proxy.
    direct: String,
    secrets: Secrets,
    directory: PathBuf,
    installation: Installation,
    /// Whether its health includes KV's.
    with_kv: bool,
    /// The process group of the Worker.
    worker: AtomicU32,
    /// The process group of the sandbox.
    microsoft: AtomicU32,
    /// Where the sandbox takes mail.
    pub smtp_port: u16,
    guardian: Guardian,
}

impl Stack {
    /// The one that scenarios share which neither count everything nor break anything: each has its own organisation
    /// and its own account in it.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Stack> = OnceCell::const_new();
        SHARED.get_or_init(|| Self::start(Options::default())).await
    }

    /// Starts one of its own.
    pub async fn start(options: Options) -> Self {
        let directory = temporary();
        if std::env::var_os("POSTBODE_KEEP").is_some() {
            eprintln!("this stack is kept in {}", directory.display());
        }
        let guardian = Guardian::of(&directory);
        let secrets = Secrets::new();
        let port = free_port();
        let direct = format!("http://localhost:{port}");
        let proxy = if options.recorded { Some(Proxy::before(direct.clone()).await) } else { None };
        let origin = proxy.as_ref().map_or_else(|| direct.clone(), |proxy| proxy.origin.clone());

        let http = client();
        let sandbox = Sandbox::new(free_port(), http.clone());
        let microsoft = sandbox.origin.clone();
        let smtp_port = free_port();
        let mut vars = vec![
            ("SANDBOX_SMTP", format!("localhost:{smtp_port}")),
            ("PUBLIC_ORIGIN", origin.clone()),
            ("LOGIN_ORIGIN", microsoft.clone()),
            ("GRAPH_ORIGIN", microsoft.clone()),
            ("ENTRA_CLIENT_ID", secrets.client_id.clone()),
            // Scenarios don't wait for a minute to pass; those about the pace say which.
            ("MESSAGES_PER_MINUTE", "0".to_owned()),
        ];
        vars.extend(options.vars);
        let credential = options.credential.as_deref().unwrap_or(&secrets.client_secret);
        let installation = Installation::write(&directory, &vars, &secrets, credential, !options.without_kv);
        let (worker, microsoft) = (AtomicU32::new(0), AtomicU32::new(0));
        let stack = Self {
            origin,
            sandbox,
            proxy,
            http,
            direct,
            secrets,
            directory,
            installation,
            with_kv: !options.without_kv,
            worker,
            microsoft,
            smtp_port,
            guardian,
        };
        // First, since the Worker reads once whose certificates to trust.
        stack.start_microsoft(&stack.secrets.client_secret).await;
        let authority = std::fs::read_to_string(stack.directory.join("sandbox/ca.pem")).unwrap();
        let trusted = [&[authority], &*options.trusted].concat().concat();
        std::fs::write(stack.trusted(), trusted).unwrap();
        stack.start_worker();
        stack.until_well().await;
        stack
    }

    /// Waits until Worker, objects and KV answer.
    pub async fn until_well(&self) {
        let health = format!("{}/healthz", self.direct);
        let log = self.installation.log();
        until(&format!("{health} is well; the log ends with\n{}", end_of(&log)), async || {
            self.guardian.must_run(self.worker.load(Ordering::Relaxed), &log);
            let answer =
                Answer::try_to(self.http.get(&health).timeout(std::time::Duration::from_secs(5))).await;
            answer.ok().filter(|answer| answer.status == 200 || !self.with_kv && answer.status == 503)
        })
        .await;
    }

    /// Ends the Worker with everything under it, and starts it again on the same state, with KV.
    pub async fn restart_with_kv(&self) {
        self.installation.give_kv();
        self.restart().await;
    }

    /// Ends the Worker with everything under it, and starts it again on the same state.
    pub async fn restart(&self) {
        self.stop();
        self.start_worker();
        self.until_well().await;
    }

    /// The same, with something done to the state while nobody has it open.
    pub async fn restart_after(&self, work: impl FnOnce(&Self)) {
        self.stop();
        work(self);
        self.start_worker();
        self.until_well().await;
    }

    /// Forgets every mailbox's alarm; the installation must stand still.
    pub fn lose_alarms(&self) {
        database::lose_alarms(&self.state());
    }

    /// Runs a statement in every mailbox; the installation must stand still.
    pub fn in_every_mailbox(&self, statement: &str) -> Vec<Vec<serde_json::Value>> {
        database::in_every_mailbox(&self.state(), statement)
    }

    /// Runs what the cron runs every night.
    pub async fn run_cron(&self) {
        let url = format!("{}/cdn-cgi/local/scheduled?cron=17+3+*+*+*", self.direct);
        Answer::to(self.http.get(url)).await.expect(200);
    }

    fn start_worker(&self) {
        let port = self.direct.rsplit_once(':').unwrap().1.parse().unwrap();
        let mut command = self.installation.dev(port);
        command.env("NODE_EXTRA_CA_CERTS", self.trusted());
        let group = self.guardian.start(&mut command, &self.installation.log());
        self.worker.store(group, Ordering::Relaxed);
    }

    /// The certificates of every authority that the Worker trusts, as PEM.
    pub(crate) fn trusted(&self) -> PathBuf {
        self.directory.join("trusted.pem")
    }

    /// Ends the Worker with everything under it.
    pub fn stop(&self) {
        self.guardian.end_group(self.worker.load(Ordering::Relaxed));
    }

    /// Kills the process that hosts the objects, as an eviction or a crash would; its host starts another one.
    pub fn kill_objects(&self) {
        kill(host_of_objects(&self.state()));
    }

    /// The process that hosts the objects.
    pub fn host_of_objects(&self) -> u32 {
        host_of_objects(&self.state())
    }

    /// Lets Microsoft forget every session, consent and token, and expect that secret of the app registration; accounts
    /// made by a scenario are gone, too.
    pub async fn restart_microsoft(&self, client_secret: &str) {
        self.guardian.end(self.microsoft.load(Ordering::Relaxed));
        self.start_microsoft(client_secret).await;
    }

    async fn start_microsoft(&self, client_secret: &str) {
        let mut command = Command::new(&Places::here().sandbox);
        command
            .args(["--port", &self.sandbox.port.to_string(), "--tls-port", "0", "--state-dir"])
            .arg(self.directory.join("sandbox"))
            .env("SANDBOX_CLIENT_ID", &self.secrets.client_id)
            .env("SANDBOX_CLIENT_SECRET", client_secret)
            .envs([("SANDBOX_SMTP_PORT", self.smtp_port.to_string()), ("SANDBOX_SMTPS_PORT", "0".to_owned())])
            .env("SANDBOX_REDIRECT_URIS", format!("{0}/oauth/callback,{0}/oauth/approved", self.origin));
        let log = self.directory.join("sandbox.log");
        let group = self.guardian.start(&mut command, &log);
        self.microsoft.store(group, Ordering::Relaxed);
        until("the sandbox answers", async || {
            self.guardian.must_run(group, &log);
            self.http.get(&self.sandbox.origin).send().await.ok().map(|_| ())
        })
        .await;
    }

    /// A request with a bearer token and nothing else, as an ERP sends it.
    pub fn with_key(&self, method: &str, path: &str, key: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(key)
    }

    /// A request that says nothing about who asks.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.http.request(method.parse().unwrap(), format!("{}{path}", self.origin))
    }

    /// A request of the operator, who comes in past the proxy: what the operator is shown once is no secret to them.
    pub fn as_operator(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.direct);
        self.http.request(method.parse().unwrap(), url).bearer_auth(&self.secrets.operator)
    }

    /// The client id of the installation's app registration.
    pub fn client_id(&self) -> &str {
        &self.secrets.client_id
    }

    /// The secret of the app registration, to look for.
    pub fn client_secret(&self) -> &str {
        &self.secrets.client_secret
    }

    /// The secrets that only the Worker's host knows, to look for.
    pub fn own_secrets(&self) -> [&str; 2] {
        [&self.secrets.operator, &self.secrets.sealing_keys]
    }

    /// Every file that the installation stores something in: objects and KV.
    pub fn state(&self) -> PathBuf {
        self.installation.state()
    }

    /// What the Worker and its host wrote.
    pub fn log(&self) -> PathBuf {
        self.installation.log()
    }

    /// What the Worker's host wrote about itself.
    pub fn host_logs(&self) -> PathBuf {
        self.installation.host_logs()
    }

    /// The keys in KV that begin so.
    pub async fn kv_keys(&self, prefix: &str) -> Vec<String> {
        let command = self.installation.kv(&["key", "list", "--prefix", prefix]);
        let listed: Vec<serde_json::Value> = serde_json::from_str(&output(command).await).unwrap();
        listed.iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Puts something into KV.
    pub async fn kv_put(&self, key: &str, value: &str) {
        output(self.installation.kv(&["key", "put", key, value])).await;
    }
}

/// The process of this stack that has the objects' databases open.
fn host_of_objects(state: &Path) -> u32 {
    let databases = state.join("v3/do");
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut hosts = processes.filter_map(|entry| {
        let id = entry.file_name().to_string_lossy().parse().ok()?;
        opens(&entry.path().join("fd"), &databases).then_some(id)
    });
    hosts.next().unwrap_or_else(|| panic!("no process has the databases open"))
}

fn opens(descriptors: &Path, folder: &Path) -> bool {
    let Ok(open) = std::fs::read_dir(descriptors) else { return false };
    open.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target.starts_with(folder)))
}

/// Kills a process, so that it has no time to put anything in order.
pub(crate) fn kill(process: u32) {
    let killed = Command::new("sh").args(["-c", "kill -s KILL \"$0\"", &process.to_string()]).status();
    assert!(killed.unwrap().success());
}

/// What a program prints, once it has ended well.
async fn output(mut command: Command) -> String {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A port that nobody has, and that nobody else is given: below those that the system takes for outgoing connections, and
/// never the same for two tests of one process.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 10_240;
    const COUNT: u32 = 20_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Processes beside each other begin at different places.
    let begin = std::process::id().wrapping_mul(997);
    loop {
        let next = begin.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % COUNT + FIRST;
        let port = u16::try_from(next).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
