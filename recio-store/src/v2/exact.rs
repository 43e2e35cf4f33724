//! Decimal text as v2's stores hold it, without a float in between.

#![deny(clippy::float_arithmetic)]

use recio_core::units::{Money, Quantity};

/// A number in units of 10⁻¹²: of a dollar, of a contract.
///
/// v2 kept money in floats. Their shortest text is read digit by digit; what lies beyond the twelfth decimal is the float's own noise
/// (0.050000000000000044) and is rounded away, half away from zero. What lies between the sixth decimal and the twelfth is real, such as an
/// average price of 0.953333333333: whoever turns it into [`Money`] gets told how much the rounding moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(i128);

/// 10⁻¹² in one.
const ONE: i128 = 1_000_000_000_000;
/// 10⁻¹² in a micro-dollar.
const MICRO: i128 = 1_000_000;
/// Above any count or amount that v2 could mean; keeps every product and sum inside 128 bits.
const LIMIT: i128 = 1_000_000_000_000_000 * ONE;
/// Longer than any number that a float or a numeric column prints.
const LONGEST: usize = 400;

/// What a text is, read as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A plain number.
    Number(Exact),
    /// A number in other clothes: `$0.95`, `+3`, `1,200`.
    Dressed(Exact),
    /// Not a number: `NaN`, `Infinity`, `None`, words.
    NotANumber,
    /// Larger than anything that recio handles.
    TooLarge,
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads text, with or without an exponent.
    pub(crate) fn read(text: &str) -> Reading {
        let trimmed = text.trim();
        match parse(trimmed) {
            Some(Some(exact)) => Reading::Number(exact),
            Some(None) => Reading::TooLarge,
            None => match undressed(trimmed).as_deref().and_then(parse) {
                Some(Some(exact)) => Reading::Dressed(exact),
                Some(None) => Reading::TooLarge,
                None => Reading::NotANumber,
            },
        }
    }

    /// So many hundredths.
    #[must_use]
    pub const fn hundredths(self) -> Self {
        Self(self.0 / 100)
    }

    /// So many ten-thousandths.
    #[must_use]
    pub const fn ten_thousandths(self) -> Self {
        Self(self.0 / 10_000)
    }

    /// The amount in micro-dollars, rounded half away from zero, and what the rounding took off.
    ///
    /// `None` outside what [`Money`] holds.
    #[must_use]
    pub fn to_money(self) -> Option<(Money, Self)> {
        let micros = round(self.0, MICRO);
        let money = Money::from_micros_wide(micros).ok()?;
        Some((money, Self(self.0 - micros * MICRO)))
    }

    /// The count in hundredths; `None` below zero, above what recio handles, or finer than a hundredth.
    #[must_use]
    pub fn to_quantity(self) -> Option<Quantity> {
        let unit = ONE / 100;
        (self.0 % unit == 0)
            .then(|| u64::try_from(self.0 / unit).ok())
            .flatten()
            .and_then(|h| Quantity::from_hundredths(h).ok())
    }

    /// The whole number; `None` where it is none.
    #[must_use]
    pub fn to_integer(self) -> Option<i64> {
        (self.0 % ONE == 0).then(|| i64::try_from(self.0 / ONE).ok()).flatten()
    }

    /// Times a number of contracts, which has two decimals at most; `None` where it does not fit.
    #[must_use]
    pub fn times(self, quantity: Quantity) -> Option<Self> {
        let product = self.0.checked_mul(i128::from(quantity.hundredths()))?;
        Some(Self(round(product, 100)))
    }

    /// The distance from zero.
    #[must_use]
    pub const fn size(self) -> Self {
        Self(self.0.abs())
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// An amount that is exact already.
    #[must_use]
    pub fn of(money: Money) -> Self {
        Self(i128::from(money.micros()) * MICRO)
    }

    /// So many whole ones.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number as i128 * ONE)
    }

    /// The sum. It stays exact for as many rows as a disk holds: each is below a limit.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Six decimals, and more only where there are more.
impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) =
            (self.0.unsigned_abs() / ONE.unsigned_abs(), self.0.unsigned_abs() % ONE.unsigned_abs());
        let mut digits = format!("{fraction:012}");
        while digits.len() > 6 && digits.ends_with('0') {
            digits.pop();
        }
        f.pad(&format!("{sign}{whole}.{digits}"))
    }
}

impl serde::Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn round(value: i128, unit: i128) -> i128 {
    let half = unit / 2;
    if value < 0 { -((-value + half) / unit) } else { (value + half) / unit }
}

