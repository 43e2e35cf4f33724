//! Which settings may be overridden, and which way each of them is tighter.

use super::{SettingKey, SettingValue};
use crate::engine::{EntryRules, RiskLimits, StopRules};
use crate::strategies::HtcParams;
use crate::units::{Money, StrategyId};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

/// The settings that may be overridden, with their values: the base when it comes from the config, and what is in force once the overrides
/// were laid over it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// What no order may exceed.
    pub risk: RiskLimits,
    /// The rules of each monitor.
    pub monitors: BTreeMap<StrategyId, MonitorSettings>,
}

/// The rules of one monitor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MonitorSettings {
    /// When it may enter.
    pub entry: EntryRules,
    /// When its trades are closed before settlement.
    pub stop: StopRules,
    /// The parameters of its strategy; `None` where it is not one that ships, whose parameters nobody here knows.
    pub params: Option<HtcParams>,
}

/// Which way a setting is tighter: less is entered, or trades are closed sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tighter {
    /// A lower value.
    Lower,
    /// A higher value.
    Higher,
    /// `true`.
    On,
    /// `false`.
    Off,
    /// `false`; and `true` may be said for one run, where the base says `false`.
    Switch,
}

/// What a value has to be, whichever way is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    Any,
    NotNegative,
    Positive,
    Percent,
    /// Ten-thousandths of a dollar of a price.
    PriceUnits,
    /// Cents of a price, either way.
    Cents,
}

/// One setting of `T`.
pub(super) struct Limit<T> {
    pub(super) name: &'static str,
    pub(super) tighter: Tighter,
    pub(super) range: Range,
    get: fn(&T) -> Option<SettingValue>,
    /// `false` where the value is of another kind, or does not fit.
    set: fn(&mut T, SettingValue) -> bool,
}

/// The name of the switch of a monitor's entries.
pub(super) const ENTRY_SWITCH: &str = "entry.enabled";

/// A value in the field's own type; `None` where it is too large for it.
fn fit<A: TryInto<B>, B>(value: A) -> Option<B> {
    value.try_into().ok()
}

macro_rules! limits {
    ($($name:literal: $($field:ident).+ $(? $param:ident)?, $kind:ident, $tighter:ident, $range:ident;)*) => {
        &[$(Limit {
            name: $name,
            tighter: Tighter::$tighter,
            range: Range::$range,
            get: |of| limits!(@get of, $kind, $($field).+ $(? $param)?),
            set: |of, value| {
                let SettingValue::$kind(value) = value else { return false };
                let Some(value) = fit(value) else { return false };
                limits!(@set of, value, $($field).+ $(? $param)?)
            },
        }),*]
    };
    (@get $of:ident, $kind:ident, $($field:ident).+) => { Some(SettingValue::$kind($of.$($field).+.into())) };
    (@get $of:ident, $kind:ident, $field:ident ? $param:ident) => {
        $of.$field.as_ref().map(|params| SettingValue::$kind(params.$param.into()))
    };
    (@set $of:ident, $value:ident, $($field:ident).+) => {{ $of.$($field).+ = $value; true }};
    (@set $of:ident, $value:ident, $field:ident ? $param:ident) => {
        $of.$field.as_mut().map(|params| params.$param = $value).is_some()
    };
}

/// What holds for all. Left out is what would also hold back stops: the rate of orders, and the time within which none is repeated.
pub(super) const RISK: &[Limit<RiskLimits>] = limits! {
    "risk.max_order_quantity": max_order_quantity, Quantity, Lower, Any;
    "risk.max_order_cost": max_order_cost, Money, Lower, NotNegative;
    "risk.max_position": max_position, Quantity, Lower, Any;
    "risk.max_event_exposure": max_event_exposure, Money, Lower, NotNegative;
    "risk.max_total_exposure": max_total_exposure, Money, Lower, NotNegative;
    "risk.book_collar_units": book_collar_units, Count, Lower, PriceUnits;
    "risk.model_collar_units": model_collar_units, Count, Lower, PriceUnits;
    "risk.breaker_failures": breaker_failures, Count, Lower, Any;
    "risk.breaker_window": breaker_window, Seconds, Higher, Any;
    "risk.close_guard": close_guard, Seconds, Higher, Any;
};

/// What holds for one monitor. Left out is how far below the best price a stop may sell, which has no tighter side.
pub(super) const MONITOR: &[Limit<MonitorSettings>] = limits! {
    "entry.enabled": entry.enabled, Flag, Switch, Any;
    "entry.min_time_to_close": entry.min_time_to_close, Seconds, Higher, Any;
    "entry.max_time_to_close": entry.max_time_to_close, Seconds, Lower, Any;
    "entry.allow_re_entry": entry.allow_re_entry, Flag, Off, Any;
    "entry.cooldown": entry.cooldown, Seconds, Higher, Any;
    "entry.spike_pause": entry.spike_pause, Flag, On, Any;
    "entry.spike_threshold": entry.spike_threshold, Number, Lower, NotNegative;
    "entry.calm_threshold": entry.calm_threshold, Number, Lower, NotNegative;
    "entry.calm_time": entry.calm_time, Seconds, Higher, Any;
    "stop.enabled": stop.enabled, Flag, On, Any;
    "stop.probability": stop.probability, Number, Higher, Percent;
    "stop.min_time_to_close": stop.min_time_to_close, Seconds, Lower, Any;
    "stop.verification": stop.verification, Seconds, Lower, Any;
    "stop.momentum_enabled": stop.momentum_enabled, Flag, On, Any;
    "stop.momentum_threshold": stop.momentum_threshold, Number, Lower, Positive;
    "params.min_probability": params ? min_probability, Number, Higher, Percent;
    "params.min_differential": params ? min_differential, Number, Higher, Cents;
    "params.slack": params ? slack, Number, Lower, NotNegative;
    "params.after_fees": params ? after_fees, Flag, On, Any;
    "params.careful": params ? careful, Flag, On, Any;
    "params.max_price": params ? max_price, Price, Lower, Any;
    "params.min_volume": params ? min_volume, Quantity, Higher, Any;
    "params.position_size": params ? position_size, Quantity, Lower, Positive;
    "params.multiplier": params ? multiplier, Count, Lower, Positive;
};

