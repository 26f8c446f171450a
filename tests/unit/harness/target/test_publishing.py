"""A verdict is brought for each model and environment that it is of."""

from __future__ import annotations

import orjson
import pytest
from yarl import URL

from harness.target.link import Link
from harness.target.publishing import Published, published
from runtime.public import JsonObject, ModelError, ModelFault, Patience
from tests.gate_reports import ENVIRONMENT, MODEL, OTHER_MODEL, a_report
from tests.servers.scripted_api import HANG_UP, Scripted, ScriptedApi, scripted_api


def answer(document: JsonObject, *, status: int = 200) -> Scripted:
    """Answer with a document, and close the connection as is said."""
    return Scripted(status=status, body=orjson.dumps(document), headers={"Connection": "close"})


ORGANIZATION = "org_01KDVDNA00ADB7E3Q4XN5M6WZT"
ME = answer({"organization": {"id": ORGANIZATION, "name": "o"}, "member": {}})
TOKEN = "a-token-of-enough-characters"  # noqa: S105  # the example itself


def gate(number: int, *, passed: bool = True) -> Scripted:
    """Answer with a gate."""
    return answer({"id": f"gat_{number}", "passed": passed, "model": "m"}, status=201)


async def brought(api: ScriptedApi, *, retries: int = 0) -> tuple[Published, ...]:
    """Bring a report of two models."""

    async def wait(_: float) -> None:
        """Wait for nothing."""

    link = Link(URL(api.url), name="platform", token=TOKEN, timeout_s=5)
    try:
        return await published(
            link,
            a_report(models=(MODEL, OTHER_MODEL)),
            patience=Patience(retries=retries, sleep=wait),
        )
    finally:
        await link.close()


async def test_each_model_gets_its_gate() -> None:
    """In the organization that the token belongs to."""
    with scripted_api([ME, gate(1), gate(2, passed=False)]) as api:
        found = await brought(api)

    assert found == (
        Published(model=MODEL, environment=ENVIRONMENT, gate="gat_1", passed=True),
        Published(model=OTHER_MODEL, environment=ENVIRONMENT, gate="gat_2", passed=False),
    )
    assert [item.target for item in api.asked] == [
        "/v1/me",
        *[f"/v1/organizations/{ORGANIZATION}/gates"] * 2,
    ]
    assert api.asked[1].headers["authorization"] == f"Bearer {TOKEN}"
    assert api.asked[1].json["model"] == MODEL
    assert orjson.loads(api.asked[1].body)["report"]["digest"].startswith("sha256:")


async def test_what_broke_off_is_brought_again() -> None:
    """The platform takes the same report as the same gate."""
    with scripted_api([ME, HANG_UP, gate(1), gate(2)]) as api:
        found = await brought(api, retries=1)

    assert len(found) == 2


async def test_a_refusal_is_told() -> None:
    """With what the platform says of it."""
    refusal = answer({"code": "gate_report_refused", "detail": "too old"}, status=422)
    with scripted_api([ME, refusal]) as api, pytest.raises(ModelError, match="too old"):
        await brought(api)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(answer({"organization": {"id": "../../tokens"}}), id="an organization's id"),
        pytest.param(Scripted(body=b"<html>"), id="no JSON"),
    ],
)
async def test_what_no_platform_says_is_not_followed(said: Scripted) -> None:
    """Nothing of it becomes a part of an address."""
    with scripted_api([said]) as api, pytest.raises(ModelError) as caught:
        await brought(api)

    assert caught.value.fault is ModelFault.MALFORMED
    assert len(api.asked) == 1
