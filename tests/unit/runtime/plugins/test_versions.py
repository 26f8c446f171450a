"""Contracts are compared by metadata: two minors back are kept, majors are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.plugins.versions import BEFORE_RANGES, CURRENT, ContractVersion, contract_problem

LATER = ContractVersion(major=1, minor=4)


@pytest.mark.parametrize(
    "stated",
    [
        pytest.param("1.4", id="this one"),
        pytest.param("1.2", id="two minors back"),
        pytest.param("1.0:1.2", id="a range that ends two minors back"),
        pytest.param("1.4:1.9", id="a range that begins here"),
        pytest.param(" 1.3 : 1.3 ", id="with blanks"),
        pytest.param("1.0:2.0", id="a range around it"),
    ],
)
def test_a_kept_contract_is_fine(stated: str) -> None:
    """A plugin that was written for one of the kept contracts is served."""
    assert contract_problem(stated, here=LATER) is None


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        pytest.param("1.1", "written for contract 1.1; this is 1.4, which keeps 1.2", id="older"),
        pytest.param("1.0:1.1", "contract 1.0 to 1.1; this is 1.4", id="a range before"),
        pytest.param("1.5", "written for contract 1.5; this is 1.4", id="newer"),
        pytest.param("2.0", "written for contract 2.0", id="the next major"),
        pytest.param("0.9", "written for contract 0.9", id="the major before"),
        pytest.param("1.3:1.2", "end with 1.2 and begin with 1.3", id="the wrong way round"),
        pytest.param("latest", "'latest', expected FIRST:LAST", id="no version"),
        pytest.param("1.4:", "'1.4:', expected", id="half a range"),
        pytest.param("1." + "9" * 40, "expected FIRST:LAST", id="a number without end"),
    ],
)
def test_another_contract_is_refused(stated: str, problem: str) -> None:
    """The reason says what it was written for and what holds here."""
    assert problem in (contract_problem(stated, here=LATER) or "")


def test_what_names_no_contract_is_from_before_ranges() -> None:
    """Such plugins are served for as long as contract 1.1 is kept."""
    assert contract_problem(BEFORE_RANGES, here=CURRENT) is None
    assert contract_problem(BEFORE_RANGES, here=ContractVersion(major=1, minor=3)) is None
    assert contract_problem(BEFORE_RANGES, here=LATER) is not None


@given(first=st.integers(0, 9), span=st.integers(0, 9), here=st.integers(0, 9))
def test_ranges_meet_or_are_refused(first: int, span: int, here: int) -> None:
    """A range is fine exactly when it and the kept contracts have one in common."""
    kept = set(range(max(0, here - 2), here + 1))
    meets = bool(kept & set(range(first, first + span + 1)))

    found = contract_problem(
        f"1.{first}:1.{first + span}", here=ContractVersion(major=1, minor=here)
    )

    assert (found is None) is meets
