"""backtrader's broker over random bars and orders: each case is a run of its engine.

A feed that reads a list, and a strategy that sends what was drawn, are all that is made up. Bars are days, so that its
`Close` orders fill at the close of the next bar. Cash is without bounds here: only how orders fill is compared.
"""

import datetime

import backtrader as bt
from draw import bars, short, size

PER = 4
CLOSE = datetime.time(16)
FIRST = datetime.datetime(2024, 1, 2, 16)
KINDS = {
    "market": bt.Order.Market,
    "market_on_close": bt.Order.Close,
    "limit": bt.Order.Limit,
    "stop": bt.Order.Stop,
    "stop_limit": bt.Order.StopLimit,
    "trailing_stop": bt.Order.StopTrail,
}


def time_of(row):
    return FIRST + datetime.timedelta(days=row)


class Bars(bt.feed.DataBase):
    params = (("rows", ()), ("sessionend", CLOSE), ("timeframe", bt.TimeFrame.Days))

    def start(self):
        super().start()
        self.at = 0

    def _load(self):
        if self.at == len(self.p.rows):
            return False
        row = self.p.rows[self.at]
        opened, high, low, close = row[:4] if len(row) > 1 else row * 4
        self.lines.datetime[0] = bt.date2num(time_of(self.at))
        self.lines.open[0], self.lines.high[0] = opened / PER, high / PER
        self.lines.low[0], self.lines.close[0] = low / PER, close / PER
        self.lines.volume[0], self.lines.openinterest[0] = row[4] if len(row) > 4 else 0, 0
        self.at += 1
        return True


class Sender(bt.Strategy):
    params = (("orders", ()), ("cancels", ()))

    def __init__(self):
        self.sent, self.paid, self.filled, self.done = [], {}, [], {}

    def notify_order(self, order):
        at = self.numbers[order.ref]
        # The parts since the last notice; a clone keeps them all.
        for part in list(order.executed.exbits)[self.done.get(at, 0) :]:
            self.done[at] = self.done.get(at, 0) + 1
            row = (bt.num2date(part.dt) - FIRST).days
            fee = part.closedcomm + part.openedcomm
            self.filled.append([row, at, int(part.size), short(part.price), short(fee)])

    @property
    def numbers(self):
        return {order.ref: at for at, order in enumerate(self.sent)}

    def send(self, order, transmit):
        make = self.buy if order["qty"] > 0 else self.sell
        kind, more = order.get("kind", "market"), {}
        price = order.get("trigger", order.get("price"))
        if kind == "trailing_stop":
            more["trailamount"] = order["offset"] / PER
        elif price is not None:
            more["price"] = price / PER
        if kind == "stop_limit":
            more["plimit"] = order["price"] / PER
        if "until" in order:
            more["valid"] = time_of(order["until"])
        if "parent" in order:
            more["parent"] = self.sent[order["parent"]]
        # One group of two: the second names the first.
        elif "oco" in order and order["oco"] != len(self.sent):
            more["oco"] = self.sent[order["oco"]]
        self.sent.append(make(size=abs(order["qty"]), exectype=KINDS[kind], transmit=transmit, **more))

    def next(self):
        row = len(self.data) - 1
        due = [order for order in self.p.orders if order["at"] == row]
        for i, order in enumerate(due):
            # A parent waits for its last child.
            family = i + 1 < len(due) and "parent" in due[i + 1]
            self.send(order, transmit=not family)
        for _, at in (cancel for cancel in self.p.cancels if cancel[0] == row):
            self.cancel(self.sent[at])


def run(rows, orders, cancels=(), setup=lambda broker: None):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(Bars(rows=rows))
    cerebro.addstrategy(Sender, orders=orders, cancels=cancels)
    cerebro.broker.setcash(1e12)
    setup(cerebro.broker)
    return cerebro.run()[0].filled


def charged(rng):
    """How to set a commission there, and the same in our words."""
    if rng.random() < 0.5:
        share = rng.randrange(0, 40) / 10_000
        return {"commission": share}, {"kind": "bps", "bps": short(share * 1e4)}
    fee = rng.randrange(0, 300) / 100
    return {"commission": fee, "margin": 100.0, "mult": 5.0}, {"kind": "per_contract", "fee": fee}


def case(rng, rows, orders, cancels=(), models=None, setup=lambda broker: None):
    theirs, ours = charged(rng)

    def both(broker):
        broker.setcommission(**theirs)
        setup(broker)

    made = run(rows, orders, cancels, both)
    models = {"matching": {"limit": {"kind": "touch"}}, **(models or {}), "commission": ours}
    drawn = {"instrument": "XYZ", "per": PER, "models": models, "bars": rows, "orders": orders}
    return {**drawn, **({"cancels": cancels} if cancels else {}), "fills": made}


def any_orders(rng, rows, count, kinds, most=9, near=12):
    """Orders near the close that their decision saw, oldest first."""
    orders, n = [], len(rows)
    for at in sorted(rng.randrange(0, n - 2) for _ in range(count)):
        order, kind, close = {"at": at, "qty": size(rng, most)}, rng.choice(kinds), rows[at][3]
        if kind != "market":
            order["kind"] = kind
        if kind in ("stop", "stop_limit"):
            order["trigger"] = close + rng.randrange(-near, near + 1)
        if kind in ("limit", "stop_limit"):
            order["price"] = order.get("trigger", close) + rng.randrange(-near, near + 1)
        if kind not in ("market", "market_on_close") and rng.random() < 0.25:
            order["until"] = rng.randrange(at, n)
        orders.append(order)
    # It can't take out an order in the bar that sent it.
    cancels = [[rng.randrange(order["at"] + 1, n), i] for i, order in enumerate(orders) if rng.random() < 0.1]
    return orders, cancels


