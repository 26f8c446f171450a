"""An organization's log is read, proven and exported over HTTP, by those who may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.audit_verifier import main as verify
from runtime.domain.audit_leaf import leaf_of_header
from runtime.domain.merkle import verify_consistency, verify_inclusion
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import moved
from tests.audit_site import AuditSite


async def kinds(site: AuditSite, query: str = "") -> list[str]:
    """Return the kinds of records that a list shows."""
    return [item["kind"] for item in (await site.read(f"/records{query}"))["items"]]


async def test_records_stand_in_their_order_and_say_what_was_done(site: AuditSite) -> None:
    """From the first one on, numbered without gaps, opened."""
    project = await site.app.project(site.owner)
    await site.number()

    items = (await site.read("/records"))["items"]

    assert [item["sequence"] for item in items] == list(range(len(items)))
    executed = next(item for item in items if item["kind"] == "plan.executed")
    assert executed["project"] == project["id"]
    assert executed["principal"] == site.owner.member
    assert executed["readable"] == "readable"
    assert executed["document"]["status"] == "done"


async def test_pages_follow_one_another_without_gaps(site: AuditSite) -> None:
    """However small they are."""
    await site.app.project(site.owner)
    await site.number()
    page = await site.read("/records?limit=2")
    found = [item["sequence"] for item in page["items"]]
    while page["next_cursor"] is not None:
        page = await site.read(f"/records?limit=2&cursor={page['next_cursor']}")
        found += [item["sequence"] for item in page["items"]]

    assert found == list(range(len(found)))
    assert len(found) > 3


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("since=0001-01-01T00:00:00Z", id="the first instant there is"),
        pytest.param("since=0001-01-01T00:00:00%2B14:00", id="before it, in UTC"),
        pytest.param("since=9999-12-31T23:59:59-14:00", id="behind the last one, in UTC"),
        pytest.param("until=9999-12-31T23:59:59-14:00", id="until then"),
    ],
)
async def test_an_instant_without_a_date_somewhere_is_refused(site: AuditSite, query: str) -> None:
    """It is no fault of the platform; the answer says what is expected."""
    answer = await site.call("GET", f"/records?{query}")

    assert (answer.status, b"expected 2 to 9998" in answer.body) == (422, True)


async def test_filters_let_through_what_they_name(site: AuditSite) -> None:
    """Kind, principal, project and time, each on its own and together."""
    first, second = await site.app.project(site.owner), await site.app.project(site.owner)
    colleague = await site.app.colleague(site.owner)
    await site.app.made(
        "/v1/projects", {"name": "c", "environment": "counter"}, token=colleague.token
    )
    await site.number()
    at = (await site.read("/records"))["items"][-1]["at"]

    assert set(await kinds(site, "?kind=plan.executed")) == {"plan.executed"}
    own = await site.read(f"/records?principal={colleague.member}&kind=project.created")
    assert [item["principal"] for item in own["items"]] == [colleague.member]
    of_first = await site.read(f"/records?project={first['id']}")
    assert {item["project"] for item in of_first["items"]} == {first["id"]}
    assert second["id"] not in canonical_text(of_first)
    assert len(await kinds(site, f"?since={at}")) == 1
    assert len(await kinds(site, f"?until={at}")) == len(await kinds(site)) - 1


async def test_an_instant_without_a_zone_is_refused(site: AuditSite) -> None:
    """Nobody could tell which instant it is."""
    answer = await site.call("GET", "/records?since=2026-01-01T00:00:00")

    assert (answer.status, answer.code) == (422, "request_invalid")


async def test_a_record_proves_that_the_newest_head_covers_it(site: AuditSite) -> None:
    """Each of them, to whoever recomputes it from the header."""
    await site.app.project(site.owner)
    await site.number()
    items = (await site.read("/records"))["items"]
    for item in items:
        record = await site.read(f"/records/{item['id']}")
        proof = record["proof"]
        leaf = leaf_of_header(record["header"])
        path = [bytes.fromhex(text) for text in proof["path"]]
        root = bytes.fromhex(proof["head"]["root"])

        assert leaf.hex() == record["hash"]
        assert verify_inclusion(
            leaf, index=proof["index"], size=proof["head"]["size"], proof=path, root=root
        )


async def test_there_is_no_newest_head_before_the_first(site: AuditSite) -> None:
    """Nor one that proves nothing."""
    latest = await site.call("GET", "/heads/latest")

    assert (latest.status, latest.code) == (404, "not_found")


async def test_heads_go_on_from_one_another(site: AuditSite) -> None:
    """Each two of them, by a proof that whoever kept the first one can check."""
    for _ in range(3):
        await site.app.project(site.owner)
        await site.number()
    heads = (await site.read("/heads"))["items"]
    latest = await site.read("/heads/latest")
    first, second = heads[0], heads[-1]
    proof = await site.read(f"/proofs/consistency?first={first['size']}&second={second['size']}")

    assert [head["size"] for head in heads] == sorted({head["size"] for head in heads})
    assert {**latest, "anchors": None} == {**second, "anchors": None}
    assert (proof["first_head"], proof["second_head"]) == (first, second)
    assert verify_consistency(
        first["size"],
        second["size"],
        first_root=bytes.fromhex(first["root"]),
        second_root=bytes.fromhex(second["root"]),
        proof=[bytes.fromhex(text) for text in proof["path"]],
    )


async def test_no_proof_of_sizes_that_the_log_never_had(site: AuditSite) -> None:
    """Nor of a larger one before a smaller one."""
    await site.number()

    beyond = await site.call("GET", "/proofs/consistency?first=1&second=1000")
    backwards = await site.call("GET", "/proofs/consistency?first=2&second=1")

    assert (beyond.status, beyond.code) == (404, "not_found")
    assert (backwards.status, backwards.code) == (422, "request_invalid")


async def test_an_export_is_good_to_whoever_verifies_it(site: AuditSite, tmp_path: Path) -> None:
    """All leaves, heads and keys, over several heads; and it is a record itself."""
    for _ in range(2):
        await site.app.project(site.owner)
        await site.number()
    answer = await site.call("GET", "/export")
    file = tmp_path / "log.ndjson"
    file.write_bytes(answer.body)
    first = (await site.read("/keys"))["items"][0]

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert verify([str(file), "--key", first["public_key"], "--replay"]) == 0
    await site.number()
    assert (await kinds(site))[-1] == "audit.exported"


async def test_a_log_without_a_head_is_exported_as_empty(site: AuditSite) -> None:
    """What nobody signed proves nothing."""
    lines = await site.export()

    assert [sorted(line) for line in lines] == [
        ["exported_at", "format", "keys", "organization", "size"],
        ["end", "heads"],
    ]
    assert lines[0]["size"] == 0


async def test_a_leaf_that_was_altered_says_so_and_others_are_read(site: AuditSite) -> None:
    """Whoever owns the database hides nothing by it."""
    await site.app.project(site.owner)
    await site.number()
    await site.change("update audit_leaves set payload = 'AAAA' || payload where sequence = 1")

    items = (await site.read("/records"))["items"]

    assert [item["readable"] for item in items].count("altered") == 1
    assert (items[1]["readable"], items[1]["document"]) == ("altered", None)


async def test_what_people_write_comes_out_as_canonical_json(site: AuditSite) -> None:
    """Newlines, escapes of terminals and markup stay inside of one text of one line (U7)."""
    hostile = 'a"}\n{"end":0,"heads":0}\n\x1b[2J<script>\u202e'
    wish: JsonObject = {"name": "case", "reason": "r", "subject": None}
    answer = await site.call("POST", "/holds", {**wish, "reason": hostile})
    assert answer.status == 200, answer.body
    await site.app.call(
        "GET", "/v1/audit/holds?limit=1", token=(await site.auditor()).token
    )  # whose refusal has a path that they chose
    await site.number()
    exported = (await site.call("GET", "/export")).body

    lines = exported.decode().splitlines()
    assert [canonical_text(json.loads(line)) for line in lines] == lines
    assert "\x1b" not in exported.decode()
    assert len(lines) == json.loads(lines[0])["size"] + json.loads(lines[-1])["heads"] + 2


async def test_simulations_are_on_record_with_what_came_of_them(site: AuditSite) -> None:
    """One each, though they change nothing."""
    project = await site.app.project(site.owner)
    path = f"/v1/projects/{project['id']}/plans:simulate"
    for by in (1, 2):
        await site.app.call("POST", path, moved(by), token=site.owner.token)
    await site.number()

    found = (await site.read("/records?kind=plan.simulated"))["items"]

    assert [item["document"]["status"] for item in found] == ["done", "done"]
    assert {item["project"] for item in found} == {project["id"]}
