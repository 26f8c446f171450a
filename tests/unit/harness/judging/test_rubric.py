"""A rubric covers every score, and its digest changes with what changes a verdict."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from runtime.public import JsonValue
from tests.unit.harness.judging.builders import a_rubric


@pytest.mark.parametrize(
    ("low", "high"),
    [
        pytest.param([0, 5], [7, 10], id="a gap"),
        pytest.param([0, 7], [7, 10], id="an overlap"),
        pytest.param([7, 10], [0, 6], id="out of order"),
        pytest.param([0, 6], [7, 11], id="beyond ten"),
    ],
)
def test_bands_cover_each_score_once(low: list[int], high: list[int]) -> None:
    """A judge must know what each score means."""
    bands = [{"scores": scores, "means": "it means something"} for scores in (low, high)]

    with pytest.raises(ValidationError, match="expected each score from 0 to 10 once"):
        a_rubric(bands=bands)


@pytest.mark.parametrize(
    ("field", "value", "changes"),
    [
        ("steps", ["Read it twice."], True),
        ("good_from", 6, True),
        ("judges", ["decline"], True),
        ("demanded", 0.5, False),
    ],
)
def test_the_digest_follows_what_changes_a_verdict(
    field: str, value: JsonValue, *, changes: bool
) -> None:
    """What a gate demands does not change what the judge says."""
    assert (a_rubric(**{field: value}).digest != a_rubric().digest) is changes


def test_good_begins_at_the_bar() -> None:
    """The bar itself is good."""
    assert a_rubric().good(7)
    assert not a_rubric().good(6)
