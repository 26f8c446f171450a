"""Hold one valid request for every mutating route of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.context import Ids
from tests.abuse.execution.real_app import Acting, RealApp
from tests.abuse.execution.wish import Make, Route, Wish
from tests.database import session

_ROOT: Final = "/v1/audit"


async def a_sealed_subject(app: RealApp, who: Acting) -> str:
    """Make a subject whose records were sealed under one key, and return their id."""
    ids = Ids(SystemClock())
    subject = ids.new("mem")
    async with session(app.urls.superuser_url) as superuser:
        await superuser.execute(
            "insert into audit_payload_keys (organization_id, id, subject, period, wrapped, "
            "created_at) values ($1, $2, $3, '2026-01', '\\x00', now())",
            who.organization,
            ids.new("apk"),
            subject,
        )
    return subject


async def _settings(app: RealApp, who: Acting) -> Wish:
    days = 365 + next(app.numbers)
    return Wish(
        path=f"{_ROOT}/settings",
        document={"strict": False, "keep_days": days},
        token=who.token,
    )


async def _hold(app: RealApp, who: Acting) -> Wish:
    number = next(app.numbers)
    wish: JsonObject = {"name": f"case {number}", "reason": "a court asks for it"}
    return Wish(
        path=f"{_ROOT}/holds", document={**wish, "subject": f"mem_{number}"}, token=who.token
    )


async def _release(app: RealApp, who: Acting) -> Wish:
    hold = await _hold(app, who)
    made = await app.made(hold.path, hold.document, token=who.token)
    return Wish(path=f"{_ROOT}/holds/{made['id']}:release", token=who.token)


async def _erasure(app: RealApp, who: Acting) -> Wish:
    subject = await a_sealed_subject(app, who)
    return Wish(
        path=f"{_ROOT}/erasures",
        document={"subject": subject, "confirm": subject},
        token=who.token,
    )


OF_AUDIT: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("PUT", f"{_ROOT}/settings"): _settings,
        ("POST", f"{_ROOT}/holds"): _hold,
        ("POST", f"{_ROOT}/holds/{{hold_id}}:release"): _release,
        ("POST", f"{_ROOT}/erasures"): _erasure,
    }
)
