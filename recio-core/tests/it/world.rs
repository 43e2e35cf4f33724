//! A scripted world around one engine: it plays exchange, feed, journal and strategy, and writes down what the engine wants.

use crate::account::Account;
use crate::settings::{self, MARKET, MODEL, cents, close, feed, market_named, start, strike, usd};
use recio_core::engine::{
    AccountRead, Command, Engine, EngineConfig, EventView, GatedOrder, Input, JournalRecord, JournaledIntent, Output,
    Recalled, Recovered, ServiceHealth, SubmitOutcome, Wish,
};
use recio_core::executor::{AccountEvent, CancelOrder};
use recio_core::fact::{Fact, FactBody};
use recio_core::market::{Asset, BookSnapshot, Level, LifecycleEvent, MarketResult, Side};
use recio_core::market_data::MarketEvent;
use recio_core::model::Bar;
use recio_core::price_feed::{PastPrices, PriceEvent, PriceTick, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::strategy::Decision;
use recio_core::trade::{Fill, Order, Trade};
use recio_core::units::{AssetPrice, Monotonic, Now, Quantity, Timestamp};
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) account: Account,
    pub(crate) now: Now,
    /// Told every second; `None` is a feed that is silent.
    pub(crate) price: Option<AssetPrice>,
    /// Best bid and ask in cents, told every second; `None` is a book channel that is silent.
    pub(crate) book: Option<(u16, u16)>,
    /// Whether readings of the account are answered within the second.
    pub(crate) answers: bool,
    pub(crate) reading: Option<u64>,
    pub(crate) submits: VecDeque<GatedOrder>,
    /// Which history was asked for, oldest first.
    pub(crate) history: Vec<(Resolution, TimeRange)>,
    /// What was recorded, oldest first.
    pub(crate) facts: Vec<Fact>,
    pub(crate) cancels: Vec<CancelOrder>,
    pub(crate) view: Option<Arc<EventView>>,
    /// What was shown last of the event.
    pub(crate) table: Option<Arc<EventView>>,
    /// What the intent journal holds.
    pub(crate) journal: Recovered,
    /// What the local cache holds, if there is one.
    pub(crate) cache: Option<Recalled>,
    pub(crate) script: Vec<(Now, Input)>,
    pub(crate) trace: String,
    pub(crate) funnel: Vec<String>,
    /// What was told of the services, oldest first.
    pub(crate) health: Vec<(Now, Vec<ServiceHealth>)>,
}