impl Tighter {
    /// Whether a value is wider than the base. What cannot be compared counts as wider.
    #[must_use]
    pub fn is_wider(self, wanted: SettingValue, base: SettingValue) -> bool {
        let allowed: &[Ordering] = match self {
            Self::Lower | Self::Off | Self::Switch => &[Ordering::Less, Ordering::Equal],
            Self::Higher | Self::On => &[Ordering::Greater, Ordering::Equal],
        };
        wanted.compare(base).is_none_or(|order| !allowed.contains(&order))
    }
}

impl Range {
    /// What is wrong with a value, if anything.
    pub(super) fn fault(self, value: SettingValue) -> Option<String> {
        let number = match value {
            SettingValue::Number(number) => number,
            SettingValue::Count(count) => {
                return match self {
                    Self::Positive if count == 0 => Some(ABOVE_ZERO.to_owned()),
                    Self::PriceUnits if count > 10_000 => {
                        Some(format!("{count} is in ten-thousandths of a dollar, and a contract costs at most 10000"))
                    }
                    Self::Any | Self::NotNegative | Self::Positive | Self::Percent | Self::PriceUnits | Self::Cents => {
                        None
                    }
                };
            }
            SettingValue::Money(money) if self == Self::NotNegative && money < Money::ZERO => {
                return Some("is below zero: 0 already refuses everything".to_owned());
            }
            SettingValue::Quantity(quantity) if self == Self::Positive && quantity.is_zero() => {
                return Some(ABOVE_ZERO.to_owned());
            }
            SettingValue::Seconds(time) if self == Self::Positive && time == Duration::ZERO => {
                return Some(ABOVE_ZERO.to_owned());
            }
            SettingValue::Flag(_)
            | SettingValue::Seconds(_)
            | SettingValue::Price(_)
            | SettingValue::Quantity(_)
            | SettingValue::Money(_) => return None,
        };
        match self {
            Self::NotNegative if number < 0.0 => Some(format!("{number} is below 0")),
            Self::Positive if number <= 0.0 => Some("must be above 0".to_owned()),
            Self::Percent if !(0.0..=100.0).contains(&number) => {
                Some(format!("{number} is not a percentage between 0 and 100"))
            }
            Self::Cents if number.abs() > 100.0 => Some("is in cents a contract, which costs at most 100".to_owned()),
            Self::Any | Self::NotNegative | Self::Positive | Self::Percent | Self::PriceUnits | Self::Cents => None,
        }
    }
}

const ABOVE_ZERO: &str = "must be above 0: set entry.enabled to false to enter nothing";

impl Settings {
    /// Every setting that may be overridden here.
    #[must_use]
    pub fn keys(&self) -> Vec<SettingKey> {
        let risk = RISK.iter().map(|limit| SettingKey::new(None, limit.name));
        let monitors = self.monitors.iter().flat_map(|(id, monitor)| {
            let there = MONITOR.iter().filter(|limit| (limit.get)(monitor).is_some());
            there.map(|limit| SettingKey::new(Some(id), limit.name))
        });
        risk.chain(monitors).collect()
    }

    /// The value of a setting; `None` where there is no such monitor, or its strategy has no such parameter.
    #[must_use]
    pub fn get(&self, key: &SettingKey) -> Option<SettingValue> {
        match key.monitor() {
            Some(id) => (find(MONITOR, key)?.get)(self.monitors.get(id)?),
            None => (find(RISK, key)?.get)(&self.risk),
        }
    }

    /// Sets a value; `false` where [`Settings::get`] gives none, or one of another kind.
    pub(super) fn set(&mut self, key: &SettingKey, value: SettingValue) -> bool {
        match key.monitor() {
            Some(id) => {
                let limit = find(MONITOR, key).zip(self.monitors.get_mut(id));
                limit.is_some_and(|(limit, monitor)| (limit.set)(monitor, value))
            }
            None => find(RISK, key).is_some_and(|limit| (limit.set)(&mut self.risk, value)),
        }
    }
}

impl SettingKey {
    /// Which way it is tighter.
    #[must_use]
    pub fn tighter(&self) -> Tighter {
        self.rule().0
    }

    pub(super) fn range(&self) -> Range {
        self.rule().1
    }

    fn rule(&self) -> (Tighter, Range) {
        let of_monitor = find(MONITOR, self).filter(|_| self.monitor().is_some());
        let rule = of_monitor.map(|limit| (limit.tighter, limit.range));
        rule.or_else(|| find(RISK, self).map(|limit| (limit.tighter, limit.range)))
            .expect("a key is only made with a name of the lists")
    }
}

fn find<T>(limits: &'static [Limit<T>], key: &SettingKey) -> Option<&'static Limit<T>> {
    limits.iter().find(|limit| limit.name == key.name())
}
