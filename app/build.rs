//! Turns the locale files into the typed module `i18n`, and stops when a text is missing in one of the languages.
//!
//! `leptos_i18n` itself only warns about a missing text and shows the English one. Here a half-translated page is a
//! build error: both languages must have the same keys, the same placeholders and no empty text.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use leptos_i18n_build::options::CodegenOptions;
use leptos_i18n_build::{Config, ParseOptions, TranslationsInfos};
use serde_json::Value;

const NAMESPACES: [&str; 9] =
    ["shell", "page", "settings", "field", "status", "consent", "problem", "reason", "letter"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    for namespace in NAMESPACES {
        compare(namespace)?;
    }
    generate()
}

fn compare(namespace: &str) -> Result<(), Box<dyn Error>> {
    let english = texts("en", namespace)?;
    let dutch = texts("nl", namespace)?;
    for (key, placeholders) in &english {
        match dutch.get(key) {
            None => println!("cargo::error=locales/nl/{namespace}.json lacks {key}"),
            Some(theirs) if theirs != placeholders => {
                println!("cargo::error={namespace}{key}: en has {placeholders:?}, nl has {theirs:?}");
            }
            Some(_) => {}
        }
    }
    for key in dutch.keys().filter(|key| !english.contains_key(*key)) {
        println!("cargo::error=locales/en/{namespace}.json lacks {key}");
    }
    Ok(())
}

/// Every text of one file by its path, with the placeholders in it.
fn texts(language: &str, namespace: &str) -> Result<BTreeMap<String, Vec<String>>, Box<dyn Error>> {
    let path = format!("locales/{language}/{namespace}.json");
    println!("cargo::rerun-if-changed={path}");
    let mut found = BTreeMap::new();
    collect(&path, String::new(), &serde_json::from_str(&fs::read_to_string(&path)?)?, &mut found);
    Ok(found)
}

fn collect(file: &str, at: String, value: &Value, found: &mut BTreeMap<String, Vec<String>>) {
    match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                collect(file, format!("{at}/{key}"), value, found);
            }
        }
        Value::String(text) if !text.trim().is_empty() => {
            let mut placeholders: Vec<String> = text
                .split("{{")
                .skip(1)
                .filter_map(|rest| rest.split_once("}}"))
                .map(|(name, _)| name.trim().to_owned())
                .collect();
            placeholders.sort();
            placeholders.dedup();
            found.insert(at, placeholders);
        }
        _ => println!("cargo::error={file}: {at} is not a text"),
    }
}

fn generate() -> Result<(), Box<dyn Error>> {
    let config = Config::new("en")?
        .add_locale("nl")?
        .add_namespaces(NAMESPACES)?
        .parse_options(ParseOptions::new().interpolate_display(true));
    let infos = TranslationsInfos::parse(config)?;
    infos.emit_diagnostics();
    infos.rerun_if_locales_changed();
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("i18n");
    infos.generate_i18n_module_with_options(out, CodegenOptions::new().gen_docs(false))?;
    Ok(())
}
