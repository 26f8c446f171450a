"""Owners say how records are kept: strict mode, retention, holds, erasures."""

from __future__ import annotations

import pytest

from runtime.kit.json_value import JsonObject
from tests.audit_site import AuditSite

HOLD: JsonObject = {"name": "a case", "reason": "a court asks for it"}


async def test_settings_are_nothing_at_first_and_what_was_put_then(site: AuditSite) -> None:
    """With the record of what they were before."""
    before = await site.read("/settings")
    put = await site.call("PUT", "/settings", {"strict": False, "keep_days": 400})
    await site.number()
    record = (await site.read("/records?kind=audit.settings_changed"))["items"][0]

    assert before == {"strict": False, "strict_since": None, "keep_days": None}
    assert put.json == {**before, "keep_days": 400} == await site.read("/settings")
    assert record["document"]["before"] == before
    assert record["document"]["keep_days"] == 400


@pytest.mark.parametrize("days", [0, -1, 36_501, 1.5])
async def test_days_beyond_all_reason_are_refused(site: AuditSite, days: object) -> None:
    """One day at least, a hundred years at most."""
    answer = await site.call("PUT", "/settings", {"strict": False, "keep_days": days})

    assert (answer.status, answer.code) == (422, "request_invalid")


async def test_nothing_is_strict_without_an_immutable_sink(site: AuditSite) -> None:
    """Else nothing could be executed any more."""
    answer = await site.call("PUT", "/settings", {"strict": True, "keep_days": None})

    assert (answer.status, answer.code) == (409, "wrong_time")
    assert (await site.read("/settings"))["strict"] is False


async def test_a_hold_keeps_from_erasure_until_it_is_released(site: AuditSite) -> None:
    """Then nobody reads the subject's records any more, and all proofs still hold."""
    colleague = await site.app.colleague(site.owner)
    await site.app.made(
        "/v1/projects", {"name": "c", "environment": "counter"}, token=colleague.token
    )
    await site.number()
    hold = await site.call("POST", "/holds", {**HOLD, "subject": colleague.member})
    wish = {"subject": colleague.member, "confirm": colleague.member}
    held = await site.call("POST", "/erasures", wish)
    released = await site.call("POST", f"/holds/{hold.json['id']}:release")
    erased = await site.call("POST", "/erasures", wish)
    await site.number()

    found = (await site.read(f"/records?principal={colleague.member}"))["items"]
    record = await site.read(f"/records/{found[0]['id']}")

    assert (held.status, held.code) == (409, "wrong_time")
    assert released.json["released_at"] is not None
    assert (erased.status, erased.json["keys"]) == (200, 1)
    assert {item["readable"] for item in found} == {"erased"}
    assert record["document"] is None
    assert record["salt"] is None
    assert record["proof"] is not None
    assert colleague.member not in str((await site.export())[-1])


async def test_an_erasure_is_confirmed_by_the_subject_once_more(site: AuditSite) -> None:
    """It can't be undone."""
    answer = await site.call(
        "POST", "/erasures", {"subject": site.owner.member, "confirm": "mem_another"}
    )

    assert (answer.status, answer.code) == (422, "not_confirmed")


async def test_holds_are_listed_in_the_order_they_were_placed(site: AuditSite) -> None:
    """Page by page, those that were released too."""
    for number in range(3):
        await site.call("POST", "/holds", {**HOLD, "name": f"case {number}"})

    page = await site.read("/holds?limit=2")
    rest = await site.read(f"/holds?limit=2&cursor={page['next_cursor']}")

    names = [item["name"] for item in (*page["items"], *rest["items"])]
    assert names == ["case 0", "case 1", "case 2"]
