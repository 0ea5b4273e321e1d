//! Pictures of the page in every language, colour and width, each looked at by machines before people do.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::places::Places;
use crate::time::until;

const LANGUAGES: [&str; 2] = ["nl", "en"];
const MODES: [&str; 2] = ["light", "dark"];
/// A phone and a desktop, in CSS pixels.
const SIZES: [(u32, u32); 2] = [(390, 844), (1280, 900)];

/// What is wrong with the page at hand by the rules of WCAG, as far as a program can tell.
const CHECK: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} (${failureSummary})`).join('; ')}`
    )));";

/// Collects pictures, and what is wrong with them.
#[derive(Debug)]
pub struct Gallery {
    axe: String,
    wrong: Vec<String>,
}

impl Gallery {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it reads a file")]
    pub fn new() -> Self {
        fs::create_dir_all(Places::here().pictures()).unwrap();
        Self { axe: Places::here().axe(), wrong: Vec::new() }
    }

    /// Takes the pictures of a state that the page is in.
    pub async fn take(&mut self, browser: &Browser, state: &str) {
        browser.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
        for (width, height) in SIZES {
            let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
            browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
            for mode in MODES {
                for language in LANGUAGES {
                    choose(browser, mode, language).await;
                    let name = format!("{state}-{language}-{mode}-{width}");
                    self.look(browser, &name).await;
                    shoot(browser, &name).await;
                }
            }
        }
        browser.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
    }

    /// Everything that was wrong with any picture.
    pub fn wrong(self) -> Vec<String> {
        self.wrong
    }

    /// Fails with everything that was wrong with any picture.
    pub fn must_be_right(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }

    /// Looks at the page as it is.
    pub async fn look(&mut self, browser: &Browser, name: &str) {
        if browser.run("return typeof axe").await == "undefined" {
            browser.run(&self.axe).await;
        }
        let script = "const { scrollWidth, clientWidth } = document.scrollingElement; return scrollWidth - clientWidth";
        let over = browser.run(script).await;
        if over != 0 {
            self.wrong.push(format!("{name}: {over} pixels stick out at the side"));
        }
        let violations = browser.client.execute_async(CHECK, Vec::new()).await.unwrap();
        self.wrong
            .extend(violations.as_array().unwrap().iter().map(|violation| format!("{name}: {violation}")));
    }
}

/// Presses the page's own switches; by script, since a dialog in front of them keeps real clicks away.
async fn choose(browser: &Browser, mode: &str, language: &str) {
    let press = format!(
        "for (const id of ['mode-{mode}', 'language-{language}']) document.getElementById(id).click()"
    );
    browser.run(&press).await;
    until(&format!("the page is {mode} and in {language}"), async || {
        let is = browser
            .run("const { lang, dataset } = document.documentElement; return [dataset.mode, lang]")
            .await;
        (is == json!([mode, language])).then_some(())
    })
    .await;
}

/// The whole page; with a dialog before it, what a person would see.
async fn shoot(browser: &Browser, name: &str) {
    let script = "const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.scrollingElement;
        const before = document.querySelector('dialog[open]');
        const [width, height] = before ? [clientWidth, clientHeight] : [scrollWidth, scrollHeight];
        return { x: scrollX, y: before ? scrollY : 0, width, height, scale: 1 }";
    let size = browser.run(script).await;
    let picture = json!({ "format": "png", "captureBeyondViewport": true, "clip": size });
    let taken = browser.devtools("Page.captureScreenshot", picture).await;
    let png = STANDARD.decode(taken.get("data").and_then(Value::as_str).unwrap()).unwrap();
    fs::write(Places::here().pictures().join(format!("{name}.png")), png).unwrap();
}
