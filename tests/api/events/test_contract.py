"""Whatever the platform does, its events say what the catalogue says they do."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import jsonschema_rs
import pytest_asyncio
from pydantic import ValidationError

from runtime.domain.approval_request import ApprovalStatus
from runtime.domain.event_catalogue import EVENT_TYPES
from runtime.domain.event_type import Reach
from runtime.kit.canonical_json import canonical_text, parse
from tests.abuse.execution.real_app import OPERATOR, RealApp, real_app
from tests.abuse.execution.wishes import WISHES
from tests.database import DatabaseUrls, session

ROOT: Final = Path(__file__).parents[3]
WORDED: Final = frozenset({"chat_messages.py", "rendering.py", "wording.py"})
"""Files that say in words what happened, and make nothing happen."""
RECORDING: Final = frozenset({"record", "write", "tell", "_announce", "_event"})
OF_VOTES: Final = {
    f"approval.{status.value}" for status in (ApprovalStatus.DENIED, ApprovalStatus.WITHDRAWN)
}
"""Named by what became of a request."""
_NAME: Final = re.compile(r"[a-z]+\.[a-z_]+")
_IN_SQL: Final = re.compile(r"'([a-z]+\.[a-z_]+)'")


@pytest_asyncio.fixture
async def app(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[RealApp]:
    """Serve the whole platform."""
    async with real_app(database_urls, redis_url) as started:
        yield started


def faults(kind: str, document: str, project_id: str | None) -> Iterator[str]:
    """Yield what is wrong with an event."""
    known = EVENT_TYPES.get(kind)
    if known is None:
        yield f"{kind} is not in the catalogue"
        return
    try:
        known.data.model_validate_json(document)
    except ValidationError as error:
        yield f"{kind}: {document}: {error}"
    if not jsonschema_rs.is_valid(known.schema(), parse(document)):
        yield f"{kind}: {document} does not fit its schema"
    if canonical_text(parse(document)) != document:
        yield f"{kind}: {document} is not canonical"
    if known.reach is not Reach.EITHER and (project_id is None) is (known.reach is Reach.PROJECT):
        yield f"{kind} belongs to {project_id}, expected {known.reach.value}"


async def test_every_event_of_every_route_says_what_its_type_says(app: RealApp) -> None:
    """Each row that the mutating routes leave fits the model, the schema and the reach."""
    who = await app.found()
    for (method, _), make in WISHES.items():
        wish = await make(app, who)
        answer = await app.call(method, wish.path, wish.document, token=wish.token or OPERATOR)
        assert answer.status < 300, (method, wish.path, answer.body)
    async with session(app.urls.superuser_url) as superuser:
        rows = await superuser.fetch("select type, document, project_id from events")

    wrong = [fault for row in rows for fault in faults(*row.values())]

    assert not wrong, "\n".join(wrong[:20])
    seen = {row["type"] for row in rows}
    assert len(seen) >= 40, sorted(set(EVENT_TYPES) - seen)


def test_what_the_code_names_is_in_the_catalogue() -> None:
    """No event is recorded under a name that nobody can subscribe to."""
    assert sorted(set(_recorded()) - set(EVENT_TYPES)) == []


def test_what_is_in_the_catalogue_is_named_by_the_code() -> None:
    """No type is promised that never happens."""
    assert sorted(set(EVENT_TYPES) - set(_named()) - OF_VOTES) == []


def test_the_guard_finds_what_is_wrong() -> None:
    """An unknown type, a field too many, an unsorted document and a wrong reach are all told."""
    fine = canonical_text(EVENT_TYPES["job.redriven"].example)

    assert list(faults("job.redriven", fine, "prj_1")) == []
    assert len(list(faults("job.dreamt", fine, "prj_1"))) == 1
    assert len(list(faults("job.redriven", '{"job":"job_1"}', "prj_1"))) == 2
    assert len(list(faults("job.redriven", fine.replace(":", ": ", 1), "prj_1"))) == 1
    assert len(list(faults("job.redriven", fine, None))) == 1


def _trees() -> Iterator[ast.AST]:
    for path in sorted((ROOT / "runtime" / "services").rglob("*.py")):
        if path.name in WORDED:
            continue
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _recorded() -> Iterator[str]:
    """Yield what is handed to who records, where it is written out there."""
    for node in _trees():
        if isinstance(node, ast.Call) and node.args and _name(node.func) in RECORDING:
            for part in ast.walk(node.args[0]):
                yield from _name_in(part)


def _named() -> Iterator[str]:
    for node in _trees():
        yield from _name_in(node)
    for path in sorted((ROOT / "migrations" / "versions").glob("*.sql")):
        yield from _IN_SQL.findall(path.read_text(encoding="utf-8"))


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _name_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _NAME.findall(node.value) if _NAME.fullmatch(node.value) else ()
