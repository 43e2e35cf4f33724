//! `recio data download`.

use super::session::{interrupted, on_stop_signal};
use crate::args::{DownloadArgs, VenueName};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio::download::{CandleSource, DownloadOptions, FeedCandles, MarketCandles, Progress, download};
use recio_core::market::{Asset, MarketName};
use recio_core::price_feed::TimeRange;
use recio_core::units::Timestamp;
use recio_feeds::{FeedConfig, Venue, VenueFeed};
use recio_kalshi::client::{KalshiClient, wall_clock};
use recio_kalshi::transport::{Endpoint, NetworkTransport, Timeouts};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// A minute is final some time after it has ended.
const FINAL_AFTER: Duration = Duration::from_secs(180);

/// Downloads what the file lacks, and says what is missing.
pub(crate) async fn run(args: &DownloadArgs, now: Timestamp, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let newest = now.checked_sub(FINAL_AFTER).unwrap_or(now);
    let to = args.to.unwrap_or(newest).min(newest);
    if args.from >= to {
        return Err(CliError::Usage(format!("--from {} is not before {to}", args.from)));
    }
    let mut source = source(args)?;
    let options = DownloadOptions::new(TimeRange { from: args.from, to }, args.out.clone());
    let quiet = printer.is_json();
    let progress = |Progress { done, of, added, to }: Progress| {
        if !quiet {
            // Nobody is left to tell where stderr cannot be written.
            let _ = writeln!(std::io::stderr(), "{done} of {of} reads, up to {to}: {added} minutes came");
        }
    };
    let stop = on_stop_signal();
    let report = download(&mut *source, &options, progress, &stop).await?;
    if printer.is_json() {
        printer.json(&report)?;
    } else {
        printer.text(&format!(
            "{}: {} minutes, {} of them new, {} read again and the same, {} absent in the range",
            report.file.display(),
            report.minutes,
            report.added,
            report.verified,
            report.absent
        ))?;
        for hole in &report.holes {
            printer.text(&format!("  absent: {} to {}, {} minutes", hole.from, hole.to, hole.minutes))?;
        }
        for missing in &report.missing {
            printer.text(&format!("  not given: {missing}"))?;
        }
    }
    Ok(if interrupted(&stop) { ExitCode::Interrupted } else { ExitCode::Success })
}

fn source(args: &DownloadArgs) -> Result<Box<dyn CandleSource>, CliError> {
    let usage = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
    let venue = match args.venue {
        VenueName::Coinbase => Venue::Coinbase,
        VenueName::Kraken => Venue::Kraken,
        VenueName::Bitstamp => Venue::Bitstamp,
        VenueName::Gemini => Venue::Gemini,
        VenueName::Kalshi => return market(args),
    };
    let asset = match args.asset.as_deref() {
        Some("BTC" | "btc") => Asset::Btc,
        Some("ETH" | "eth") => Asset::Eth,
        _ => return Err(CliError::Usage("--asset is BTC or ETH".to_owned())),
    };
    let feed = VenueFeed::open(venue, asset, venue.hosts(), FeedConfig::default()).map_err(|error| usage(&error))?;
    Ok(Box::new(FeedCandles(feed)))
}

fn market(args: &DownloadArgs) -> Result<Box<dyn CandleSource>, CliError> {
    let usage = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
    let Some(market) = &args.market else { return Err(CliError::Usage("--venue kalshi needs --market".to_owned())) };
    let name: MarketName = market.as_str().parse().map_err(|error| usage(&error))?;
    let hosts = match &args.endpoint {
        Some(file) => {
            let endpoint = recio_sim::Endpoint::read(file)?;
            Endpoint::new(&endpoint.rest, &endpoint.ws)
        }
        None => Endpoint::production(),
    };
    let hosts = hosts.map_err(|error| usage(&error))?;
    let transport = NetworkTransport::new(hosts, Timeouts::default()).map_err(|error| usage(&error))?;
    let client = KalshiClient::new(Arc::new(transport), None, wall_clock());
    Ok(Box::new(MarketCandles { client, series: name.event().series(), market: market.clone() }))
}
