"""zipline's blotter, with its slippage and commission models, over random bars and orders.

A bar-data object and assets are all that is made up: orders, triggers, caps, prices and fees are the engine's. It fills at
the close of a bar and judges limits and stops by that close alone.
"""

import pandas as pd
from draw import bars, short, size
from zipline.assets import Equity, ExchangeInfo, Future
from zipline.finance import commission as fees
from zipline.finance import slippage as costs
from zipline.finance.blotter import SimulationBlotter
from zipline.finance.execution import LimitOrder, MarketOrder, StopLimitOrder, StopOrder

EXCHANGE = ExchangeInfo("peers", "peers", "US")
DAY = pd.Timestamp("2024-01-02")
CENTS, QUARTERS = 100, 4


class BarsSoFar:
    """What a slippage model may ask: the fields of the bar, and the days before."""

    def __init__(self, per, days):
        self.per, self.days = per, days
        self.current_session = DAY
        self.row, self.bar = 0, None

    @property
    def current_dt(self):
        return DAY + pd.Timedelta(minutes=self.row)

    def current(self, _asset, fields):
        if isinstance(fields, list):
            return {field: self.current(_asset, field) for field in fields}
        if fields == "volume":
            return self.bar[-1]
        # A flat bar is a price and a volume.
        at = 0 if len(self.bar) == 2 else ("open", "high", "low", "close").index(fields)
        return self.bar[at] / self.per

    def history(self, _asset, field, count, _frequency):
        assert count == len(self.days)
        return pd.Series([day[field == "volume"] for day in self.days], dtype=float)


def style(order, per):
    stop, limit = (order.get(name) for name in ("trigger", "price"))
    stop, limit = (None if ticks is None else ticks / per for ticks in (stop, limit))
    if stop is not None and limit is not None:
        return StopLimitOrder(limit, stop)
    if limit is not None:
        return LimitOrder(limit)
    return StopOrder(stop) if stop is not None else MarketOrder()


def run(asset, per, slippage, commission, rows, orders, cancels, days=()):
    """The fills of `orders`, each sent when its row has closed."""
    kind = "equity" if isinstance(asset, Equity) else "future"
    blotter = SimulationBlotter(**{f"{kind}_slippage": slippage, f"{kind}_commission": commission})
    data, ids, filled = BarsSoFar(per, days), [], []
    for row, bar in enumerate(rows):
        data.row, data.bar = row, bar
        blotter.set_date(data.current_dt)
        paid = {order_id: blotter.orders[order_id].commission for order_id in ids}
        fills, _, closed = blotter.get_transactions(data)
        for fill in fills:
            at = ids.index(fill.order_id)
            fee = blotter.orders[fill.order_id].commission - paid[fill.order_id]
            filled.append([row, at, fill.amount, short(fill.price), short(fee)])
        blotter.prune_orders(closed)
        for order in (order for order in orders if order["at"] == row):
            ids.append(blotter.order(asset, order["qty"], style(order, per)))
        for _, at in (cancel for cancel in cancels if cancel[0] == row):
            blotter.cancel(ids[at])
    return filled


def equity_fees(rng):
    """A commission model of theirs, and the same in our words."""
    pick = rng.randrange(5)
    if pick == 0:
        return fees.NoCommission(), {"kind": "none"}
    if pick == 1:
        cost, least = rng.randrange(0, 20) / 1000, rng.choice((0, 0.5, 1, 3))
        return fees.PerShare(cost, least), {"kind": "per_share", "fee": cost, "minimum": least}
    if pick == 2:
        cost, least = rng.randrange(1, 100) / 1000, rng.choice((1, 5, 20))
        return fees.PerShare(cost, least), {"kind": "per_share", "fee": cost, "minimum": least}
    if pick == 3:
        cost = rng.randrange(1, 20) / 2
        return fees.PerTrade(cost), {"kind": "per_order", "fee": cost}
    cost = rng.randrange(1, 40) / 10_000
    return fees.PerDollar(cost), {"kind": "bps", "bps": short(cost * 1e4)}


def future_fees(rng):
    if rng.random() < 0.25:
        cost = rng.randrange(1, 20) / 4
        return fees.PerFutureTrade(cost), {"kind": "per_contract", "fee": 0, "per_order": cost}
    # Their exchange fees are a table by root; 1.18 is that of ES.
    cost, fee = rng.randrange(0, 300) / 100, rng.choice((0, 0.3, "table"))
    least = rng.choice((0, 0, 2, 10))
    theirs = fees.PerContract(cost, fees.FUTURE_EXCHANGE_FEES_BY_SYMBOL if fee == "table" else fee, least)
    per_order = theirs._exchange_fee["ES"]
    return theirs, {"kind": "per_contract", "fee": cost, "per_order": per_order, "minimum": least}


def any_orders(rng, n, count, most):
    times = sorted(rng.randrange(0, n - 2) for _ in range(count))
    orders = [{"at": at, "qty": size(rng, most)} for at in times]
    cancels = [[rng.randrange(at, n - 1), i] for i, at in enumerate(times) if rng.random() < 0.15]
    return orders, cancels


def case(asset, theirs, models, rows, orders, cancels=(), days=(), per=CENTS):
    slippage, (commission, ours) = theirs
    made = run(asset, per, slippage, commission, rows, orders, cancels, days)
    name = "XYZ" if isinstance(asset, Equity) else "ES"
    drawn = {"instrument": name, "per": per, "models": {**models, "commission": ours}, "bars": rows}
    return {**drawn, "orders": orders, **({"cancels": cancels} if cancels else {}), "fills": made}


