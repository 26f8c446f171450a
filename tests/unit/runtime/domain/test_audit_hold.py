"""What can be held or erased is named by an id."""

from __future__ import annotations

import pytest

from runtime.domain.audit_hold import may_be_subject
from tests.audit_keys import EVE


@pytest.mark.parametrize(
    ("subject", "may"),
    [
        pytest.param(EVE, True, id="a member"),
        pytest.param("platform", True, id="the platform"),
        pytest.param("", False, id="nothing"),
        pytest.param("a" * 65, False, id="long"),
        pytest.param("a\0", False, id="a zero byte"),
        pytest.param(f"{EVE}\n", False, id="a line end"),
    ],
)
def test_a_subject_has_the_shape_of_an_id(subject: str, *, may: bool) -> None:
    """A person's name would be what an erasure is to remove."""
    assert may_be_subject(subject) is may
