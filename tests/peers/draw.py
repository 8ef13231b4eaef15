"""Random bars and numbers for the traces; prices are whole ticks."""


def bars(rng, n, flat=False, even=False, zero_volume=0.0, volume=(20, 900)):
    """Rows of `[open, high, low, close, volume]`; even ones close in the middle, flat ones are `[price, volume]`.

    Without a volume to draw from, theirs is left out.
    """
    rows, close = [], rng.randrange(300, 900)
    for _ in range(n):
        opened = close + (rng.randrange(-6, 7) if flat or rng.random() < 0.4 else 0)
        if flat:
            close = opened
        elif even:
            half = rng.randrange(0, 8)
            close = opened + rng.randrange(-half, half + 1)
            high, low = close + half, close - half
        else:
            close = opened + rng.randrange(-8, 9)
            high = max(opened, close) + rng.randrange(0, 6)
            low = min(opened, close) - rng.randrange(0, 6)
        row = [close] if flat else [opened, high, low, close]
        if volume:
            row.append(0 if rng.random() < zero_volume else rng.randrange(*volume))
        rows.append(row)
    return rows


def size(rng, most):
    return rng.choice((-1, 1)) * rng.randrange(1, most + 1)


def short(number):
    """Twelve digits are more than the comparison asks for."""
    number = float(f"{number:.12g}")
    return int(number) if number == int(number) else number
