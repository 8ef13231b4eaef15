//! The evidence of each reason for which engines differ.

use tradepit::{Bar, order::OrderKind};

use crate::trace::{Case, Filled};

/// Why a case differs first in that row; none if nothing that is known explains it.
pub(crate) fn reason(case: &Case, row: usize, ours: &[Filled]) -> Option<&'static str> {
    let scene = Scene { case, row, bar: case.bars()[row], ours, theirs: &case.fills };
    let (reason, shows) = match case.family.as_str() {
        "spread_without_volume" | "book_without_volume" => ("without_volume", scene.without_volume()),
        "share_of_binary_fraction" => ("binary_fraction", scene.binary_fraction()),
        "volatility_orders_together" | "in_parts_together" => ("share_for_each_order", scene.share_for_each_order()),
        "limit_in_cents" => ("limit_rounded_past_itself", scene.limit_rounded_past_itself()),
        "limit_in_parts" => ("worse_than_its_limit", scene.worse_than_its_limit()),
        "limit_slipped" => ("limit_slipped", scene.limit_slipped()),
        "stop_limit" => ("stop_limit_in_its_bar", scene.stop_limit_in_its_bar()),
        "bracket" if scene.child_with_its_parent() => ("child_a_bar_later", true),
        "one_cancels_other" | "bracket" => ("older_leg_first", scene.both_legs_reached()),
        "trailing" => ("trails_from_the_decision", scene.trails_from_the_decision()),
        "slipped_within_the_bar" => ("slipped_to_the_extreme", scene.slipped_to_the_extreme()),
        "stop_in_parts" => ("stop_reached_again", scene.stop_reached_again()),
        _ => return None,
    };
    shows.then_some(reason)
}

/// The first row that differs.
struct Scene<'a> {
    case: &'a Case,
    row: usize,
    bar: Bar,
    ours: &'a [Filled],
    theirs: &'a [Filled],
}

impl Scene<'_> {
    fn in_row(&self, fills: &[Filled]) -> Vec<Filled> {
        fills.iter().filter(|fill| fill.0 == self.row).copied().collect()
    }

    fn kind(&self, order: usize) -> OrderKind {
        self.case.request(&self.case.orders[order]).kind
    }

    fn cap(&self) -> f64 {
        self.case.models.matching.participation.unwrap_or(f64::INFINITY) * self.bar.volume
    }

    /// A bar without volume filled nothing there, or reached no stop.
    fn without_volume(&self) -> bool {
        let skipped = |fill: &Filled| {
            let reached = |bar: &Bar| {
                let (trigger, buys) = (self.kind(fill.1).trigger().unwrap_or(f64::NAN), fill.2 > 0.0);
                bar.volume == 0.0 && if buys { bar.close >= trigger } else { bar.close <= trigger }
            };
            self.case.bars()[self.case.orders[fill.1].at + 1..self.row].iter().any(reached)
        };
        (self.bar.volume == 0.0 && self.in_row(self.theirs).is_empty()) || self.in_row(self.ours).iter().any(skipped)
    }

    /// A decimal share such as 0.29 lies below itself in binary: 0.29 of 100 is 28 there.
    fn binary_fraction(&self) -> bool {
        self.cap().floor() != (self.cap() + 1e-9).floor()
    }

    fn share_for_each_order(&self) -> bool {
        let sum = |fills| self.in_row(fills).iter().map(|fill| fill.2.abs()).sum::<f64>();
        sum(self.theirs) > self.cap() && sum(self.ours) <= self.cap()
    }

    /// The price is the limit, and yet does not reach theirs.
    fn limit_rounded_past_itself(&self) -> bool {
        let at = |fill: &Filled| self.kind(fill.1).limit() == Some(self.bar.close);
        self.in_row(self.ours).iter().any(at) && !self.in_row(self.theirs).iter().any(at)
    }

    fn worse_than_its_limit(&self) -> bool {
        let worse = |fill: &Filled| self.kind(fill.1).limit().is_some_and(|limit| (fill.3 - limit) * fill.2 > 0.0);
        self.in_row(self.theirs).iter().any(worse) && !self.in_row(self.ours).iter().any(worse)
    }

    fn limit_slipped(&self) -> bool {
        let worse = |fill: &Filled| (fill.3 - self.bar.close) * fill.2 > 0.0;
        self.in_row(self.theirs).iter().any(worse) && !self.in_row(self.ours).iter().any(worse)
    }

    /// The bar went from the stop to the limit, though its close says nothing about it.
    fn stop_limit_in_its_bar(&self) -> bool {
        let waits = |fill: &Filled| !self.in_row(self.theirs).iter().any(|known| known.1 == fill.1);
        let against = |fill: &Filled| (self.bar.close - self.bar.open) * fill.2 >= 0.0;
        self.in_row(self.ours).iter().any(|fill| waits(fill) && against(fill))
    }

    fn reached(&self, order: usize) -> bool {
        let buys = self.case.orders[order].qty > 0.0;
        match self.kind(order) {
            OrderKind::Limit { price } if buys => self.bar.low <= price,
            OrderKind::Limit { price } => self.bar.high >= price,
            OrderKind::Stop { trigger } if buys => self.bar.high >= trigger,
            OrderKind::Stop { trigger } => self.bar.low <= trigger,
            _ => false,
        }
    }

    fn both_legs_reached(&self) -> bool {
        let legs = self.case.orders.len() - 2;
        self.reached(legs) && self.reached(legs + 1)
    }

    fn child_with_its_parent(&self) -> bool {
        let filled = |fills: &[Filled], order: usize| self.in_row(fills).iter().any(|fill| fill.1 == order);
        filled(self.theirs, 0) && filled(self.ours, 0) && filled(self.ours, 1) != filled(self.ours, 2)
    }

    /// The best price was the close of the decision, before the order was there.
    fn trails_from_the_decision(&self) -> bool {
        let order = &self.case.orders[0];
        let bars = self.case.bars();
        let better = |bar: &Bar| (bars[order.at].close - bar.close) * order.qty < 0.0;
        !self.in_row(self.theirs).is_empty() && bars[order.at + 1..=self.row].iter().all(better)
    }

    fn slipped_to_the_extreme(&self) -> bool {
        let Bar { high, low, .. } = self.bar;
        let beyond = |fill: &Filled| if fill.2 > 0.0 { fill.3 > high } else { fill.3 < low };
        let at = |fill: &Filled| fill.3 == if fill.2 > 0.0 { high } else { low };
        self.in_row(self.ours).iter().any(beyond) && self.in_row(self.theirs).iter().any(at)
    }

    fn stop_reached_again(&self) -> bool {
        self.in_row(self.ours).iter().any(|fill| self.ours.iter().any(|part| part.1 == fill.1 && part.0 < self.row))
    }
}
