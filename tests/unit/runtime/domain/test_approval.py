"""A consent covers exactly what the person saw."""

from datetime import timedelta

import pytest

from runtime.domain.approval import ConsentKind, may_approve
from runtime.kit.json_value import JsonObject
from tests.builders import NOW, REVISION, a_consent

APPROVAL, CONFIRMATION = ConsentKind.APPROVAL, ConsentKind.CONFIRMATION


@pytest.mark.parametrize(
    ("change", "kind", "covered"),
    [
        pytest.param({}, APPROVAL, True, id="an approval by another"),
        pytest.param({"granted_by": "ann"}, APPROVAL, False, id="nobody approves their own"),
        pytest.param({"kind": CONFIRMATION, "granted_by": "ann"}, CONFIRMATION, True, id="own"),
        pytest.param({"kind": CONFIRMATION}, CONFIRMATION, False, id="nobody confirms another's"),
        pytest.param({}, CONFIRMATION, False, id="an approval is no confirmation"),
        pytest.param({"kind": CONFIRMATION}, APPROVAL, False, id="nor the other way round"),
        pytest.param({"plan_digest": "sha256:other"}, APPROVAL, False, id="another plan"),
        pytest.param({"requester": "dan"}, APPROVAL, False, id="another requester"),
        pytest.param({"policy_revision": "rules-0"}, APPROVAL, False, id="another policy"),
        pytest.param({"expires_at": NOW}, APPROVAL, False, id="expired this instant"),
        pytest.param(
            {"expires_at": NOW + timedelta(microseconds=1)}, APPROVAL, True, id="about to expire"
        ),
    ],
)
def test_a_consent_covers(change: JsonObject, kind: ConsentKind, *, covered: bool) -> None:
    """Every binding must hold at once."""
    consent = a_consent(**change)

    answer = consent.covers(
        kind, plan_digest="sha256:plan", requester="ann", revision=REVISION, now=NOW
    )

    assert answer is covered


@pytest.mark.parametrize(
    ("role", "roles", "may"),
    [
        pytest.param(None, ("admin",), True, id="who administers"),
        pytest.param(None, ("owner",), True, id="who owns the organization"),
        pytest.param(None, ("operator", "finance"), False, id="who does neither"),
        pytest.param("finance", ("operator", "finance"), True, id="the role"),
        pytest.param("finance", ("owner", "admin"), False, id="no owner of an environment's role"),
        pytest.param("admin", ("owner",), True, id="an owner has every role of the platform"),
        pytest.param("admin", ("operator",), False, id="another role"),
        pytest.param(None, (), False, id="who left"),
    ],
)
def test_who_may_approve(role: str | None, roles: tuple[str, ...], *, may: bool) -> None:
    """The role that is asked for, or administering the project where none is."""
    assert may_approve(role, roles) is may