def equity():
    return Equity(1, EXCHANGE, symbol="XYZ")


def future():
    return Future(2, EXCHANGE, symbol="ESH24", root_symbol="ES")


def at_close(slippage, share=None):
    matching = {} if share is None else {"matching": {"participation": share}}
    return {"fill": {"kind": "next_close"}, "slippage": slippage, **matching}


def on_flat(share):
    """Bars of one price, at whose open whatever the price reaches fills."""
    return {"slippage": {"kind": "none"}, "matching": {"participation": share, "limit": {"kind": "touch"}}}


def spread(rng, zero_volume=0.0):
    """Half a spread worse, all at once."""
    ticks = rng.randrange(0, 9)
    rows = bars(rng, 8, zero_volume=zero_volume)
    orders, cancels = any_orders(rng, 8, rng.randrange(1, 5), 600)
    theirs = costs.FixedSlippage(ticks / 100), equity_fees(rng)
    return case(equity(), theirs, at_close({"kind": "fixed_ticks", "ticks": ticks / 2}), rows, orders, cancels)


def basis_points(rng, shares=(0.025, 0.1, 0.25, 0.5, 1.0), volume=(20, 900)):
    """Basis points worse, and at most a share of each bar."""
    bps, share = rng.randrange(0, 40) / 2, rng.choice(shares)
    rows = bars(rng, 8, flat=True, zero_volume=0.1, volume=volume)
    orders, cancels = any_orders(rng, 8, rng.randrange(1, 5), 250)
    theirs = costs.FixedBasisPointsSlippage(bps, share), equity_fees(rng)
    return case(equity(), theirs, at_close({"kind": "fixed_bps", "bps": bps}, share), rows, orders, cancels)


def volume_share(rng):
    """Worse by the square of the share of the bar, orders of a bar together."""
    share, impact = rng.choice((0.025, 0.1, 0.25, 0.5)), rng.randrange(0, 20) / 20
    asset, charged = (equity(), equity_fees(rng)) if rng.random() < 0.6 else (future(), future_fees(rng))
    rows = bars(rng, 8, flat=True, zero_volume=0.1)
    orders, cancels = any_orders(rng, 8, rng.randrange(1, 5), 250)
    ours = {"kind": "volume_share", "impact": impact, "limit": share}
    theirs = costs.VolumeShareSlippage(share, impact), charged
    return case(asset, theirs, at_close(ours, share), rows, orders, cancels)


def volatility(rng, count=1):
    """Futures: worse by volatility and the root of the share of a day's volume."""
    share, root = rng.choice((0.05, 0.2)), rng.random() < 0.7
    eta = rng.randrange(1, 900) / 10
    slippage = costs.VolatilityVolumeShare(share) if root else costs.VolatilityVolumeShare(share, eta)
    day, days = 100.0, []
    for _ in range(21):
        day *= 1 + rng.uniform(-0.02, 0.02)
        days.append((round(day, 2), rng.randrange(2_000, 90_000)))
    rows = bars(rng, 8, even=True, zero_volume=0.1)
    orders, cancels = any_orders(rng, 8, count, 250)
    # Volatility and volume are the engine's own, of the twenty days before.
    probe = BarsSoFar(QUARTERS, days)
    adv, sigma = costs.VolatilityVolumeShare(share)._get_window_data(probe, future(), 20)
    ours = {"kind": "volatility_volume_share", "sigma": sigma / costs.SQRT_252, "adv": float(adv)}
    ours |= {} if root else {"etas": {}, "eta": eta}
    return case(future(), (slippage, future_fees(rng)), at_close(ours, share), rows, orders, cancels, days, QUARTERS)


def book(rng, slippage=None, kinds=("market", "limit", "stop", "stop_limit"), per=QUARTERS, zero_volume=0.0, near=10):
    """Orders of all kinds on bars of one price, where the close is all that there is to judge them by."""
    share = rng.choice((0.1, 0.25, 0.5))
    rows = bars(rng, 12, flat=True, zero_volume=zero_volume)
    orders, cancels = any_orders(rng, 12, rng.randrange(1, 6), 150)
    for order in orders:
        kind, close = rng.choice(kinds), rows[order["at"]][0]
        if kind in ("stop", "stop_limit"):
            order["trigger"] = close + rng.randrange(-near, near + 1)
        if kind in ("limit", "stop_limit"):
            order["price"] = close + rng.randrange(-near, near + 1)
    slippage = slippage(share) if slippage else costs.VolumeShareSlippage(share, 0.0)
    return case(equity(), (slippage, equity_fees(rng)), on_flat(share), rows, orders, cancels, per=per)


FAMILIES = {
    "spread": (35, spread),
    "basis_points": (50, basis_points),
    "volume_share": (65, volume_share),
    "volatility": (40, volatility),
    "book": (70, book),
    # Known differences; main.rs says which.
    "spread_without_volume": (12, lambda rng: spread(rng, 0.3)),
    "book_without_volume": (20, lambda rng: book(rng, zero_volume=0.3)),
    "share_of_binary_fraction": (12, lambda rng: basis_points(rng, (0.07, 0.14, 0.28, 0.29, 0.57), (100, 301, 100))),
    "volatility_orders_together": (12, lambda rng: volatility(rng, 4)),
    "limit_in_cents": (20, lambda rng: book(rng, kinds=("limit",), per=CENTS, near=2)),
    "limit_in_parts": (12, lambda rng: book(rng, lambda share: costs.FixedBasisPointsSlippage(0, share), ("limit",))),
    "limit_slipped": (12, lambda rng: book(rng, lambda share: costs.FixedBasisPointsSlippage(5, share), ("limit",))),
}
