//! A config from its file and the environment.

use super::{NodeConfig, SETTINGS, Setting};
use hoga_scenarios::document::{self, FILE_BYTES_MAX, Fields, Mistakes, nearest};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Why there is no config. Nothing was started; mend what is named.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{file} cannot be read: {source}")]
    Unreadable { file: String, source: std::io::Error },
    /// Drawn with its lines by `miette`.
    #[error(transparent)]
    File(Box<Mistakes>),
    #[error("the variable {variable}: {rule}")]
    Variable { variable: String, rule: String },
}

/// Reads a file, lays the environment over it, and checks the whole.
///
/// # Errors
/// See [`ConfigError`].
pub fn read_file(
    path: &Path,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<NodeConfig, ConfigError> {
    let file = path.display().to_string();
    let mut text = String::new();
    File::open(path)
        .and_then(|open| open.take(FILE_BYTES_MAX as u64 + 1).read_to_string(&mut text))
        .map_err(|source| ConfigError::Unreadable { file: file.clone(), source })?;
    read(&file, &text, environment)
}

/// Reads the text of a config; `name` names it in mistakes.
///
/// # Errors
/// [`ConfigError::File`] or [`ConfigError::Variable`].
pub fn read(
    name: &str,
    text: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<NodeConfig, ConfigError> {
    let overrides = overrides(environment)?;
    let read = document::read(name, text, |file| {
        let mut config = NodeConfig::default();
        let mut sections = Vec::new();
        for setting in SETTINGS {
            if sections.last() != Some(&setting.section) {
                sections.push(setting.section);
                section(file, setting.section, &mut config);
            }
        }
        for (setting, value) in &overrides {
            // Checked once already, on a config of its own.
            drop((setting.set)(&mut config, value));
        }
        for (section, key, why) in config.complaints() {
            let place = file.table(section).map_or(0..0, |table| table.place_of(key));
            file.sink().report(place, format!("[{section}] {key}: {why}"), None);
        }
        Some(config)
    });
    read.map_err(|mistakes| ConfigError::File(Box::new(mistakes)))
}

fn section(file: &mut Fields<'_>, name: &'static str, config: &mut NodeConfig) {
    let Some(mut fields) = file.table(name) else { return };
    for setting in SETTINGS.iter().filter(|setting| setting.section == name) {
        let place = fields.place_of(setting.key);
        let Some(value) = fields.number::<String>(setting.key) else { continue };
        if let Err(rule) = (setting.set)(config, &value) {
            fields.sink().report(place, rule, None);
        }
    }
    fields.finish();
}

/// The settings that the environment overrides. A variable that begins like one and is none is a
/// slip, and a slip must not pass for a default.
fn overrides(
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Vec<(&'static Setting, String)>, ConfigError> {
    let mut overrides = Vec::new();
    for (variable, value) in environment {
        let section = |setting: &&Setting| {
            variable.starts_with(&format!("HOGA_{}_", setting.section.to_uppercase()))
        };
        if !SETTINGS.iter().any(|setting| section(&setting)) {
            continue;
        }
        let wrong = |rule| ConfigError::Variable { variable: variable.clone(), rule };
        let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == variable) else {
            let known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
            let near = nearest(&variable, known.iter().map(String::as_str));
            let help = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(wrong(format!("there is no such setting{help}")));
        };
        (setting.set)(&mut NodeConfig::default(), &value).map_err(wrong)?;
        overrides.push((setting, value));
    }
    Ok(overrides)
}
