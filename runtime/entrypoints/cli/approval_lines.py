"""Lay requests for approval out for people: who waits for whom, and what they would agree to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import orjson

from runtime.client.documents.approvals import ListedApprovalOut, VotedApprovalOut
from runtime.entrypoints.cli.client import Document, plain
from runtime.entrypoints.cli.people import People
from runtime.entrypoints.cli.printing import record, table

LISTED: Final = {
    "ID": "id",
    "STATUS": "status",
    "REQUESTER": "requester",
    "ACTIONS": "actions",
    "NEEDS": "needs",
    "YES": "grants",
    "EXPIRES IN": "left",
}
VOTED: Final = {
    "ID": "id",
    "STATUS": "status",
    "NEEDS": "needs",
    "YES": "grants",
    "DIGEST": "plan_digest",
}
SHOWN: Final = {
    "ID": "id",
    "STATUS": "status",
    "REQUESTER": "requester",
    "NEEDS": "needs",
    "CREATED": "created_at",
    "EXPIRES": "expires_at",
    "EXPIRES IN": "left",
    "OUTCOME": "outcome",
    "USED BY": "used_by",
    "STATE VERSION": "state_version",
    "RULES": "policy_revision",
    "DIGEST": "plan_digest",
}
SAID: Final = {"WHO": "who", "SAID": "kind", "WHEN": "cast_at", "WHY": "reason"}
MOST_ACTIONS: Final = 3
ADMINS: Final = "admin"
_OPEN: Final = frozenset({"pending", "granted"})
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_PAIR: Final = 2


def listed(request: ListedApprovalOut, people: People, *, now: datetime) -> Document:
    """Return a line of the table: who waits, for what, for whom, how long."""
    return {
        **request,
        "requester": people.short(request["requester"]),
        "actions": _actions([step["action"] for step in request["plan"]["steps"]]),
        "needs": _needs(request),
        "grants": _said_so_far(request),
        "left": _left(request, now),
    }


def request_lines(request: VotedApprovalOut, people: People, *, now: datetime) -> Iterator[str]:
    """Show a request as an approver must see it: all of the plan, and what was said so far."""
    shown = {
        **request,
        "requester": people.whole(request["requester"]),
        "needs": _needs(request),
        "left": _left(request, now),
    }
    yield record(shown, SHOWN)
    for number, step in enumerate(request["plan"]["steps"], start=1):
        yield plain(f"step {number}: {step['action']}")
        for name, value in step["inputs"].items():
            yield plain(f"  {name}: {orjson.dumps(value).decode()}")
    said: list[Document] = [
        *({**vote} for vote in request["votes"]),
        *({**call, "kind": "override"} for call in request["overrides"]),
    ]
    if said:
        said.sort(key=lambda item: str(item["cast_at"]))
        yield table([{**item, "who": people.short(item["member"])} for item in said], SAID)
    yield from hint_lines(request, now=now)


def voted(request: VotedApprovalOut) -> Document:
    """Return what is told of a request that something was said to."""
    return {**request, "needs": _needs(request), "grants": _grants(request)}


def hint_lines(request: VotedApprovalOut, *, now: datetime) -> Iterator[str]:
    """Say what can be done with a request now."""
    status, named = request["status"], request["id"]
    if status == "pending":
        yield plain(
            f"to agree to this very plan: plangate approval grant {named} "
            f"--digest {request['plan_digest']} --reason TEXT"
        )
    if status == "granted":
        yield plain(f"who asked can execute it once: plangate plan execute PLAN --approval {named}")
    if status not in _OPEN:
        return
    until = request["overridden_until"]
    if until is not None and _seconds(until, now) > 0:
        yield plain(f"approval is put aside until {until}: who asked can execute the plan once")
    elif request["overrides"]:
        yield "putting approval aside takes two who administer the project, within 15 minutes"


def _needs(request: ListedApprovalOut | VotedApprovalOut) -> str:
    return ", ".join(f"{need['count']} {need['role'] or ADMINS}" for need in request["needs"])


def _grants(request: VotedApprovalOut) -> int:
    return sum(vote["kind"] == "grant" for vote in request["votes"])


def _said_so_far(request: ListedApprovalOut) -> str:
    """Count the yes of people, and say that somebody puts approval aside: it takes another one."""
    aside = request["overriders"]
    return f"{request['grants']}{f', {aside} put it aside' if aside else ''}"


def _actions(names: Sequence[str]) -> str:
    """Name what a plan does, the first few actions of it."""
    counted = Counter(names)
    shown = [
        name if times == 1 else f"{times} x {name}"
        for name, times in list(counted.items())[:MOST_ACTIONS]
    ]
    left = len(counted) - len(shown)
    return ", ".join([*shown, f"and {left} more"] if left else shown)


def _left(request: ListedApprovalOut | VotedApprovalOut, now: datetime) -> str | None:
    """Say how long a request can be granted and used; nothing of one that ended."""
    if request["status"] not in _OPEN:
        return None
    seconds = max(0, _seconds(request["expires_at"], now))
    parts: list[str] = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or (parts and len(parts) < _PAIR):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:_PAIR]) or "0 s"


def _seconds(instant: str, now: datetime) -> int:
    """Return how long it is to an instant."""
    return int((datetime.fromisoformat(instant) - now).total_seconds())
