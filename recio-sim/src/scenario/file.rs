//! Scenario files: TOML in, a [`Scenario`] or an error with file, line and key out.

use super::fault::{Fault, FrameFault, MarketFault, RequestFault, TimedFault};
use super::when::{Calls, Moment, When, Window};
use super::{PlannedFault, Scenario};
use crate::dice::CERTAIN;
use crate::exchange::Realism;
use jiff::SignedDuration;
use recio_core::units::Timestamp;
use recio_core::venue::DuplicateIds;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::{DeTable, DeValue};

/// The longest time that a fault may last or be late.
const MAX_LASTS: Duration = Duration::from_secs(24 * 3_600);

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read the scenario {}; check the path, or take a name that `recio sim scenarios` lists", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{file}:{line}: {key}: {problem}")]
    Wrong {
        /// The file, or the name of a scenario that comes with recio.
        file: String,
        /// The line.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong, and what to write.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    name: String,
    about: String,
    #[serde(default)]
    exchange: RawExchange,
    #[serde(default)]
    fault: Vec<RawFault>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExchange {
    duplicate_ids: Option<DuplicateIds>,
    realism: Option<Realism>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFault {
    kind: String,
    at: Option<String>,
    on: Option<String>,
    rate: Option<f64>,
    every: Option<String>,
    from: Option<String>,
    until: Option<String>,
    calls: Option<String>,
    channels: Option<Vec<String>>,
    by: Option<String>,
    lasts: Option<String>,
    frames: Option<u32>,
    status: Option<u16>,
    executed: Option<bool>,
    code: Option<u32>,
}

/// What is wrong with a fault: its key, and the words.
type Problem = (&'static str, String);

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// It cannot be read, or something in it is wrong; the error names file, line and key, and what to write.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ScenarioError::Io { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads the text of a scenario file; `file` is what errors call it.
    ///
    /// # Errors
    /// Something in it is wrong.
    pub fn parse(text: &str, file: &str) -> Result<Self, ScenarioError> {
        let raw: RawScenario = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let (key, problem) = (key_at(text, offset), error.message().replace('\n', "; "));
            ScenarioError::Wrong { file: file.to_owned(), line: line_of(text, offset), key, problem }
        })?;
        let faults = raw.fault.iter().enumerate().map(|(number, fault)| {
            planned(fault).map_err(|(key, problem)| ScenarioError::Wrong {
                file: file.to_owned(),
                line: line_of(text, offset_of(text, number, key)),
                key: format!("fault[{number}].{key}"),
                problem,
            })
        });
        let faults = faults.collect::<Result<_, _>>()?;
        let duplicate_ids = raw.exchange.duplicate_ids.unwrap_or_default();
        let realism = raw.exchange.realism;
        Ok(Self { name: raw.name, about: raw.about, duplicate_ids, realism, faults })
    }
}

/// One fault by itself, as TOML: what a running simulator is told to inject. It comes at `now` where nothing else is said.
///
/// Halts and late settlements are refused: they are made of records that may have been read already.
pub(crate) fn parse_fault(text: &str, now: Timestamp) -> Result<PlannedFault, String> {
    let mut raw: RawFault = toml::from_str(text).map_err(|error| error.message().replace('\n', "; "))?;
    if raw.at.is_none() && raw.on.is_none() && raw.rate.is_none() && raw.every.is_none() {
        raw.at = Some(now.to_string());
    }
    let planned = planned(&raw).map_err(|(key, problem)| format!("{key}: {problem}"))?;
    if let Fault::Market(MarketFault::MarketDeactivation { .. } | MarketFault::LateSettlement { .. }) = planned.fault {
        return Err(format!("kind: `{}` has to stand in the scenario from the start", raw.kind));
    }
    Ok(planned)
}

