"""Spell figures the way every report shows them."""

from __future__ import annotations

MICROS = 1_000_000
CENT_MICROS = 10_000
MINUTE_S = 60
UNKNOWN = "n/a"
SMALLEST_P = 0.001
MINUS = "\u2212"


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal.

    >>> percent(0.8166), percent(None)
    ('81.7%', 'n/a')
    """
    return UNKNOWN if share is None else f"{share:.1%}"


def interval(bounds: tuple[float, float] | None) -> str:
    """Return both ends of an interval as percentages.

    >>> interval((0.5, 0.75))
    '50.0 to 75.0%'
    """
    return UNKNOWN if bounds is None else f"{bounds[0] * 100:.1f} to {bounds[1] * 100:.1f}%"


def points(change: float | None) -> str:
    """Return a difference of two shares in percentage points, with its sign.

    >>> points(-0.0216), points(0.0), points(None)
    ('\u22122.2', '0.0', 'n/a')
    """
    if change is None:
        return UNKNOWN
    text = f"{change * 100:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text.replace("-", MINUS)


def points_interval(bounds: tuple[float, float] | None) -> str:
    """Return both ends of a difference in percentage points.

    >>> points_interval((-0.051, 0.004))
    '\u22125.1 to +0.4'
    """
    return UNKNOWN if bounds is None else f"{points(bounds[0])} to {points(bounds[1])}"


def p_value(p: float | None) -> str:
    """Return a p-value as people read it.

    >>> p_value(0.0312), p_value(0.00004), p_value(1.0), p_value(None)
    ('p 0.031', 'p < 0.001', 'p 1', 'n/a')
    """
    if p is None:
        return UNKNOWN
    return "p < 0.001" if p < SMALLEST_P else f"p {p:.2g}"


def dollars(micros: int | None) -> str:
    """Return a cost; four decimals below a cent, and `unknown` rather than zero without a price.

    >>> dollars(1_234_000), dollars(1_200), dollars(0), dollars(None)
    ('$1.23', '$0.0012', '$0', 'unknown')
    """
    if micros is None:
        return "unknown"
    if not micros:
        return "$0"
    return f"${micros / MICROS:,.{2 if micros >= CENT_MICROS else 4}f}"


def duration(seconds: float | None) -> str:
    """Return a span in the unit that people would say.

    >>> duration(0.0421), duration(1.5), duration(125), duration(None)
    ('42 ms', '1.50 s', '2 min 5 s', 'n/a')
    """
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < MINUTE_S:
        return f"{seconds:.2f} s"
    return f"{seconds // MINUTE_S:.0f} min {seconds % MINUTE_S:.0f} s"


def count(number: int) -> str:
    """Return a whole number with separated thousands.

    >>> count(12345)
    '12,345'
    """
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> plural(1, "trial"), plural(2000, "trial")
    ('1 trial', '2,000 trials')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shortened(text: str, *, most: int) -> str:
    """Return a text cut to `most` characters, saying how many are missing.

    >>> shortened("abcdef", most=4)
    'abcd … (2 more characters)'
    """
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[:most]} … ({left_out:,} more characters)"
