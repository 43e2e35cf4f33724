//! How much cash an account's resting orders hold back.
//!
//! The most that an order can lose is covered in full: a bid needs price × contracts, an ask (1 − price) × contracts, and what only
//! reduces a position needs nothing. No fee is held back. Whether the exchange nets orders of opposite sides is not confirmed; here each
//! is covered on its own. Source: docs.kalshi.com on collateral return, and field reports of 2026.

use crate::market::BookSide;
use crate::units::{Position, Price, Quantity};

/// Part of an order that may still be executed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) book_side: BookSide,
    pub(super) yes_price: Price,
    pub(super) remaining: Quantity,
}

/// Micro-dollars that an account's orders in one market need.
///
/// The position is set against the best-priced orders of the other side first (`claims` come best first on each side): they are executed
/// first, so an execution never makes the others need more than they did.
pub(super) fn required_micros(held: Position, claims: impl Iterator<Item = Claim>) -> i128 {
    let (mut closes_no, mut closes_yes) = (held.no_size(), held.yes_size());
    let mut micros = 0_i128;
    for claim in claims {
        let free = match claim.book_side {
            BookSide::Bid => &mut closes_no,
            BookSide::Ask => &mut closes_yes,
        };
        let closing = claim.remaining.min(*free);
        *free = free.saturating_sub(closing);
        let opening = claim.remaining.saturating_sub(closing);
        micros += i128::from((claim.book_side.outcome().yes_price(claim.yes_price) * opening).micros());
    }
    micros
}

#[cfg(test)]
mod tests {
    use super::*;
    use BookSide::{Ask, Bid};

    #[test]
    fn only_what_opens_needs_cash() {
        let claim = |book_side, cents, contracts| Claim {
            book_side,
            yes_price: Price::cents(cents),
            remaining: Quantity::contracts(contracts),
        };
        let need = |held: &str, claims: &[Claim]| required_micros(held.parse().unwrap(), claims.iter().copied());
        assert_eq!(need("0", &[claim(Bid, 56, 10), claim(Ask, 60, 5)]), 5_600_000 + 2_000_000);
        assert_eq!(need("5", &[claim(Ask, 60, 5)]), 0);
        assert_eq!(need("5", &[claim(Ask, 60, 3), claim(Ask, 70, 4)]), 600_000);
        assert_eq!(need("-4", &[claim(Bid, 30, 10)]), 1_800_000);
        assert_eq!(need("-4", &[claim(Ask, 30, 1)]), 700_000);
    }
}