fn planned(raw: &RawFault) -> Result<PlannedFault, Problem> {
    let fault = fault(raw)?;
    only_keys(raw, &fault)?;
    let when = when(raw, &fault)?;
    let window = Window { from: moment("from", raw.from.as_ref())?, until: moment("until", raw.until.as_ref())? };
    let calls = match raw.calls.as_deref() {
        None if fault == Fault::Request(RequestFault::InsufficientBalance) => Calls::Create,
        None => calls_of(raw.on.as_deref()).unwrap_or(Calls::Any),
        Some("any") => Calls::Any,
        Some("create") => Calls::Create,
        Some("cancel") => Calls::Cancel,
        Some("read") => Calls::Read,
        Some(other) => return Err(("calls", format!("`{other}` is none; write any, create, cancel or read"))),
    };
    let channels = raw.channels.clone().unwrap_or_default();
    Ok(PlannedFault { fault, when, window, calls, channels })
}

fn fault(raw: &RawFault) -> Result<Fault, Problem> {
    let by = || needed("by", raw.by.as_ref());
    let lasts = || needed("lasts", raw.lasts.as_ref());
    let executed = || raw.executed.ok_or_else(|| ("executed", "is missing; write true or false".to_owned()));
    let request = |fault| Ok(Fault::Request(fault));
    match raw.kind.as_str() {
        "lost_request" => request(RequestFault::LostRequest),
        "lost_reply" => request(RequestFault::LostReply),
        "late_reply" => request(RequestFault::LateReply { by: by()? }),
        "late_landing" => request(RequestFault::LateLanding { by: by()? }),
        "duplicate_delivery" => request(RequestFault::DuplicateDelivery),
        "truncated_reply" => request(RequestFault::TruncatedReply),
        "html_reply" => request(RequestFault::HtmlReply),
        "rate_limited" => request(RequestFault::RateLimited),
        "server_error" => {
            let status = raw.status.unwrap_or(500);
            if !(500..=599).contains(&status) {
                return Err(("status", format!("{status} is no server error; write 500 to 599")));
            }
            request(RequestFault::ServerError { status, executed: executed()? })
        }
        "connection_reset" => request(RequestFault::ConnectionReset { executed: executed()? }),
        "insufficient_balance" => request(RequestFault::InsufficientBalance),
        "sequence_gap" => {
            let frames = raw.frames.unwrap_or(3);
            if !(1..=10_000).contains(&frames) {
                return Err(("frames", format!("a gap of {frames} frames is not possible; write 1 to 10000")));
            }
            Ok(Fault::Frame(FrameFault::SequenceGap { frames }))
        }
        "dropped_frame" => Ok(Fault::Frame(FrameFault::DroppedFrame)),
        "duplicate_frame" => Ok(Fault::Frame(FrameFault::DuplicateFrame)),
        "reordered_frames" => Ok(Fault::Frame(FrameFault::ReorderedFrames)),
        "refused_handshake" => {
            let status = raw.status.unwrap_or(503);
            if !(400..=599).contains(&status) {
                return Err(("status", format!("{status} refuses nothing; write 400 to 599")));
            }
            Ok(Fault::RefusedHandshake { status })
        }
        "socket_drop" => Ok(Fault::Timed(TimedFault::SocketDrop)),
        "stall" => Ok(Fault::Timed(TimedFault::Stall { lasts: lasts()? })),
        "subscription_error" => match raw.code {
            Some(code @ (10 | 25)) => Ok(Fault::Timed(TimedFault::SubscriptionError { code })),
            _ => Err(("code", "write 10 or 25: the codes with which the exchange ends a subscription".to_owned())),
        },
        "clock_skew" => {
            let text =
                raw.by.as_ref().ok_or_else(|| ("by", "is missing; write how far, such as \"-40s\"".to_owned()))?;
            let by: SignedDuration = duration("by", text)?;
            let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            Ok(Fault::Timed(TimedFault::ClockSkew { by_ms, lasts: lasts()? }))
        }
        "trading_pause" => Ok(Fault::Timed(TimedFault::TradingPause { lasts: lasts()? })),
        "exchange_pause" => Ok(Fault::Timed(TimedFault::ExchangePause { lasts: lasts()? })),
        "maintenance" => Ok(Fault::Timed(TimedFault::Maintenance { lasts: lasts()? })),
        "market_deactivation" => Ok(Fault::Market(MarketFault::MarketDeactivation { lasts: lasts()? })),
        "late_settlement" => Ok(Fault::Market(MarketFault::LateSettlement { by: by()? })),
        "disputed_settlement" => Ok(Fault::Market(MarketFault::DisputedSettlement { lasts: lasts()? })),
        "amended_settlement" => Ok(Fault::Market(MarketFault::AmendedSettlement { by: by()? })),
        other => Err(("kind", format!("`{other}` is none; write one of {}", Fault::KINDS.join(", ")))),
    }
}

