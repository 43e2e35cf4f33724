//! Where live data come from, for those who send no orders to an exchange: `run --mode paper`, `--mode shadow`, `record`.

use crate::config::{Account, Config};
use crate::error::CliError;
use recio::basis::BasisBoard;
use recio::live_data::{Access, DataSource, Place, spot_venues};
use recio_core::fact::Environment;
use recio_core::market::Asset;
use recio_core::units::AccountName;
use recio_sim::Endpoint;

/// Data of a simulator. It stands for itself: real prices have nothing to do with it.
pub(super) fn simulator(endpoint: Endpoint, keyless: bool) -> DataSource {
    let keyed = Access::Keyed { key_id: endpoint.key_id.clone(), key_file: endpoint.key_file.clone() };
    let access = if keyless { Access::Keyless { price: None } } else { keyed };
    DataSource::new(Place::Simulator(Box::new(endpoint)), access)
}

/// Data of the exchange that an account is of, with its key where it has one, and the four spot venues.
pub(super) fn account(
    config: &Config,
    name: &AccountName,
    keyless: bool,
    asset: Asset,
) -> Result<DataSource, CliError> {
    let (place, access) = exchange(config, name, keyless)?;
    Ok(DataSource {
        spot: spot_venues(asset)?,
        basis: Some(BasisBoard::in_dir(&config.paths.data_dir, asset)),
        ..DataSource::new(place, access)
    })
}

/// Public data of the exchange, for those who name no account.
pub(super) fn public(config: &Config, asset: Asset) -> Result<DataSource, CliError> {
    Ok(DataSource {
        spot: spot_venues(asset)?,
        basis: Some(BasisBoard::in_dir(&config.paths.data_dir, asset)),
        ..DataSource::new(Place::Kalshi, Access::Keyless { price: None })
    })
}

/// Which exchange an account is of, and how it is looked at.
fn exchange(config: &Config, name: &AccountName, keyless: bool) -> Result<(Place, Access), CliError> {
    let Some(account) = config.account.get(name) else {
        return Err(CliError::Usage(format!("there is no account `{name}`")));
    };
    let place = match account.environment {
        Environment::Kalshi | Environment::Paper => Place::Kalshi,
        Environment::KalshiDemo => Place::KalshiDemo,
        Environment::Sim => {
            let what = format!(
                "account `{name}` is of `sim`, which has no live data: use an account of `paper`, name a simulator with \
                 --endpoint, or trade a recording with run --mode sim"
            );
            return Err(CliError::Usage(what));
        }
    };
    let access = match account {
        Account { key_id: Some(key_id), key_file: Some(key_file), .. } if !keyless => {
            Access::Keyed { key_id: key_id.clone(), key_file: key_file.clone() }
        }
        Account { .. } => Access::Keyless { price: None },
    };
    Ok((place, access))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn config(accounts: &[(&str, Environment, Option<&str>)]) -> Config {
        let loaded = crate::config::load(&crate::config::Sources::default()).unwrap();
        let mut config = loaded.config;
        for (name, environment, key) in accounts {
            let (key_id, key_file) = (key.map(str::to_owned), key.map(PathBuf::from));
            let account = Account { environment: *environment, key_id, key_file };
            config.account.insert(AccountName::new(name).unwrap(), account);
        }
        config
    }

    #[test]
    fn an_account_says_which_exchange_and_whether_there_is_a_key() {
        let config = config(&[
            ("poor", Environment::Paper, None),
            ("rich", Environment::Kalshi, Some("key")),
            ("demo", Environment::KalshiDemo, Some("key")),
        ]);
        let of = |name: &str, keyless| exchange(&config, &AccountName::new(name).unwrap(), keyless);
        let (place, access) = of("poor", false).unwrap();
        assert!(place == Place::Kalshi && matches!(access, Access::Keyless { price: None }));
        let (place, access) = of("rich", false).unwrap();
        assert!(place == Place::Kalshi && matches!(access, Access::Keyed { .. }));
        assert!(matches!(of("rich", true).unwrap().1, Access::Keyless { price: None }));
        assert_eq!(of("demo", false).unwrap().0, Place::KalshiDemo);
        assert!(of("sim", false).unwrap_err().to_string().contains("--endpoint"));
        assert!(of("nobody", false).unwrap_err().to_string().contains("nobody"));
    }
}
