//! A simulated session, recorded and walked again.

use std::sync::Arc;

use proptest::prelude::{Strategy as _, any, prop, prop_assert_eq, proptest};
use rand::RngExt as _;

use super::{
    Advance, EventLog, GrowingMarket, LogEnd, LogEntry, Opening, Recorder, ReplayVenue, Row, RowMaker, SimVenue,
    SimWorld, Start, Venue,
};
use crate::{
    Bar, InstrumentId, MarketData, Result, Rng, Timestamp,
    account::{Account, AccountEvent, Fill},
    market::{
        FeatureTable, RowDetails,
        synth::{self, Leak},
    },
    models::{Bps, Commission, FillContext, Models, Slippage, SlippageModel},
    order::{OrderId, OrderRequest},
    rng::{Purpose, stream},
};

/// A slippage that draws: the random stream must be at the same place in both runs.
#[derive(Debug)]
struct Drawn;

impl SlippageModel for Drawn {
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        ctx.reference + ctx.qty.signum() * rng.random::<f64>()
    }
}

/// A feature that depends on the whole past, and one out of the user's column.
#[derive(Clone, Debug, Default)]
struct Mean {
    value: f64,
    rows: u32,
}

impl RowMaker for Mean {
    fn names(&self) -> Vec<String> {
        vec!["mean".into(), "signal".into()]
    }

    fn update(&mut self, bars: &[Bar], columns: &[f32], _: RowDetails<'_>, row: &mut [f32]) -> Result<()> {
        self.value += 0.1 * (bars[0].close - self.value);
        self.rows += 1;
        row[0] = if self.rows == 1 { f32::NAN } else { self.value as f32 };
        row[1] = columns[0];
        Ok(())
    }
}

fn data() -> Arc<MarketData> {
    let mut data = synth::planted(400, 3, Leak::OpenToOpen, 2.0, 3.0).unwrap();
    let (mut maker, mut table) = (Mean::default(), FeatureTable::new(data.len(), 2));
    for t in 0..data.len() {
        maker.update(&data.bars()[t..=t], &[data.columns()[0].1[t]], RowDetails::default(), table.row_mut(t)).unwrap();
    }
    data.set_table(maker.names(), 1, table).unwrap();
    Arc::new(data)
}

/// What one can see of a step: features and account, as bits.
type Seen = (Vec<u32>, Vec<u64>);

/// A whole session.
type Road = (Vec<Seen>, Vec<AccountEvent>, Account, Advance);

fn see(venue: &impl Venue, account: &Account) -> Seen {
    let window = venue.market().window(8).iter().map(|x| x.to_bits()).collect();
    let books = [account.cash(), account.equity(), account.unrealised(), account.fees(), account.slippage()];
    (window, books.map(f64::to_bits).to_vec())
}

/// Trades at random until the data ends.
fn drive(venue: &mut impl Venue, seed: u64) -> Result<Road> {
    let (mut account, mut rng) = (Account::new(1), stream(seed, 0, Purpose::Policy));
    let (mut seen, mut events) = (Vec::new(), Vec::new());
    venue.open(Start::At(20), &mut account)?;
    loop {
        seen.push(see(venue, &account));
        for _ in 0..rng.random_range(0..3u32) {
            let qty = f64::from(rng.random_range(1..4i32)) * if rng.random::<bool>() { 1.0 } else { -1.0 };
            let id = venue.submit(OrderRequest::market(InstrumentId(0), qty))?;
            if rng.random_range(0..10u32) == 0 {
                venue.cancel(id)?;
            }
        }
        let advance = venue.advance(&mut account, |event| events.push(*event))?;
        if !matches!(advance, Advance::Decision(_)) {
            return Ok((seen, events, account, advance));
        }
    }
}

fn recorded() -> (Recorder<SimVenue>, Road) {
    let data = data();
    let models = Models {
        slippage: Slippage::Custom(Arc::new(Drawn)),
        commission: Commission::Bps(Bps::new(0.3)),
        ..Models::default()
    };
    let world = Arc::new(SimWorld::new(data.clone(), models, 1e6).unwrap());
    let mut venue = Recorder::new(SimVenue::new(world, 5), data);
    let road = drive(&mut venue, 1).unwrap();
    (venue, road)
}

