"""Check how figures are spelled."""

import pytest

from harness.reporting import wording


@pytest.mark.parametrize(
    ("micros", "spelled"),
    [
        pytest.param(None, "unknown", id="no price"),
        pytest.param(0, "$0", id="free"),
        pytest.param(9_999, "$0.0100", id="below a cent"),
        pytest.param(10_000, "$0.01", id="a cent"),
        pytest.param(1_234_567_890, "$1,234.57", id="thousands"),
    ],
)
def test_a_cost_without_a_price_is_never_zero(micros: int | None, spelled: str) -> None:
    """Costs keep their cents, and an unknown one says so."""
    assert wording.dollars(micros) == spelled


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [
        pytest.param(None, "n/a", id="unknown"),
        pytest.param(0.25, "250 ms", id="below a second"),
        pytest.param(1, "1.00 s", id="a second"),
        pytest.param(59.5, "59.50 s", id="below a minute"),
        pytest.param(60, "1 min 0 s", id="a minute"),
    ],
)
def test_a_span_has_the_unit_that_fits(seconds: float | None, spelled: str) -> None:
    """Spans are milliseconds, seconds or minutes."""
    assert wording.duration(seconds) == spelled


def test_unknown_shares_are_not_numbers() -> None:
    """A rate without trials is not 0 %."""
    assert (wording.percent(None), wording.interval(None)) == ("n/a", "n/a")


@pytest.mark.parametrize(
    ("number", "spelled"),
    [
        pytest.param(0, "0 trials", id="none"),
        pytest.param(1, "1 trial", id="one"),
        pytest.param(1200, "1,200 trials", id="many"),
    ],
)
def test_a_number_agrees_with_its_noun(number: int, spelled: str) -> None:
    """Only one is singular."""
    assert wording.plural(number, "trial") == spelled


def test_a_cut_text_says_how_much_is_missing() -> None:
    """Nothing disappears silently."""
    assert wording.shortened("a" * 12, most=10) == "a" * 10 + " … (2 more characters)"
    assert wording.shortened("a" * 10, most=10) == "a" * 10


@pytest.mark.parametrize(
    ("change", "spelled"),
    [
        pytest.param(None, "n/a", id="unknown"),
        pytest.param(0.0004, "0.0", id="nothing to one digit"),
        pytest.param(-0.0004, "0.0", id="nothing below zero"),
        pytest.param(0.102, "+10.2", id="gain"),
        pytest.param(-0.0216, "\u22122.2", id="loss"),
    ],
)
def test_a_change_has_its_sign(change: float | None, spelled: str) -> None:
    """A loss is no dash that could be missed, and nothing has no sign."""
    assert wording.points(change) == spelled


def test_both_ends_of_a_change_have_their_signs() -> None:
    """An interval around zero is seen to be one."""
    assert wording.points_interval((-0.01, 0.02)) == "\u22121.0 to +2.0"
    assert wording.points_interval(None) == "n/a"


@pytest.mark.parametrize(
    ("p", "spelled"),
    [
        pytest.param(None, "n/a", id="unknown"),
        pytest.param(0.0009, "p < 0.001", id="tiny"),
        pytest.param(0.001, "p 0.001", id="a thousandth"),
        pytest.param(1.0, "p 1", id="one"),
    ],
)
def test_small_p_values_are_bounds(p: float | None, spelled: str) -> None:
    """Nobody reads the sixth digit."""
    assert wording.p_value(p) == spelled
