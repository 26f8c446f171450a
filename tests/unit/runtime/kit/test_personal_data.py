"""What is somebody's by its form is taken out of a text; what only looks like a number stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.kit.personal_data import REMOVED, without_personal_data


@pytest.mark.parametrize(
    "personal",
    [
        "ada@example.org",
        "Ada.Lovelace+x@mail.example.co.uk",
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "123-45-6789",
        "192.168.1.20",
        "+49 30 123456",
        "(030) 123-4567",
        "+1 (415) 555-2671",
        "4111 1111 1111 1111",
        "4111111111111111",
        "5500-0000-0000-0004",
    ],
)
def test_what_is_personal_is_removed(personal: str) -> None:
    """Wherever it stands in a sentence."""
    assert without_personal_data(f"see {personal}, please") == f"see {REMOVED}, please"
    assert without_personal_data(personal) == REMOVED


@pytest.mark.parametrize(
    "plain",
    [
        "set it to 3",
        "order 20261130",
        "ticket 4111111111111112",
        "on 2026-11-30",
        "at 2026-11-30 12",
        "1234567",
        "version 1.2.3",
        "prj_01KDVDNA000000000000000001",
        "cost_micros 1500000",
        "furnace_12 at 950.5 degrees",
    ],
)
def test_what_is_nobodys_stays(plain: str) -> None:
    """Numbers, dates, versions and ids."""
    assert without_personal_data(plain) == plain


@given(st.text(alphabet=st.sampled_from("a1 @.-+()DE4[]")))
def test_removing_twice_is_removing_once(text: str) -> None:
    """What is left makes no new match."""
    once = without_personal_data(text)

    assert without_personal_data(once) == once