#[test]
fn a_recorded_simulation_replays_to_the_same_bits_also_through_text() {
    let (venue, road) = recorded();
    assert!(road.1.len() > 200, "{} events", road.1.len());
    let mut text = Vec::new();
    venue.log().unwrap().write(&mut text).unwrap();
    for log in [venue.log().unwrap().clone(), EventLog::read(text.as_slice(), "session.jsonl").unwrap()] {
        let mut replay = ReplayVenue::new(log, Mean::default()).unwrap();
        assert_eq!(drive(&mut replay, 1).unwrap(), road);
        assert_eq!((replay.remaining(), venue.remaining()), (Some(0), Some(0)));
        // Who asks again hears the same.
        assert_eq!(replay.advance(&mut road.2.clone(), |_| {}).unwrap(), Advance::EndOfData);
    }
}

#[test]
fn an_order_that_was_not_recorded_is_refused_and_shown() {
    let (venue, _) = recorded();
    let log = venue.into_log().unwrap();
    let mut replay = ReplayVenue::new(log.clone(), Mean::default()).unwrap();
    let refused = drive(&mut replay, 2).unwrap_err().to_string();
    assert!(refused.starts_with("replay diverged at 2024-01-02T"), "{refused}");
    assert!(refused.contains("but recorded is {"), "{refused}");

    let first = log.entries().iter().position(|e| matches!(e, LogEntry::Order { .. })).unwrap();
    let mut short = log.clone();
    short.truncate(first + 1);
    let mut replay = ReplayVenue::new(short, Mean::default()).unwrap();
    let mut account = Account::new(1);
    replay.open(Start::Now, &mut account).unwrap();
    while replay.advance(&mut account, |_| {}).is_ok_and(|a| matches!(a, Advance::Decision(_))) {}
    let before = account.clone();
    let missed = replay.advance(&mut account, |_| {}).unwrap_err().to_string();
    assert!(missed.contains(r#"all orders of the decision were sent, but recorded is {"order":{"id":0"#), "{missed}");
    assert_eq!(account, before);
    let LogEntry::Order { request, .. } = log.entries()[first] else { unreachable!() };
    let other = OrderRequest::market(request.instrument, 2.0 * request.qty);
    let differs = replay.submit(other).unwrap_err().to_string();
    assert!(differs.contains(&format!("qty: {:?}", other.qty)), "{differs}");
    assert_eq!(replay.submit(request).unwrap().0, 0);
}

#[test]
fn a_log_that_was_cut_ends_there_with_the_account_of_its_last_decision() {
    let (venue, (seen, ..)) = recorded();
    let log = venue.into_log().unwrap();
    for cut in [0, 1, 2, 57, 58, 59, 60, 61, 200] {
        let mut cut_log = log.clone();
        cut_log.truncate(cut);
        let rows = cut_log.entries().iter().filter(|e| matches!(e, LogEntry::Row(_))).count();
        let mut replay = ReplayVenue::new(cut_log, Mean::default()).unwrap();
        let (road, _, account, advance) = drive(&mut replay, 1).unwrap();
        assert_eq!(advance, Advance::EndOfData);
        assert_eq!(road, seen[..=rows], "cut after {cut} entries");
        assert_eq!(see(&replay, &account), seen[rows]);
    }
}

#[test]
fn the_last_end_counts_and_one_that_was_resumed_does_not() {
    let (venue, _) = recorded();
    let log = venue.into_log().unwrap();
    assert!(matches!(log.entries().last(), Some(LogEntry::End { end: LogEnd::EndOfData, .. })));
    let mut entries = log.entries().to_vec();
    let row = entries.iter().position(|e| matches!(e, LogEntry::Row(_))).unwrap();
    let stopped = LogEntry::End { end: LogEnd::Halted(super::HaltReason::Stopped), note: "by hand".into() };
    entries.insert(entries.len() - 1, stopped.clone());
    entries.insert(row, stopped);
    let opened = LogEntry::Opened(log.opening().clone());
    let resumed = EventLog::from_entries(std::iter::once(opened).chain(entries)).unwrap();
    let plain = drive(&mut ReplayVenue::new(log, Mean::default()).unwrap(), 1).unwrap();
    assert_eq!(drive(&mut ReplayVenue::new(resumed, Mean::default()).unwrap(), 1).unwrap(), plain);
}

#[test]
fn a_row_that_can_not_follow_is_refused_and_changes_nothing() {
    let data = data();
    let mut market = GrowingMarket::new(&Opening::of(&data, 20, 1e6).unwrap(), Mean::default()).unwrap();
    let next = Opening::row(&data, 21);
    let refused = |market: &mut GrowingMarket, row: Row| market.push(&row).unwrap_err().to_string();
    let late = refused(&mut market, Opening::row(&data, 20));
    assert!(late.contains("its time is not after 2024-01-02T00:21:00Z, the last row's"), "{late}");
    let nan = refused(&mut market, Row { columns: vec![f32::NAN], ..next.clone() });
    assert!(nan.contains("column 0 is NaN; only finite numbers can be kept"), "{nan}");
    let none = refused(&mut market, Row { bars: vec![], ..next.clone() });
    assert_eq!(none, "row: 0 bars and 1 columns; expected 1 and 1");
    let crossed = Bar { high: 1.0, ..next.bars[0] };
    assert!(
        refused(&mut market, Row { bars: vec![crossed], ..next.clone() }).contains("instrument 0: high 1 is below")
    );
    market.push(&next).unwrap();
    assert_eq!(market.view().window(22).len(), data.view(22).window(22).len());
    assert_eq!(market.view().window(20), data.view(22).window(20));
}

proptest! {
    #[test]
    fn numbers_survive_text_bit_for_bit(
        numbers in prop::collection::vec(any::<f64>().prop_filter("finite", |x| x.is_finite()), 5),
        column in any::<f32>().prop_filter("finite", |x| x.is_finite()),
        (order, nanos) in (any::<u32>(), any::<i64>()),
    ) {
        let (qty, time) = (numbers[0], Timestamp::from_nanos(nanos));
        let fill = Fill { qty, price: numbers[1], reference: numbers[2], fee: numbers[3], multiplier: numbers[4], time,
            order: OrderId(order), instrument: InstrumentId(0), futures: true };
        let bar = Bar { time, open: numbers[0], high: numbers[1], low: numbers[2], close: numbers[3], volume: numbers[4] };
        let request = OrderRequest::market(InstrumentId(0), qty);
        let entries = [
            LogEntry::Event(AccountEvent::Fill(fill)),
            LogEntry::Event(AccountEvent::Financing { amount: qty, instrument: InstrumentId(0), time }),
            LogEntry::Row(Row { bars: vec![bar], columns: vec![column], ..Row::default() }),
            LogEntry::Order { id: OrderId(order), request, time, unsent: false },
        ];
        for entry in entries {
            // The text of a number that comes back equal is equal, and tells 0 from -0.
            let line = entry.to_json().unwrap();
            let back = LogEntry::from_json(&line).unwrap();
            prop_assert_eq!(&back, &entry);
            prop_assert_eq!(back.to_json().unwrap(), line);
        }
    }
}

#[test]
fn bad_logs_are_named() {
    let (venue, _) = recorded();
    let log = venue.into_log().unwrap();
    let mut text = Vec::new();
    log.write(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let cut = &text[..text.len() - 10];
    let lines = cut.lines().count();
    let broken = EventLog::read(cut.as_bytes(), "s.jsonl").unwrap_err().to_string();
    assert!(broken.starts_with(&format!("s.jsonl: row {}, column entry: ", lines - 1)), "{broken}");
    let headless: String = text.lines().skip(1).map(|l| format!("{l}\n")).collect();
    let broken = EventLog::read(headless.as_bytes(), "s.jsonl").unwrap_err().to_string();
    assert!(broken.contains("a log begins with opened, not with"), "{broken}");
    let order = OrderRequest::market(InstrumentId(0), f64::NAN);
    let nan = LogEntry::Order { id: OrderId(0), request: order, time: Timestamp::default(), unsent: false };
    assert!(nan.to_json().unwrap_err().to_string().contains("only finite numbers can be recorded"));
    let short = ReplayVenue::new(
        EventLog::new(Opening { history: log.opening().history[..1].to_vec(), ..log.opening().clone() }),
        Mean::default(),
    );
    assert!(
        short
            .unwrap_err()
            .to_string()
            .contains("a history of 1 rows, and feature mean is still unknown in the last one")
    );
}
