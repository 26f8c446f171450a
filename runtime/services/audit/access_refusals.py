"""Record what was refused by rights: asked for by members, or by people who are none.

Of one principal few are recorded in a while, so that nobody fills the log; the next record says how
many were left out before it, on this process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.record import AuditRecord
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.json_value import JsonObject
from runtime.kit.rates import Rate, admission
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.store.organizations import find_organization
from runtime.store.session import Database

ACCESS_REFUSED: Final = "access.refused"
SESSION_REFUSED: Final = "session.refused"
NOBODY: Final = "nobody"
"""The principal of what people asked for who are no members."""
REFUSAL_RATE: Final = Rate(per_s=0.1, burst=60)
MOST_PRINCIPALS: Final = 10_000
MOST_PATH: Final = 300
MOST_TOLD: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Say what was asked for.

    Attributes:
        route: method and route template.
        path: as it was sent.
    """

    route: str
    path: str


@dataclass(slots=True)
class _Noted:
    """Count one principal's refusals."""

    spent_until_s: float
    left_out: int = 0


class AccessRefusals:
    """Record refusals; belongs to one event loop. The least recent principals are forgotten."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        recorder: Recorder,
        monotonic_s: Callable[[], float],
        rate: Rate = REFUSAL_RATE,
    ) -> None:
        self._database = database
        self._ids = ids
        self._recorder = recorder
        self._monotonic_s = monotonic_s
        self._rate = rate
        self._noted = OrderedDict[str, _Noted]()

    async def note(self, caller: Caller, asked: Asked, *, needs: str, has: str) -> None:
        """Record what a caller may not do; nothing of the operator's, who is in no organization.

        Raises:
            StorageUnavailableError: it is not known to be recorded.
        """
        if caller.credential_kind is CredentialKind.OPERATOR:
            return
        left_out = self._one_more(caller.member_id)
        if left_out is None:
            return
        document: JsonObject = {
            "route": asked.route,
            "path": asked.path[:MOST_PATH],
            "needs": needs[:MOST_TOLD],
            "has": has[:MOST_TOLD],
            "left_out": left_out,
        }
        await self._recorder.write(caller, ACCESS_REFUSED, document)

    async def note_login(self, organization_id: str, *, issuer: str, subject: str) -> None:
        """Record that somebody logged in who is no member; their name is kept as a digest.

        Raises:
            StorageUnavailableError: it is not known to be recorded.
        """
        left_out = self._one_more(f"{NOBODY}/{organization_id}")
        if left_out is None or not await self._exists(organization_id):
            return
        document: JsonObject = {
            "issuer": issuer,
            "subject_digest": digest_bytes(f"{issuer}\n{subject}".encode()),
            "left_out": left_out,
        }
        record = AuditRecord.of(
            document,
            record_id=self._ids.new("aud"),
            principal_id=NOBODY,
            kind=SESSION_REFUSED,
            project_id=None,
        )
        await self._recorder.add(record, organization_id=organization_id)

    def _one_more(self, principal: str) -> int | None:
        """Return how many were left out before one that is to be recorded; None: it is one more."""
        now_s = self._monotonic_s()
        noted = self._noted.setdefault(principal, _Noted(now_s))
        self._noted.move_to_end(principal)
        if len(self._noted) > MOST_PRINCIPALS:
            self._noted.popitem(last=False)
        decided = admission(self._rate, spent_until_s=noted.spent_until_s, now_s=now_s)
        noted.spent_until_s = decided.spent_until_s
        if not decided.admitted:
            noted.left_out += 1
            return None
        left_out, noted.left_out = noted.left_out, 0
        return left_out

    async def _exists(self, organization_id: str) -> bool:
        async with self._database.transaction(organization_id, read_only=True) as connection:
            return await find_organization(connection, organization_id) is not None
