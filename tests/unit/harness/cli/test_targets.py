"""Prove that a platform enters a run only where it can be asked, and alone pays its model."""

from __future__ import annotations

from typing import Any

import pytest

from harness.bootstrap import ConfigurationError
from harness.cli.targets import targets_of
from harness.cli.wishes import run_options
from tests.unit.harness.cli.test_wishes import GIVEN

NOBODY = "http://127.0.0.1:1"


def entered(**given: Any) -> object:  # noqa: ANN401  # options of any type
    """Enter the platforms of a command line."""
    return targets_of(run_options({**GIVEN, "retries": 0, **given}), (), environ={})


def test_without_targets_nobody_is_asked() -> None:
    """And the oracle stays the usual model; with one it is not."""
    assert entered() == {}
    assert run_options({**GIVEN, "target": [NOBODY]}).models == ()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        pytest.param({"max_cost": 1.0}, "--max-cost has no meaning", id="cost"),
        pytest.param({"max_tokens": 1}, "--max-tokens has no meaning", id="tokens"),
        pytest.param({"record": True}, "--record has no meaning", id="record"),
        pytest.param({"against": "main"}, "--against has no meaning", id="revision"),
        pytest.param({"executor": "celery"}, "--executor celery has no", id="workers"),
        pytest.param({}, "127.0.0.1:1", id="nobody answers there"),
    ],
)
def test_what_has_no_meaning_for_a_platform_is_refused(
    given: dict[str, Any], complaint: str
) -> None:
    """Before any trial."""
    with pytest.raises(ConfigurationError, match=complaint):
        entered(target=[NOBODY], **given)
