//! How a run is cut into pieces does not change it.

use std::sync::Arc;

use proptest::prelude::*;
use tradepit::venue::SimVenue;

use crate::scene::{ROWS, Run, scenes};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Written down and read again at any rows, in another venue: the same bits from there on.
    #[test]
    fn a_snapshot_goes_on_to_the_same_bits(scene in scenes(), cuts in prop::collection::vec(any::<bool>(), ROWS)) {
        let whole = scene.run();
        let (mut venue, mut account) = scene.venue();
        let mut cut = Run { events: Vec::new(), accounts: vec![account.clone()] };
        for (row, cut_here) in cuts.into_iter().enumerate().skip(1) {
            if cut_here {
                let text = serde_json::to_string(&(venue.state(), venue.rng(), &account)).unwrap();
                let (state, rng, read) = serde_json::from_str(&text).unwrap();
                venue = SimVenue::new(Arc::clone(venue.world()), 0);
                venue.restore(state, rng).unwrap();
                account = read;
            }
            scene.step(&mut venue, &mut account, |event| cut.events.push((row, *event)));
            cut.accounts.push(account.clone());
        }
        prop_assert_eq!(&whole.events, &cut.events);
        prop_assert!(whole.accounts == cut.accounts);
    }

    /// The rows to come do not matter either: a venue over the first ones alone comes to the same.
    #[test]
    fn a_run_over_less_data_is_the_first_part(scene in scenes(), rows in 2..ROWS) {
        let whole = scene.run();
        let mut less = scene.clone();
        less.bars.truncate(2 * rows);
        let (mut venue, mut account) = less.venue();
        for row in 1..rows {
            let mut events = Vec::new();
            less.step(&mut venue, &mut account, |event| events.push((row, *event)));
            let expected: Vec<_> = whole.events.iter().filter(|(at, _)| *at == row).copied().collect();
            prop_assert_eq!(events, expected);
            prop_assert!(account == whole.accounts[row]);
        }
    }
}
