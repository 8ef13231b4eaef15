//! Quadratic in the share of the volume.

use serde::{Deserialize, Serialize};

use super::{FillContext, SlippageModel, check::*, worse};
use crate::{Result, Rng};

/// Quadratic in the share of the volume: `price * (1 +- impact * min((before + |qty|) / volume, limit)^2)`.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, SlippageModel as _, VolumeShare}, rng};
/// let (share, known) = (Instrument::equity("XYZ"), Bar { volume: 10_000.0, ..Bar::default() });
/// let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let price = VolumeShare::default().price(&FillContext::new(&share, 100.0, 100.0, &known), &mut rng);
/// assert!((price - 100.001).abs() < 1e-9);
/// ```
///
/// The rule of zipline's and LEAN's volume share models. The volume is that of the last bar that had closed when the
/// order filled: the volume of a bar is not known at its open. `before` is what the account's orders had filled
/// against the same bar. Without any volume the share is `without_volume`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolumeShare {
    /// Impact of trading the whole volume, as a share of the price, in [0, 1 / limit^2].
    pub impact: f64,
    /// The largest share that counts, in (0, 1].
    pub limit: f64,
    /// The share that counts when the bar has no volume, in [0, limit]; `limit` when left out. 0 is for markets
    /// whose data carry no volume, such as spot currencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_volume: Option<f64>,
}

impl Default for VolumeShare {
    fn default() -> Self {
        Self { impact: 0.1, limit: 0.025, without_volume: None }
    }
}

impl VolumeShare {
    pub(super) fn validate(&self) -> Result<()> {
        check("limit", self.limit, self.limit > 0.0 && self.limit <= 1.0, "in (0, 1]")?;
        let most = 1.0 / (self.limit * self.limit);
        check("impact", self.impact, (0.0..=most).contains(&self.impact), "in [0, 1 / limit^2]")?;
        let share = self.without_volume.unwrap_or(self.limit);
        check("without_volume", share, (0.0..=self.limit).contains(&share), "in [0, limit]")
    }
}

impl SlippageModel for VolumeShare {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        let volume = ctx.known.volume;
        let share = (ctx.liquidity.filled_in_bar + ctx.qty.abs()) / volume;
        // Infinite without volume, which is not below the limit.
        let share = if share < self.limit {
            share
        } else if volume > 0.0 {
            self.limit
        } else {
            self.without_volume.unwrap_or(self.limit)
        };
        worse(ctx, self.impact * share * share * ctx.reference)
    }
}
