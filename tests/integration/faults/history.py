"""Judge a counter project's stored history: linear, complete, and nothing in it that nobody asked.

Reads as a superuser, so that nothing of the platform stands between the rows and the judgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import orjson

from tests.database import DatabaseUrls, session
from tests.integration.faults.calls import Act, Calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Hold one stored outcome."""

    number: int
    id: str
    fence: int
    before: int
    after: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Hold all that is stored of one project.

    Attributes:
        outcomes: by number.
        versions: the numbers, in order.
        makers: the outcome that made each version but the first.
        value: where the counter stands.
        keys: idempotency keys that were answered, with the outcome of each.
    """

    outcomes: tuple[Stored, ...]
    versions: tuple[int, ...]
    makers: tuple[str, ...]
    head_version: int
    value: int
    keys: dict[str, str]


async def stored_history(urls: DatabaseUrls, project_id: str) -> History:
    """Read what is stored of a project."""
    async with session(urls.superuser_url) as superuser:
        outcomes = await superuser.fetch(
            "select number, id, fence, before_version, after_version, status from outcomes "
            "where project_id = $1 order by number",
            project_id,
        )
        versions = await superuser.fetch(
            "select version, outcome_id from versions where project_id = $1 order by version",
            project_id,
        )
        head = await superuser.fetchrow(
            "select version, state from heads where project_id = $1", project_id
        )
        keys = await superuser.fetch(
            "select key, answer from idempotency_keys where answer in "
            "(select id from outcomes where project_id = $1)",
            project_id,
        )
    assert head is not None
    return History(
        outcomes=tuple(
            Stored(
                number=row["number"],
                id=row["id"],
                fence=row["fence"],
                before=row["before_version"],
                after=row["after_version"],
                status=row["status"],
            )
            for row in outcomes
        ),
        versions=tuple(row["version"] for row in versions),
        makers=tuple(row["outcome_id"] for row in versions[1:]),
        head_version=head["version"],
        value=orjson.loads(head["state"])["counter"]["value"],
        keys={row["key"]: row["answer"] for row in keys},
    )


def problems(history: History, acts: Sequence[Act]) -> list[str]:
    """Return what is wrong with a history in which exactly these acts took place."""
    return [*_breaks(history), *_differences(history, acts)]


def _breaks(history: History) -> Iterator[str]:
    """Say where a history is not one line."""
    numbers = [item.number for item in history.outcomes]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the outcomes are not numbered from 1 without gaps: {numbers[-3:]}"
    if list(history.versions) != list(range(history.head_version + 1)):
        yield f"the versions up to {history.head_version} have gaps: {len(history.versions)}"
    for one, other in pairwise(history.outcomes):
        if other.before != one.after:
            yield f"outcome {other.number} began at {other.before}, {one.number} left {one.after}"
        if other.fence < one.fence:
            yield f"outcome {other.number} has fence {other.fence} after {one.fence}: stale"


def _differences(history: History, acts: Sequence[Act]) -> Iterator[str]:
    """Say what was lost, what came from nowhere and what happened twice."""
    stored = [item.id for item in history.outcomes]
    told = [act.outcome_id for act in acts]
    for what, ids in (
        ("lost", set(told) - set(stored)),
        ("phantom", set(stored) - set(told)),
        ("double", {*_repeated(told), *_repeated(history.makers)}),
    ):
        if ids:
            yield f"{len(ids)} {what}, such as {min(ids)}"
    moved = sum(act.by for act in acts)
    if history.value != moved:
        yield f"the counter stands at {history.value}, the acts add up to {moved}"
    wrong = [act.key for act in acts if history.keys.get(act.key) != act.outcome_id]
    if wrong:
        yield f"{len(wrong)} keys lead elsewhere, such as {wrong[0]}"


def _repeated(ids: Iterable[str]) -> set[str]:
    return {item for item, times in Counter(ids).items() if times > 1}


async def judged(
    urls: DatabaseUrls, calls: Calls, project_id: str, acts: Sequence[Act]
) -> list[str]:
    """Return what is wrong with a project's history, by its rows and by its verified replay."""
    history = await stored_history(urls, project_id)
    found = problems(history, acts)
    verified = await calls.call("GET", f"/v1/projects/{project_id}/state:verify")
    if verified is None or verified.status != 200:
        found.append(f"the replay fails: {verified}")
    elif verified.document["versions"] != history.head_version + 1:
        found.append(f"the replay rebuilt {verified.document['versions']} versions")
    return found
