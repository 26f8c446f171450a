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
