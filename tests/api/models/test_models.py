"""How models are asked is kept over HTTP, in versions; what they cost is told."""

from __future__ import annotations

import pytest

from tests.api.models.conftest import Site

WHERE = pytest.mark.parametrize("where", ["organization", "project"])
SETTINGS = {"models": ["plangate/keyword"], "daily_tokens": 1_000, "keeps": "nothing"}


@WHERE
async def test_settings_are_read_as_they_were_set(site: Site, where: str) -> None:
    """With an ETag of their version."""
    before = await site.get(where)
    put = await site.put(where, SETTINGS, headers={"If-Match": before.headers["etag"]})
    after = await site.get(where)

    assert (before.status, before.json["version"], before.json["asked"]) == (200, 0, [])
    assert before.headers["etag"] == '"0"'
    assert (put.status, put.json) == (200, after.json)
    assert after.headers["etag"] == '"1"'
    assert {**after.json, **SETTINGS} == after.json
    assert after.json["asked"] == ["plangate/keyword"]
    assert after.json["set_by"] == site.owner.member


@WHERE
async def test_others_than_those_that_were_read_are_not_replaced(site: Site, where: str) -> None:
    """Somebody was quicker."""
    await site.put(where, SETTINGS)

    late = await site.put(where, {}, headers={"If-Match": '"0"'})

    assert (late.status, late.json["code"]) == (412, "version_mismatch")
    assert (await site.get(where)).json["version"] == 1


@WHERE
@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"models": ["openai/gpt-4o"]}, "model_use_refused"),
        ({"models": ["openai/x?api_base=http://169.254.169.254/v1"]}, "model_use_refused"),
        ({"models": ["plangate/keyword"], "confirmed": True}, "request_invalid"),
        ({"timeout_s": 1_000}, "request_invalid"),
        ({"keeps": "some"}, "request_invalid"),
        ({"daily_tokens": "1000"}, "request_invalid"),
    ],
)
async def test_what_can_not_be_used_is_refused(
    site: Site, where: str, document: dict[str, object], code: str
) -> None:
    """With what is wrong; nothing is set."""
    refused = await site.put(where, document)

    assert (refused.status, refused.json["code"]) == (422, code)
    assert (await site.get(where)).json["version"] == 0


@WHERE
async def test_a_member_reads_and_changes_nothing(site: Site, where: str) -> None:
    """It takes an owner, or an admin of the project."""
    assert (await site.get(where, site.member)).status == 200
    assert (await site.put(where, SETTINGS, site.member)).status == 403


@WHERE
async def test_another_organization_finds_nothing(site: Site, where: str) -> None:
    """As if there were none."""
    other = await site.app.found()

    assert (await site.get(where, other)).status == 404
    assert (await site.get(where, other, verb=":usage")).status == 404
    assert (await site.put(where, SETTINGS, other)).status == 404


@WHERE
async def test_usage_is_told_by_budget(site: Site, where: str) -> None:
    """Nothing was used yet; the limit stands beside it."""
    await site.put(where, SETTINGS)

    usage = await site.get(where, verb=":usage")

    assert usage.status == 200
    whole, _, own, *_ = usage.json["budgets"]
    assert whole == {
        "scope": where,
        "subject": None if where == "organization" else site.project,
        "measure": "tokens",
        "used": 0,
        "reserved": 0,
        "limit": 1_000,
        "resets_at": whole["resets_at"],
    }
    assert whole["resets_at"].endswith("T00:00:00Z")
    assert (own["scope"], own["subject"]) == ("member", site.owner.member)