/// A key that means nothing with this kind is a mistake, not decoration.
fn only_keys(raw: &RawFault, fault: &Fault) -> Result<(), Problem> {
    let kind = fault.kind();
    let is_request = matches!(fault, Fault::Request(_));
    let is_frame = matches!(fault, Fault::Frame(_));
    let meant = [
        (
            "by",
            raw.by.is_some(),
            matches!(kind, "late_reply" | "late_landing" | "clock_skew" | "late_settlement" | "amended_settlement"),
        ),
        (
            "lasts",
            raw.lasts.is_some(),
            matches!(
                kind,
                "stall"
                    | "clock_skew"
                    | "trading_pause"
                    | "exchange_pause"
                    | "maintenance"
                    | "market_deactivation"
                    | "disputed_settlement"
            ),
        ),
        ("frames", raw.frames.is_some(), kind == "sequence_gap"),
        ("status", raw.status.is_some(), matches!(kind, "server_error" | "refused_handshake")),
        ("executed", raw.executed.is_some(), matches!(kind, "server_error" | "connection_reset")),
        ("code", raw.code.is_some(), kind == "subscription_error"),
        ("calls", raw.calls.is_some(), is_request),
        ("channels", raw.channels.is_some(), is_frame),
    ];
    match meant.into_iter().find(|(_, given, meant)| *given && !*meant) {
        Some((key, ..)) => Err((key, format!("means nothing with `{kind}`; take it out"))),
        None => Ok(()),
    }
}

fn when(raw: &RawFault, fault: &Fault) -> Result<When, Problem> {
    let given = [raw.at.is_some(), raw.on.is_some(), raw.rate.is_some(), raw.every.is_some()];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err(("kind", "needs exactly one of `at`, `on`, `rate` and `every` to say when it comes".to_owned()));
    }
    if raw.at.is_some() || raw.on.is_some() {
        for (key, given) in [("from", raw.from.is_some()), ("until", raw.until.is_some())] {
            if given {
                return Err((key, "goes with `rate` and `every` alone; take it out".to_owned()));
            }
        }
    }
    let timed = matches!(fault, Fault::Timed(_) | Fault::Market(MarketFault::MarketDeactivation { .. }));
    if let Some(text) = &raw.on {
        if timed || matches!(fault, Fault::Frame(_)) {
            return Err(("on", format!("`{}` comes with no call; write `at`, `rate` or `every`", fault.kind())));
        }
        return nth(text, fault).map(When::Nth);
    }
    if let Some(rate) = raw.rate {
        if timed {
            return Err(("rate", format!("`{}` comes at a moment; write `at` or `every`", fault.kind())));
        }
        if !(rate > 0.0 && rate <= 1.0) {
            return Err(("rate", format!("{rate} is none; write a number above 0, up to 1")));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a billion")]
        return Ok(When::Rate((rate * f64::from(CERTAIN)) as u32));
    }
    if let Some(text) = &raw.every {
        if !timed {
            return Err(("every", format!("`{}` comes with something else; write `at`, `on` or `rate`", fault.kind())));
        }
        let every = positive("every", text)?;
        return Ok(When::Every(u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1)));
    }
    moment("at", raw.at.as_ref())?.map(When::At).ok_or_else(|| ("at", "is missing".to_owned()))
}