pub(crate) fn now_at(wall: Timestamp) -> Now {
    let passed = wall.duration_since(start()).as_micros() + 1_000_000_000;
    Now { wall, mono: Monotonic(u64::try_from(passed).unwrap()) }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut EngineConfig)) -> Self {
        let mut config = settings::config();
        change(&mut config);
        Self {
            engine: Engine::new(Arc::new(config), Arc::clone(&MODEL)),
            account: Account::new(),
            now: now_at(start()),
            price: Some(usd(80_000)),
            book: Some((94, 95)),
            answers: true,
            reading: None,
            submits: VecDeque::new(),
            cancels: Vec::new(),
            view: None,
            table: None,
            history: Vec::new(),
            facts: Vec::new(),
            journal: Recovered::default(),
            cache: None,
            script: Vec::new(),
            trace: String::new(),
            funnel: Vec::new(),
            health: Vec::new(),
        }
    }

    /// Told all that makes it ready to enter, and one second later.
    pub(crate) fn ready() -> Self {
        Self::ready_with(|_| {})
    }

    pub(crate) fn ready_with(change: impl FnOnce(&mut EngineConfig)) -> Self {
        let mut world = Self::with(change);
        world.boot();
        world.second();
        world.trace.clear();
        world
    }

    /// The start of a run: journal, lists, history, the first book and price.
    pub(crate) fn boot(&mut self) {
        self.lists();
        let past = self.past();
        self.answer_history(Resolution::Second, Ok(Read::Complete(past)));
        self.told_each_second();
        self.answer_reading();
    }

    /// The start of a run whose past is not read yet.
    pub(crate) fn begin(&mut self) {
        self.lists();
        self.told_each_second();
        self.answer_reading();
    }

    fn lists(&mut self) {
        self.tell(Input::Recovered(self.journal.clone()));
        if let Some(cache) = self.cache.clone() {
            self.tell(Input::Recalled(cache));
        }
        self.tell(Input::Series(settings::series()));
        let markets = Ok(Read::Complete(vec![market_named(MARKET)]));
        self.tell(Input::Listed { series: "KXBTC15M".parse().unwrap(), markets });
        let event = LifecycleEvent::StrikeUpdated { strike: strike() };
        self.tell(Input::Market(MarketEvent::Lifecycle { market: MARKET.parse().unwrap(), event }));
    }

    /// The seconds of the past are read, or something else instead.
    pub(crate) fn answer_history(&mut self, resolution: Resolution, read: Result<Read<Vec<Bar>>, String>) {
        let read = read.map(|bars| (feed(), vec![PastPrices { source: feed(), bars }]));
        self.tell(Input::History { asset: Asset::Btc, resolution, read });
    }

    /// The past is read from these sources.
    pub(crate) fn answer_past(&mut self, resolution: Resolution, past: Vec<PastPrices>) {
        self.tell(Input::History { asset: Asset::Btc, resolution, read: Ok((feed(), past)) });
    }

    /// Half an hour of seconds: $80,000, five dollars up and down by half minutes.
    fn past(&self) -> Vec<Bar> {
        let now = self.now.wall.as_second();
        let bar = |second: i64| {
            let price = usd(if second / 30 % 2 == 0 { 80_000 } else { 80_005 });
            let start = Timestamp::from_second(second).unwrap();
            Bar { start, open: price, high: price, low: price, close: price }
        };
        (now - 1_860..now).map(bar).collect()
    }

    pub(crate) fn tell(&mut self, input: Input) -> usize {
        if let Input::Submitted { client_order_id, outcome } = &input
            && let Some(known) = self.journal.intents.iter_mut().find(|i| i.intent.client_order_id == *client_order_id)
        {
            known.outcome = Some(outcome.clone());
        }
        let outputs = self.engine.handle(self.now, &input);
        self.script.push((self.now, input));
        let count = outputs.len();
        for output in outputs {
            self.take(output);
        }
        count
    }

    fn take(&mut self, output: Output) {
        if let Some(line) = summary(&output.wish) {
            let role = serde_json::to_string(&output.role).unwrap();
            let (second, role) = (self.now.wall.duration_since(start()).as_secs(), role.trim_matches('"'));
            writeln!(self.trace, "{second:>3} {role}: {line}").unwrap();
        }
        match output.wish {
            Wish::Submit { order, why } => {
                let intent = order.intent().clone();
                self.journal.intents.push(JournaledIntent { intent, why, outcome: None, absent: false });
                self.submits.push_back(order);
            }
            Wish::Cancel(cancel) => self.cancels.push(cancel),
            Wish::Evaluate(view) => self.view = Some(view),
            Wish::Publish(table) => self.table = Some(table),
            Wish::ReadAccount { number, .. } => self.reading = Some(number),
            Wish::Journal(JournalRecord::Opened { cash, time }) => self.journal.opened = Some((cash, time)),
            Wish::Journal(JournalRecord::Absent { client_order_id }) => {
                let known = |known: &&mut JournaledIntent| known.intent.client_order_id == client_order_id;
                self.journal.intents.iter_mut().find(known).unwrap().absent = true;
            }
            Wish::Journal(JournalRecord::Trading(change)) => self.journal.trading = Some(change),
            Wish::ReadHistory { resolution, range, .. } => self.history.push((resolution, range)),
            Wish::Record(fact) => self.facts.push(*fact),
            Wish::Health(services) => self.health.push((self.now, services)),
            Wish::Funnel { refused, .. } => self.funnel.extend(refused.into_keys()),
            Wish::ReadSeries(_)
            | Wish::ListMarkets { .. }
            | Wish::Follow(_)
            | Wish::Supervised(_)
            | Wish::Say(_)
            | Wish::WakeAt(_) => {}
        }
    }

    fn told_each_second(&mut self) {
        if let Some(price) = self.price {
            let tick = PriceTick { price, exchange_time: self.now.wall };
            self.tell(Input::Price { feed: feed(), event: PriceEvent::Tick(tick) });
        }
        if let Some((bid, ask)) = self.book {
            let level = |price| vec![Level { price: cents(price), quantity: Quantity::contracts(100) }];
            let book = BookSnapshot { bids: level(bid), asks: level(ask) };
            self.tell(Input::Market(MarketEvent::Snapshot { market: MARKET.parse().unwrap(), book }));
        }
        self.tell(Input::Timer);
    }

    /// The next second: the price, the book, a timer, and the answer to a reading.
    pub(crate) fn second(&mut self) {
        if let Some(view) = self.view.take() {
            // A view that the test does not answer is one that nothing is wanted of.
            self.tell(Input::Decision(Decision::on(&view)));
        }
        self.pass(Duration::from_secs(1));
        self.told_each_second();
        self.answer_reading();
    }

    pub(crate) fn seconds(&mut self, count: u32) {
        for _ in 0..count {
            self.second();
        }
    }

    /// Passes time silently.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = now_at(self.now.wall.checked_add(time).unwrap());
    }

    /// Goes on by seconds until so many are left before the close.
    pub(crate) fn until_left(&mut self, left: i64) {
        while close().duration_since(self.now.wall).as_secs() > left {
            self.second();
        }
    }

    pub(crate) fn answer_reading(&mut self) {
        if self.answers
            && let Some(number) = self.reading.take()
        {
            let read = self.account.read(number, self.now.wall);
            self.tell(Input::AccountRead(Box::new(read)));
        }
    }

    /// Reads the account as soon as the engine wants to, in a way that the caller spoils.
    pub(crate) fn read_spoiled(&mut self, spoil: impl FnOnce(&mut AccountRead)) {
        let answers = std::mem::replace(&mut self.answers, false);
        while self.reading.is_none() {
            self.second();
        }
        let mut read = self.account.read(self.reading.take().unwrap(), self.now.wall);
        spoil(&mut read);
        self.tell(Input::AccountRead(Box::new(read)));
        self.answers = answers;
    }

    /// Answers the newest view by wishing for one contract at a price in cents. Says whether an order came of it.
    pub(crate) fn buy(&mut self, side: Side, price: u16) -> bool {
        self.buy_many(side, price, 1)
    }

    pub(crate) fn buy_many(&mut self, side: Side, price: u16, quantity: u32) -> bool {
        let before = self.submits.len();
        let view = self.view.take().expect("a view to answer");
        let mut decision = Decision::on(&view);
        decision.buy(&view.strikes[0], side, cents(price), Quantity::contracts(quantity), "it is likely");
        self.tell(Input::Decision(decision));
        self.submits.len() > before
    }

    /// The oldest order arrives, and so many hundredths of it are filled at once; the answer comes, then the stream's fill.
    pub(crate) fn accept(&mut self, hundredths: u64) {
        let order = self.submits.pop_front().expect("an order on its way");
        let filled = Quantity::from_hundredths(hundredths).unwrap();
        let (accepted, fill) = self.account.take(&order, filled, self.now.wall);
        let client_order_id = order.intent().client_order_id.clone();
        let outcome = SubmitOutcome::Accepted(accepted);
        self.tell(Input::Submitted { client_order_id: client_order_id.clone(), outcome });
        if let Some(fill) = fill {
            self.stream(&Fill { client_order_id: Some(client_order_id), ..fill });
        }
    }

    pub(crate) fn stream(&mut self, fill: &Fill) {
        self.tell(Input::Account(AccountEvent::Fill(fill.clone())));
    }

    /// The oldest order's answer is lost; the order itself arrived, if so many hundredths say so.
    pub(crate) fn lose_answer(&mut self, arrived: Option<u64>) -> GatedOrder {
        let order = self.submits.pop_front().expect("an order on its way");
        if let Some(hundredths) = arrived {
            self.account.take(&order, Quantity::from_hundredths(hundredths).unwrap(), self.now.wall);
        }
        self.end(&order, SubmitOutcome::Unknown { reason: "no answer".to_owned() });
        order
    }

    pub(crate) fn end(&mut self, order: &GatedOrder, outcome: SubmitOutcome) {
        self.tell(Input::Submitted { client_order_id: order.intent().client_order_id.clone(), outcome });
    }

    pub(crate) fn refuse(&mut self) {
        let order = self.submits.pop_front().expect("an order on its way");
        self.end(&order, SubmitOutcome::Refused { code: "insufficient_balance".to_owned() });
    }

    /// One contract bought at 95 cents and held.
    pub(crate) fn hold(&mut self) {
        assert!(self.buy(Side::Yes, 95), "{}", self.trace);
        self.accept(100);
    }

    /// The exchange pays the market, and says so.
    pub(crate) fn settle(&mut self, result: MarketResult) {
        self.account.settle(MARKET, result, self.now.wall);
        let event = LifecycleEvent::Settled { settled_time: self.now.wall };
        self.tell(Input::Market(MarketEvent::Lifecycle { market: MARKET.parse().unwrap(), event }));
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.tell(Input::Command(command));
    }

    /// The program dies and is started again, with what its journal holds. The world goes on.
    pub(crate) fn restart(&mut self, run: &str) {
        let config = EngineConfig { run: run.parse().unwrap(), ..self.engine.config().clone() };
        self.engine = Engine::new(Arc::new(config), Arc::clone(&MODEL));
        self.submits.clear();
        self.cancels.clear();
        (self.reading, self.view) = (None, None);
        self.boot();
    }

    pub(crate) fn trade(&self) -> &Trade {
        self.engine.trades().last().expect("a trade")
    }

    pub(crate) fn order(&self) -> &Order {
        self.engine.orders().max_by_key(|order| order.intent().number).expect("an order")
    }

    pub(crate) fn ledger_hash(&self) -> String {
        self.engine.ledger().expect("open books").ledger_hash()
    }

    /// Why the newest minute's strikes, and the newest decision's, were not entered.
    pub(crate) fn reasons(&mut self) -> Vec<String> {
        let mut seconds = 0;
        self.funnel.clear();
        while self.funnel.is_empty() && seconds < 61 {
            self.second();
            seconds += 1;
        }
        self.funnel.clone()
    }

    pub(crate) fn take_trace(&mut self) -> String {
        std::mem::take(&mut self.trace)
    }

    pub(crate) fn said(&self, words: &str) -> bool {
        self.trace.contains(words)
    }
}

