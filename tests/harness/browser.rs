//! A real Chromium, driven as a person would.

use std::process::Command;

use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::guardian::Guardian;
use crate::places::{Places, temporary};
use crate::sandbox::Account;
use crate::stack::free_port;
use crate::time::{until, until_or_else};

/// One browser with a profile of its own.
#[derive(Debug)]
pub struct Browser {
    /// For everything that only one scenario does.
    pub client: Client,
}

/// What starts browsers; one for all scenarios.
struct Driver {
    url: String,
    _guardian: Guardian,
}

impl Driver {
    async fn shared() -> &'static Self {
        static SHARED: OnceCell<Driver> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    async fn start() -> Self {
        let directory = temporary();
        let guardian = Guardian::of(&directory);
        let (_, chromedriver) = Places::browser();
        let port = free_port();
        let mut command = Command::new(chromedriver);
        command.arg(format!("--port={port}")).env("TMPDIR", &directory); // profiles go there
        let log = directory.join("chromedriver.log");
        let process = guardian.start(&mut command, &log);
        let url = format!("http://localhost:{port}");
        let http = crate::http::client();
        until("chromedriver answers", async || {
            guardian.must_run(process, &log);
            http.get(format!("{url}/status")).send().await.ok().map(|_| ())
        })
        .await;
        Self { url, _guardian: guardian }
    }
}

impl Browser {
    /// Opens one.
    pub async fn new() -> Self {
        let (chromium, _) = Places::browser();
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                    "--window-size=1280,900", "--lang=en",
                    // Where scrolling is smooth, a click would hit what was there before.
                    "--force-prefers-reduced-motion",
                ],
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let capabilities: Capabilities = serde_json::from_value(capabilities).unwrap();
        let driver = Driver::shared().await;
        // Chromium itself may come down at its start on a busy machine; no page was asked for yet.
        let client = until("a browser starts", async || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            let started = builder.capabilities(capabilities.clone()).connect(&driver.url).await;
            started.inspect_err(|error| eprintln!("no browser, once more: {error}")).ok()
        })
        .await;
        Self { client }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits for what a CSS selector names.
    pub async fn find(&self, selector: &str) -> Element {
        until(&format!("{selector} is there"), async || self.client.find(Locator::Css(selector)).await.ok())
            .await
    }

    /// Whether it is there now.
    pub async fn has(&self, selector: &str) -> bool {
        self.client.find(Locator::Css(selector)).await.is_ok()
    }

    /// Clicks on it, as soon as that is possible.
    pub async fn click(&self, selector: &str) {
        let mut why = String::new();
        let tried = until_or_else(async || {
            let clicked = async { self.client.find(Locator::Css(selector)).await?.click().await }.await;
            clicked.map_err(|error| why = error.to_string()).ok()
        })
        .await;
        assert!(tried.is_some(), "{selector} could not be clicked: {why}");
    }

    /// What it says.
    pub async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap()
    }

    /// Waits until the page says that the mailbox is in that state.
    pub async fn until_state(&self, word: &str) {
        self.find(&format!("#state[data-state=\"{word}\"]")).await;
    }

    /// Runs a script in the page and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Goes through Microsoft's pages for the first time, where the address is filled in already.
    pub async fn sign_in_at_microsoft(&self, account: &Account) {
        self.give_password(account).await;
        self.click("#accept").await;
    }

    /// Goes through Microsoft's pages where everything was accepted before.
    pub async fn give_password(&self, account: &Account) {
        self.find("#password").await.send_keys(&account.password).await.unwrap();
        self.click("#sign-in").await;
    }

    /// Turns to the window that opened besides this one.
    pub async fn turn_to_new_window(&self) {
        let here = self.client.window().await.unwrap();
        let other = until("another window opens", async || {
            self.client.windows().await.unwrap().into_iter().find(|window| *window != here)
        })
        .await;
        self.client.switch_to_window(other).await.unwrap();
    }

    /// Turns back to the first window, once the other one has closed itself.
    pub async fn turn_back(&self) {
        let first = until("the other window closes itself", async || {
            let windows = self.client.windows().await.unwrap();
            if let [only] = windows.as_slice() { Some(only.clone()) } else { None }
        })
        .await;
        self.client.switch_to_window(first).await.unwrap();
    }

    /// Turns to the window that was there first, while the other one stays.
    pub async fn turn_to_first_window(&self) {
        let first = self.client.windows().await.unwrap().into_iter().next().unwrap();
        self.client.switch_to_window(first).await.unwrap();
    }

    /// A command of the `DevTools` protocol.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let path = "goog/cdp/execute";
        self.client
            .issue_cmd(Vendor { path, body: json!({ "cmd": command, "params": parameters }) })
            .await
            .unwrap()
    }

    /// What the page wrote to the browser's console as an error since the last look: exceptions, refusals of the policy
    /// (CSP), requests that failed.
    pub async fn errors(&self) -> Vec<String> {
        let log = self
            .client
            .issue_cmd(Vendor { path: "se/log", body: json!({ "type": "browser" }) })
            .await
            .unwrap();
        let severe = log.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// The same without refusals, which browsers write there, too, where a page expects and explains them.
    pub async fn faults(&self) -> Vec<String> {
        let mut errors = self.errors().await;
        errors.retain(|error| !error.contains("the server responded with a status of 4"));
        errors
    }

    /// Closes it.
    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}

/// A command that only this browser has.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _url: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