/// A number without a plus, a dollar sign (before or after the minus) and commas between thousands.
///
/// Whatever else stands around or between digits may change what they mean (`0,95`, `5¢`, `1 2`), so that no amount is made of it.
fn undressed(text: &str) -> Option<String> {
    let (minus, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let rest = if minus.is_empty() { rest.strip_prefix('+').unwrap_or(rest) } else { rest };
    let rest = rest.strip_prefix('$').unwrap_or(rest);
    let (minus, rest) = match rest.strip_prefix('-') {
        Some(rest) if minus.is_empty() => ("-", rest),
        Some(_) | None => (minus, rest),
    };
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let grouped = whole.contains(',');
    if grouped && (!(1..=3).contains(&first.len()) || groups.any(|group| group.len() != 3)) {
        return None;
    }
    let fraction = fraction.map_or_else(String::new, |fraction| format!(".{fraction}"));
    Some(format!("{minus}{}{fraction}", whole.replace(',', "")))
}

/// `None`: no number. `Some(None)`: too large a number.
fn parse(text: &str) -> Option<Option<Exact>> {
    if text.len() > LONGEST {
        return None;
    }
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().next().is_none() || !digits().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // How many of the digits stand above 10⁻¹².
    let kept = i64::try_from(whole.len()).ok()? + i64::from(exponent) + 12;
    let mut value: i128 = 0;
    let mut count = 0;
    for byte in digits().take(usize::try_from(kept.max(0)).ok()?) {
        value = value * 10 + i128::from(byte - b'0');
        if value > LIMIT {
            return Some(None);
        }
        count += 1;
    }
    if value != 0 {
        for _ in count..kept {
            value *= 10;
            if value > LIMIT {
                return Some(None);
            }
        }
    }
    if kept >= 0 && digits().nth(usize::try_from(kept).ok()?).is_some_and(|byte| byte >= b'5') {
        value += 1;
    }
    Some(Some(Exact(if negative { -value } else { value })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    fn number(text: &str) -> Exact {
        match Exact::read(text) {
            Reading::Number(exact) | Reading::Dressed(exact) => exact,
            other @ (Reading::NotANumber | Reading::TooLarge) => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn floats_are_read_digit_by_digit_and_their_noise_is_left_out() {
        assert_eq!(number("0.050000000000000044").to_string(), "0.050000");
        assert_eq!(number("0.9533333333333333").to_string(), "0.953333333333");
        assert_eq!(number("1e-05").to_string(), "0.000010");
        assert_eq!(number("-1.5E2").to_string(), "-150.000000");
        assert_eq!(number("5e-324"), Exact::ZERO);
        assert_eq!(number("-0.0"), Exact::ZERO);
        assert_eq!(number(".5").to_string(), "0.500000");
        assert_eq!(number("0.0000000000005").to_string(), "0.000000000001");
        let (money, rest) = number("0.9533333333333333").to_money().unwrap();
        assert_eq!((money.to_string(), rest.to_string()), ("0.953333".to_owned(), "0.000000333333".to_owned()));
    }

    #[test]
    fn other_clothes_are_told_from_plain_numbers() {
        for (dressed, meant) in [
            ("$0.95", "0.950000"),
            ("+3", "3.000000"),
            ("1,200", "1200.000000"),
            ("-$1,234,567.89", "-1234567.890000"),
            ("$-5", "-5.000000"),
        ] {
            assert!(matches!(Exact::read(dressed), Reading::Dressed(_)), "{dressed}");
            assert_eq!(number(dressed).to_string(), meant);
        }
        for none in [
            "NaN",
            "nan",
            "Infinity",
            "-inf",
            "None",
            "null",
            "",
            "-",
            ".",
            "e5",
            "1e",
            "0x1",
            "1.2.3",
            "--1",
            "١",
            "-$-1",
            "-+1",
            // What stands between the digits or after them may change what they mean.
            "0,95",
            "12,34",
            "1,2345",
            ",123",
            "1,,200",
            "0.1,000",
            "5¢",
            "12 %",
            "1 2",
            "1\u{a0}200",
            "$",
            "+",
        ] {
            assert_eq!(Exact::read(none), Reading::NotANumber, "{none}");
        }
        assert_eq!(Exact::read("1e30"), Reading::TooLarge);
        assert_eq!(Exact::read(&"9".repeat(300)), Reading::TooLarge);
        assert_eq!(Exact::read("1e2147483647"), Reading::TooLarge);
        assert_eq!(Exact::read("1e-2147483648"), Reading::Number(Exact::ZERO));
    }

    #[test]
    fn counts_have_two_decimals_at_most() {
        assert_eq!(number("2.0").to_quantity(), Some(Quantity::contracts(2)));
        assert_eq!(number("0.25").to_quantity(), Quantity::from_hundredths(25).ok());
        for bad in ["-1", "0.001", "900000000000000"] {
            assert_eq!(number(bad).to_quantity(), None, "{bad}");
        }
        assert_eq!(number("0.95").times(Quantity::contracts(3)).unwrap().to_string(), "2.850000");
    }

    proptest! {
        #[test]
        fn six_decimals_are_exact(micros in -10_i64.pow(15)..10_i64.pow(15)) {
            let money = Money::from_micros(micros);
            prop_assert_eq!(number(&money.to_string()).to_money(), Some((money, Exact::ZERO)));
        }

        /// What Python wrote as a float and SQLite kept as one comes back as the amount that was meant.
        #[test]
        fn a_float_gives_its_amount_back(cents in -10_i64.pow(9)..10_i64.pow(9)) {
            #[expect(clippy::cast_precision_loss, clippy::float_arithmetic, reason = "the float is what is tested")]
            let float = cents as f64 / 100.0;
            prop_assert_eq!(number(&float.to_string()).to_money(), Some((Money::from_micros(cents * 10_000), Exact::ZERO)));
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}", plain in "[-+$]?[0-9]{0,30}[.]?[0-9]{0,30}(e-?[0-9]{0,9})?") {
            let _ = (Exact::read(&text), Exact::read(&plain));
        }
    }
}