def book(rng):
    """Orders that do not depend on each other, so that the way of prices inside a bar does not matter."""
    rows = bars(rng, 10, volume=None)
    orders, cancels = any_orders(rng, rows, rng.randrange(1, 8), ("market", "market_on_close", "limit", "stop"))
    return case(rng, rows, orders, cancels)


def stop_limit(rng):
    """The way against the stop first is the nearest to theirs: what the limit needs must come after the stop."""
    buys = rng.random() < 0.5
    rows = bars(rng, 9, volume=None)
    orders, cancels = any_orders(rng, rows, rng.randrange(1, 4), ("stop_limit",), near=4)
    for order in orders:
        order["qty"] = abs(order["qty"]) * (1 if buys else -1)
    path = {"kind": "open_low_high_close" if buys else "open_high_low_close"}
    return case(rng, rows, orders, cancels, {"matching": {"limit": {"kind": "touch"}, "path": path}})


def slipped(rng, out=True):
    """Markets and stops, slipped; `out` lets prices leave the bar, as ours do."""
    rows = bars(rng, 9, volume=None)
    orders, cancels = any_orders(rng, rows, rng.randrange(1, 6), ("market", "stop"))
    ticks, share = rng.randrange(1, 12) / 2, rng.randrange(1, 100) / 10_000
    fixed = rng.random() < 0.5
    ours = {"kind": "fixed_ticks", "ticks": ticks} if fixed else {"kind": "fixed_bps", "bps": short(share * 1e4)}

    def setup(broker):
        if fixed:
            broker.set_slippage_fixed(ticks / PER, slip_out=out)
        else:
            broker.set_slippage_perc(share, slip_out=out)

    return case(rng, rows, orders, cancels, {"slippage": ours}, setup)


def in_parts(rng, kinds=("market", "limit", "market_on_close"), count=1):
    """At most a share of each bar; theirs is for each order, ours for all of them together."""
    percent, rows = rng.choice((5, 10, 29, 50)), bars(rng, 10, volume=(0, 60), zero_volume=0.1)
    orders, cancels = any_orders(rng, rows, count, kinds, most=40, near=8)
    matching = {"limit": {"kind": "touch"}, "participation": percent / 100}

    def setup(broker):
        broker.set_filler(bt.broker.fillers.FixedBarPerc(perc=percent))

    return case(rng, rows, orders, cancels, {"matching": matching}, setup)


def one_cancels_other(rng):
    rows, orders = bars(rng, 9, volume=None), []
    at, qty = rng.randrange(0, 6), size(rng, 9)
    above, below = (rows[at][3] + sign * rng.randrange(2, 10) for sign in (1, -1))
    away = {"kind": "limit", "price": above if qty < 0 else below}
    stop = {"kind": "stop", "trigger": below if qty < 0 else above}
    for leg in rng.sample([away, stop], 2):
        orders.append({"at": at, "qty": qty, "oco": 0, **leg})
    return case(rng, rows, orders)


def bracket(rng):
    rows, orders = bars(rng, 10, volume=None), []
    at, qty = rng.randrange(0, 5), size(rng, 9)
    sign, close = (1 if qty > 0 else -1), rows[at][3]
    entry, price = rng.choice(("market", "limit", "stop")), close
    orders.append({"at": at, "qty": qty})
    if entry != "market":
        price = close + sign * rng.randrange(0, 8) * (-1 if entry == "limit" else 1)
        orders[0] |= {"kind": entry, "price" if entry == "limit" else "trigger": price}
    stop, target = price - sign * rng.randrange(4, 20), price + sign * rng.randrange(4, 20)
    orders.append({"at": at, "qty": -qty, "parent": 0, "oco": 1, "kind": "stop", "trigger": stop})
    orders.append({"at": at, "qty": -qty, "parent": 0, "oco": 1, "kind": "limit", "price": target})
    return case(rng, rows, orders)


def trailing(rng):
    """Theirs follow closes; on bars of one price so do ours."""
    rows = bars(rng, 12, flat=True, volume=None)
    orders = [{"at": rng.randrange(0, 4), "qty": size(rng, 9), "kind": "trailing_stop", "offset": rng.randrange(3, 20)}]
    return case(rng, rows, orders)


FAMILIES = {
    "book": (80, book),
    "slipped": (40, slipped),
    "in_parts": (40, in_parts),
    # With known differences; main.rs says which.
    "stop_limit": (40, stop_limit),
    "one_cancels_other": (40, one_cancels_other),
    "bracket": (50, bracket),
    "trailing": (24, trailing),
    "slipped_within_the_bar": (24, lambda rng: slipped(rng, out=False)),
    "stop_in_parts": (16, lambda rng: in_parts(rng, ("stop",))),
    "in_parts_together": (16, lambda rng: in_parts(rng, count=4)),
}
