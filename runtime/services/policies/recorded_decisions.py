"""Read what rules decided in a project, the newest first, each with the whole question.

What is stored of a question is what the rules of that time could read; the rest of it is in the
outcome of the step. Where rules had inputs hidden from the record, they stay hidden here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.domain.history import StoredOutcome
from runtime.domain.policy_input import policy_time
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.store.outcomes import outcomes_before
from runtime.store.policy_decisions import NewDecision, find_decisions
from runtime.store.session import Database

PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """Pair a decision with the step that it was about.

    Attributes:
        input: the whole question, as far as it was recorded.
    """

    outcome_id: str
    index: int
    input: JsonObject
    record: NewDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPlace:
    """Say whose decisions are read."""

    organization_id: str
    project_id: str
    environment: str


async def recorded_decisions(
    database: Database, place: RecordedPlace, *, limit: int
) -> AsyncIterator[list[RecordedDecision]]:
    """Return the newest decisions of a project in pages, as many as there are up to a limit.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    left, before = limit, None
    while left > 0:
        async with database.transaction(place.organization_id, read_only=True) as connection:
            outcomes = await outcomes_before(
                connection, project_id=place.project_id, before=before, limit=PAGE
            )
            documents: list[JsonObject] = [parse(outcome.document) for outcome in outcomes]
            named = [step["decision_id"] for item in documents for step in item["steps"]]
            records = await find_decisions(connection, filter(None, named))
        if not outcomes:
            return
        found = [
            item
            for outcome, document in zip(outcomes, documents, strict=True)
            for item in _decisions_of(outcome, document, records, place=place)
        ][:left]
        before, left = outcomes[-1].number, left - len(found)
        yield found


def _decisions_of(
    outcome: StoredOutcome,
    document: JsonObject,
    records: Mapping[str, NewDecision],
    *,
    place: RecordedPlace,
) -> Iterator[RecordedDecision]:
    steps = document["steps"]
    for step in steps:
        record = records.get(step["decision_id"])
        if record is None:
            continue
        yield RecordedDecision(
            outcome_id=outcome.id,
            index=step["index"],
            record=record,
            input={
                "project": {"id": place.project_id, "environment": place.environment},
                "inputs": step["inputs"],
                "plan": {"index": step["index"], "actions": [item["action"] for item in steps]},
                "time": policy_time(outcome.created_at).model_dump(mode="json"),
                **parse(record.input),
            },
        )
