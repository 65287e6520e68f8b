//! `hoga token`: the token that a name acts with, and the keys that sign such tokens.

use super::failure::{Exit, Failure};
use super::{Global, actor, json, output};
use crate::auth::{LIFETIME_MAX_S, SigningError, SigningKey, Wanted, unix_now};
use clap::Args;
use hoga_proto::names::AccountName;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The token of --as NAME, for other programs: the development token, or one that --key signs
#[derive(Args, Debug)]
#[command(after_help = "Send it as `authorization: Bearer TOKEN`, or keep it with `hoga log-in \
    --token TOKEN`. Development tokens work on loopback only; `--as operator` has the rights of an \
    operator.\n\nSigned tokens: `hoga token --make-key FILE` once; the node's config says auth = \
    \"signed\" and token_keys = \"FILE.pub\" in [gateway].")]
pub struct Token {
    /// Sign it with this private key, in PEM
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// What it allows: read, trade or admin
    #[arg(long, requires = "key", value_name = "SCOPE")]
    scope: Option<String>,
    /// Accounts besides its own that it may act for, or * for all
    #[arg(long, requires = "key", value_name = "NAME,NAME", value_delimiter = ',')]
    trade_for: Vec<String>,
    /// How long it is good
    #[arg(long, requires = "key", value_name = "SECONDS", default_value_t = LIFETIME_MAX_S)]
    seconds: u64,
    /// The name of the exchange that it is for
    #[arg(long, requires = "key", value_name = "NAME", default_value = "hoga")]
    exchange: String,
    /// Who signs it
    #[arg(long, requires = "key", value_name = "NAME", default_value = "hoga")]
    issuer: String,
    /// Make a key that signs, and beside it FILE.pub, which exchanges have to know
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    make_key: Option<PathBuf>,
}

impl Token {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        if let Some(file) = &self.make_key {
            return make(global, file);
        }
        let account = actor::account(global)?;
        let token = match &self.key {
            Some(key) => match actor::last_part(&account) {
                AccountName::ME => {
                    let why = "error: whose token is it to be? add --as NAME";
                    return Err(Failure::usage(why)
                        .hint("who acts now is known by a token, and a token names nobody here"));
                }
                account => self.signed(key, account)?,
            },
            None => actor::token(global)?.unwrap_or_default(),
        };
        if global.json {
            return json::document(&json!({ "token": token }));
        }
        output::say(token)
    }

    fn signed(&self, key: &Path, account: &str) -> Result<String, Failure> {
        let whole = if account == actor::OPERATOR { "admin" } else { "trade" };
        let named = |name: &String| match name.as_str() {
            "*" => Ok(name.clone()),
            name => actor::named(name).map(|name| name.id().to_owned()),
        };
        let wanted = Wanted {
            issuer: self.issuer.clone(),
            audience: self.exchange.clone(),
            account: account.to_owned(),
            scope: self.scope.clone().unwrap_or_else(|| whole.into()),
            trade_for: self.trade_for.iter().map(named).collect::<Result<_, _>>()?,
            seconds: self.seconds,
        };
        let token = SigningKey::from_file(key).and_then(|key| key.token(&wanted, unix_now()));
        token.map_err(|error| failed(&error))
    }
}

fn make(global: &Global, file: &Path) -> Result<(), Failure> {
    let public = SigningKey::make(file).map_err(|error| failed(&error))?;
    if global.json {
        return json::document(&json!({"key": file, "public": public}));
    }
    let (file, public) = (file.display(), public.display());
    output::say(format!(
        "{file} signs tokens: hoga token --key {file} --as NAME\n\
         {public} is for exchanges: token_keys = \"{public}\" in [gateway]",
    ))
}

fn failed(error: &SigningError) -> Failure {
    let exit = match error {
        SigningError::Lifetime(_) | SigningError::Scope(_) => Exit::Usage,
        _ => Exit::Failure,
    };
    Failure::new(exit, format!("error: {error}"))
}