/// The number in "3rd create".
fn nth(text: &str, fault: &Fault) -> Result<u64, Problem> {
    let wanted = match fault {
        Fault::Request(_) => "such as \"3rd create\", \"1st cancel\", \"20th read\" or \"5th call\"",
        Fault::RefusedHandshake { .. } => "such as \"2nd handshake\"",
        Fault::Frame(_) | Fault::Timed(_) | Fault::Market(_) => "such as \"2nd settlement\"",
    };
    let wrong = || ("on", format!("`{text}` is not understood; write the number and what is counted, {wanted}"));
    let (number, what) = text.split_once(' ').ok_or_else(wrong)?;
    let counted = match fault {
        Fault::Request(_) => matches!(what, "create" | "cancel" | "read" | "call"),
        Fault::RefusedHandshake { .. } => what == "handshake",
        Fault::Frame(_) | Fault::Timed(_) | Fault::Market(_) => what == "settlement",
    };
    let number: u64 = number.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().map_err(|_| wrong())?;
    if counted && number > 0 { Ok(number) } else { Err(wrong()) }
}

fn calls_of(on: Option<&str>) -> Option<Calls> {
    match on?.rsplit(' ').next()? {
        "create" => Some(Calls::Create),
        "cancel" => Some(Calls::Cancel),
        "read" => Some(Calls::Read),
        _ => None,
    }
}

fn moment(key: &'static str, text: Option<&String>) -> Result<Option<Moment>, Problem> {
    let Some(text) = text else { return Ok(None) };
    if let Some(after) = text.strip_prefix('+') {
        return duration(key, after).map(|after| Some(Moment::After(after)));
    }
    let wrong = |_| {
        let words =
            "is no moment; write \"+12m30s\" after the session's begin, or a time such as \"2026-11-22T14:00:00Z\"";
        (key, format!("`{text}` {words}"))
    };
    text.parse::<Timestamp>().map(|time| Some(Moment::Time(time))).map_err(wrong)
}

fn duration(key: &'static str, text: &str) -> Result<SignedDuration, Problem> {
    let wrong = || {
        (key, format!("`{text}` is no length of time up to a day; write one such as \"250ms\", \"4s\" or \"1m30s\""))
    };
    let parsed: SignedDuration = text.parse().map_err(|_| wrong())?;
    if parsed.unsigned_abs() <= MAX_LASTS || key == "at" || key == "from" || key == "until" {
        Ok(parsed)
    } else {
        Err(wrong())
    }
}

fn positive(key: &'static str, text: &str) -> Result<Duration, Problem> {
    let parsed = duration(key, text)?;
    match Duration::try_from(parsed) {
        Ok(parsed) if !parsed.is_zero() => Ok(parsed),
        Ok(_) | Err(_) => Err((key, format!("`{text}` has to be above zero"))),
    }
}

fn needed(key: &'static str, text: Option<&String>) -> Result<Duration, Problem> {
    let text = text.ok_or_else(|| (key, "is missing; write a length of time such as \"4s\"".to_owned()))?;
    positive(key, text)
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

/// The key that stands on the line of an offset; the line itself where it holds none.
fn key_at(text: &str, offset: usize) -> String {
    let line = text.lines().nth(line_of(text, offset) - 1).unwrap_or_default();
    line.split('=').next().unwrap_or(line).trim().to_owned()
}

/// Where a key of a fault stands; the fault's own place where it does not have the key.
fn offset_of(text: &str, number: usize, key: &str) -> usize {
    let Ok(root) = DeTable::parse(text) else { return 0 };
    let Some(DeValue::Array(faults)) = root.get_ref().get("fault").map(toml::Spanned::get_ref) else { return 0 };
    let Some(fault) = faults.get(number) else { return 0 };
    let DeValue::Table(table) = fault.get_ref() else { return fault.span().start };
    let place =
        |wanted: &str| table.keys().find(|name| name.get_ref().as_ref() == wanted).map(|name| name.span().start);
    place(key).or_else(|| place("kind")).unwrap_or_else(|| fault.span().start)
}
