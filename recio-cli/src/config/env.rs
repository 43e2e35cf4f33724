//! `RECIO__SECTION__KEY` variables.

use super::file::number;
use super::given::Given;
use super::section::{SECTIONS, Section, did_you_mean};
use super::{Fault, KeyPath, Origin};
use serde_json::Value;
use std::collections::BTreeMap;

/// What all variables of the config begin with.
pub(super) const PREFIX: &str = "RECIO__";

/// Lays the variables over what was said before. Accounts and monitors can be changed by variables, not made.
pub(super) fn overlay(env: &BTreeMap<String, String>, sections: &[Section], given: &mut Given) {
    for (name, text) in env {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let origin = Origin::Env(name.clone());
        match find(rest, sections).and_then(|(key, default)| Ok((key, typed(text, &default)?))) {
            Ok((key, value)) => given.set(key, value, origin),
            Err(what) => given.faults.push(Fault { origin, key: None, what }),
        }
    }
}

/// The key that a variable's name means, with its default.
fn find(rest: &str, sections: &[Section]) -> Result<(KeyPath, Value), String> {
    let parts: Vec<String> = rest.split("__").map(plain).collect();
    let mut found: Vec<(KeyPath, Value)> = Vec::new();
    let mut near: Vec<String> = Vec::new();
    for section in sections {
        let at: Vec<String> = section.at.parts().iter().map(|part| plain(part)).collect();
        let Some(below) = parts.strip_prefix(at.as_slice()) else { continue };
        for (key, default) in section.keys() {
            let key_plain: Vec<String> = key.iter().map(|part| plain(part)).collect();
            let is_name = section.at.parts().first().is_some_and(|part| part == "monitor") && key_plain == ["id"];
            if is_name {
                continue;
            }
            if key_plain == below {
                found.push((key.iter().fold(section.at.clone(), |path, part| path.then(part)), default));
            }
            near.push(key_plain.join("__").to_uppercase());
        }
        if found.is_empty() && below.is_empty() {
            return Err(format!("`{}` is a section: add `__` and a key of it", section.at));
        }
        let below = below.join("__").to_uppercase();
        if found.is_empty() {
            let near: Vec<&str> = near.iter().map(String::as_str).collect();
            return Err(format!("unknown key `{below}`{}", did_you_mean(&below, &near)));
        }
    }
    match (found.len(), parts.as_slice()) {
        (1, _) => found.pop().ok_or_else(String::new),
        (0, [section, name, ..]) if section == "account" || section == "monitor" => {
            let known: Vec<&str> = names(sections, section);
            Err(format!("there is no {section} `{name}` in the file{}", did_you_mean(name, &known)))
        }
        (0, [section]) if section == "version" => Err("the version belongs to the file alone".to_owned()),
        (0, _) => {
            let section = parts.first().map_or("", String::as_str);
            Err(format!("unknown section `{}`{}", section.to_uppercase(), did_you_mean(section, SECTIONS)))
        }
        (_, _) => Err("two names in the file differ only in case or dashes: rename one of them".to_owned()),
    }
}

fn names<'a>(sections: &'a [Section], of: &str) -> Vec<&'a str> {
    sections
        .iter()
        .filter_map(|section| match section.at.parts() {
            [kind, name] if kind == of => Some(name.as_str()),
            _ => None,
        })
        .collect()
}

/// Names as variables can have them: one case, no dashes.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '.', ' '], "_")
}

/// The text as the kind of value that the key has.
fn typed(text: &str, default: &Value) -> Result<Value, String> {
    match default {
        Value::Bool(_) => text.parse().map(Value::Bool).map_err(|_| format!("`{text}` is neither `true` nor `false`")),
        Value::Number(_) => match text.parse::<i64>() {
            Ok(integer) => Ok(Value::from(integer)),
            Err(_) => number(text),
        },
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => Ok(Value::String(text.to_owned())),
    }
}
