//! The account as the engine's facts leave it.

use recio_core::engine::ActiveTrade;
use recio_core::fact::{Environment, Fact, FactBody};
use recio_core::trade::{ExternalCash, ExternalKind, Ledger, LedgerError, Trade, TradeStatus};
use recio_core::units::{AccountName, MarketTicker, Money, Position, Timestamp, TradeId};
use serde::Serialize;
use std::collections::BTreeMap;

/// Balance, positions and open trades at one moment. Amounts are dollars, exact; quantities are contracts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountSnapshot {
    /// When.
    pub time: Timestamp,
    /// Whose.
    pub account: AccountName,
    /// Which exchange; `None` before the first fact.
    pub environment: Option<Environment>,
    /// Cash by the books; `None` before they are opened, or where they cannot be trusted.
    pub cash: Option<Money>,
    /// Fees in all.
    pub fees: Option<Money>,
    /// What came of what is over, before fees.
    pub realized: Option<Money>,
    /// Why the books cannot be trusted.
    pub problem: Option<String>,
    /// What is held, by market.
    pub positions: Vec<HeldPosition>,
    /// Trades that are not over.
    pub open_trades: Vec<OpenTrade>,
}

/// One position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldPosition {
    /// The market.
    pub market: MarketTicker,
    /// Contracts: YES above zero, NO below.
    pub position: Position,
    /// What they cost, before fees.
    pub cost: Money,
}

/// One open trade.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenTrade {
    /// The trade, as it was last recorded.
    pub trade: Trade,
    /// What its supervisor saw last.
    pub supervised: Option<ActiveTrade>,
    /// When that was.
    pub supervised_time: Option<Timestamp>,
}

/// The account while the facts come in.
pub(super) struct Account {
    name: AccountName,
    environment: Option<Environment>,
    books: Option<Ledger>,
    problem: Option<String>,
    trades: BTreeMap<TradeId, OpenTrade>,
}

impl Account {
    pub(super) const fn new(name: AccountName) -> Self {
        Self { name, environment: None, books: None, problem: None, trades: BTreeMap::new() }
    }

    /// Takes a fact; returns whether the account is another afterwards.
    pub(super) fn record(&mut self, fact: &Fact) -> bool {
        self.environment = Some(fact.environment);
        match &fact.body {
            FactBody::AccountOpened { cash } => {
                match Ledger::open(fact.account.clone(), *cash, fact.time) {
                    Ok(books) if self.books.is_none() => self.books = Some(books),
                    Ok(_) => {}
                    Err(error) => self.distrust(&error),
                }
                true
            }
            FactBody::Fill { fill, .. } => self.book(|books| books.record_fill(fill).map(drop)),
            FactBody::Settlement { settlement, version } => {
                self.book(|books| books.record_settlement(settlement, *version).map(drop))
            }
            FactBody::CashMoved { number, amount, reason } => {
                let kind = if *amount > Money::ZERO { ExternalKind::Deposit } else { ExternalKind::Withdrawal };
                let (id, note) = (number.to_string(), reason.clone());
                let moved = ExternalCash { id, kind, amount: *amount, note, time: fact.time };
                self.book(|books| books.record_external(&moved).map(drop))
            }
            FactBody::Trade(trade) => {
                if matches!(trade.status, TradeStatus::Closed | TradeStatus::Unfilled) {
                    self.trades.remove(&trade.id);
                } else {
                    let known = self.trades.remove(&trade.id);
                    let (supervised, supervised_time) =
                        known.map_or((None, None), |known| (known.supervised, known.supervised_time));
                    self.trades
                        .insert(trade.id.clone(), OpenTrade { trade: trade.clone(), supervised, supervised_time });
                }
                true
            }
            FactBody::Intent(_)
            | FactBody::OrderChanged { .. }
            | FactBody::Decision(_)
            | FactBody::Alarm { .. }
            | FactBody::Shadow(_)
            | FactBody::Imported(_) => false,
        }
    }

    /// Takes what the supervisor of open trades sees.
    pub(super) fn supervised(&mut self, time: Timestamp, trades: &[ActiveTrade]) {
        for active in trades {
            if let Some(open) = self.trades.get_mut(&active.trade) {
                open.supervised = Some(active.clone());
                open.supervised_time = Some(time);
            }
        }
    }

    pub(super) fn snapshot(&self, time: Timestamp) -> AccountSnapshot {
        let books = self.books.as_ref().filter(|_| self.problem.is_none());
        let held = books.iter().flat_map(|books| books.holdings());
        let positions = held
            .filter(|(_, holding)| !holding.position().is_flat())
            .map(|(market, holding)| HeldPosition {
                market: market.clone(),
                position: holding.position(),
                cost: holding.cost(),
            })
            .collect();
        AccountSnapshot {
            time,
            account: self.name.clone(),
            environment: self.environment,
            cash: books.map(Ledger::cash),
            fees: books.map(Ledger::fees_total),
            realized: books.map(Ledger::realized),
            problem: self.problem.clone(),
            positions,
            open_trades: self.trades.values().cloned().collect(),
        }
    }

    fn book(&mut self, book: impl FnOnce(&mut Ledger) -> Result<(), LedgerError>) -> bool {
        match &mut self.books {
            Some(books) => {
                if let Err(error) = book(books) {
                    self.distrust(&error);
                }
            }
            None => self.problem = Some("money moved before the books were opened".to_owned()),
        }
        true
    }

    /// Numbers that may be wrong are not shown.
    fn distrust(&mut self, error: &LedgerError) {
        self.problem = Some(error.to_string());
    }
}