/// One line for each output that a reader cares for.
fn summary(wish: &Wish) -> Option<String> {
    Some(match wish {
        Wish::Evaluate(view) => format!("evaluate, {} s left", view.time_to_close().as_secs()),
        Wish::Journal(JournalRecord::Opened { cash, .. }) => format!("journal: opened with {cash}"),
        Wish::Journal(JournalRecord::Absent { .. }) => "journal: absent".to_owned(),
        Wish::Journal(JournalRecord::Trading(change)) => format!("journal: {:?}", change.state),
        Wish::Submit { order, why } => {
            let intent = order.intent();
            let (purpose, side, limit) = (intent.purpose, intent.side, intent.limit);
            format!("submit {purpose:?} {} {} {side} at {limit}: {why}", intent.action, intent.quantity)
        }
        Wish::Cancel(cancel) => format!("cancel {}", cancel.exchange_id),
        Wish::ReadAccount { number, .. } => format!("read account ({number})"),
        Wish::ReadSeries(series) => format!("read series {series}"),
        Wish::ListMarkets { series, .. } => format!("list markets of {series}"),
        Wish::ReadHistory { resolution, .. } => format!("read history in {resolution:?}s"),
        Wish::Follow(markets) => format!("follow {} markets", markets.len()),
        Wish::Record(fact) => match &fact.body {
            FactBody::Trade(trade) => format!("record trade {:?}, holds {}", trade.status, trade.held()),
            FactBody::OrderChanged { status, filled, .. } => format!("record order {status:?}, filled {filled}"),
            FactBody::Alarm { .. } => return None,
            FactBody::AccountOpened { .. }
            | FactBody::CashMoved { .. }
            | FactBody::Intent(_)
            | FactBody::Fill { .. }
            | FactBody::Settlement { .. }
            | FactBody::Shadow(_)
            | FactBody::Imported(_)
            | FactBody::Decision(_) => format!("record {}", fact.kind()),
        },
        Wish::Publish(_) | Wish::Supervised(_) | Wish::WakeAt(_) | Wish::Health(_) => return None,
        Wish::Funnel { entered, refused, .. } => format!("funnel: {entered} entered, {refused:?}"),
        Wish::Say(notice) => format!("{:?}: {}", notice.level, notice.text),
    })
}
