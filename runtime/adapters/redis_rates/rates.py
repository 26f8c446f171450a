"""Count rates in Redis: choose an organization's server, ask, and read what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from typing_extensions import override

from runtime.adapters.redis_rates.scripts import (
    BEGUN,
    FORESEE,
    PROBE,
    READY,
    RECALL,
    RESERVE,
    SETTLE,
    Script,
    stem,
)
from runtime.adapters.redis_rates.server import Server
from runtime.domain.errors import RatesUnavailableError
from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateHistory,
    RateRefusal,
    RateUse,
    RateWindow,
)
from runtime.kit.canonical_json import digest, parse
from runtime.kit.json_value import JsonObject
from runtime.ports.shared_rates import LENT_S, Forgotten, SharedRates

_LENT_MS: Final = round(2000 * LENT_S)
"""How long a loan may come back: as long again as it is handed out, to be told of."""
_LEAST_KEPT_MS: Final = 60_000
_SETTLED_KEPT_MS: Final = 10_000


class RedisRates(SharedRates):
    """Count each organization's rates on one of several servers."""

    def __init__(self, servers: Sequence[Server], *, longest_run_s: float) -> None:
        """Take the servers, and how long an execution may take from its reservation on."""
        self._servers = tuple(servers)
        self._hold_ms = round(longest_run_s * 1000)
        self._kept_ms = max(4 * self._hold_ms, _LEAST_KEPT_MS)

    @override
    async def reserve(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        charges: Sequence[RateCharge] = (),
    ) -> Sequence[RateGrant] | Forgotten:
        settled = self._settled(organization_id, charges)
        return await self._claimed(RESERVE, organization_id, claims, beside=settled)

    @override
    async def foresee(
        self, organization_id: str, claims: Sequence[RateClaim]
    ) -> Sequence[RateGrant] | Forgotten:
        return await self._claimed(FORESEE, organization_id, claims)

    @override
    async def settle(self, organization_id: str, charges: Sequence[RateCharge]) -> None:
        request = {"hold_ms": self._hold_ms, **self._settled(organization_id, charges)}
        await self._server(organization_id).run(SETTLE, (BEGUN,), request)

    @override
    async def uses(
        self, organization_id: str, windows: Sequence[RateWindow]
    ) -> Sequence[RateUse] | Forgotten:
        server = self._server(organization_id)
        said = await self._asked(server, FORESEE, organization_id, windows=windows, claims=[])
        if isinstance(said, Forgotten):
            return said
        return [
            RateUse(window=window, used=use["used"], free_at=_instant(use.get("free_at")))
            for window, use in zip(windows, said["uses"] or (), strict=True)
        ]

    @override
    async def recall(
        self, organization_id: str, histories: Sequence[RateHistory], *, since: str
    ) -> None:
        await self._server(organization_id).run(
            RECALL,
            (BEGUN,),
            {
                "hold_ms": self._hold_ms,
                "since": since,
                "windows": [
                    {
                        **_asked(organization_id, history.window),
                        "counts": [[part, count] for part, count in history.counts.items()],
                    }
                    for history in histories
                ],
            },
        )

    @override
    async def ready(self) -> None:
        down: list[RatesUnavailableError] = []
        for server in self._servers:
            try:
                await server.run(READY, (BEGUN, PROBE), {"hold_ms": self._hold_ms})
            except RatesUnavailableError as error:
                down.append(error)
        if 2 * len(down) >= len(self._servers):
            raise down[0]

    @override
    async def close(self) -> None:
        for server in self._servers:
            await server.close()

    def _settled(self, organization_id: str, charges: Sequence[RateCharge]) -> JsonObject:
        """Spell what a script is to settle."""
        windows = _numbered(charges)
        return {
            "kept_ms": self._kept_ms,
            "settled_kept_ms": _SETTLED_KEPT_MS,
            "charged": [_asked(organization_id, window) for window in windows],
            "charges": [
                {
                    "key": _reservation_key(organization_id, charge.outcome_id),
                    "done": charge.done,
                    "left": charge.left,
                    "windows": [windows[window] for window in charge.windows],
                }
                for charge in charges
            ],
        }

    async def _claimed(
        self,
        script: Script,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        beside: JsonObject | None = None,
    ) -> Sequence[RateGrant] | Forgotten:
        server, windows = self._server(organization_id), _numbered(claims)
        said = await self._asked(
            server,
            script,
            organization_id,
            windows=tuple(windows),
            claims=[_claim(organization_id, claim, windows) for claim in claims],
            beside=beside,
        )
        if isinstance(said, Forgotten):
            return said
        known = tuple(windows)
        return [_grant(answer, known) for answer in said["claims"] or ()]

    async def _asked(
        self,
        server: Server,
        script: Script,
        organization_id: str,
        *,
        windows: Sequence[RateWindow],
        claims: list[JsonObject],
        beside: JsonObject | None = None,
    ) -> JsonObject | Forgotten:
        text = await server.run(
            script,
            (BEGUN,),
            {
                "hold_ms": self._hold_ms,
                "kept_ms": self._kept_ms,
                "lent_ms": _LENT_MS,
                "writes": script is RESERVE,
                "windows": [_asked(organization_id, window) for window in windows],
                "claims": claims,
                **(beside or {}),
            },
        )
        said: JsonObject = parse(text)
        if "wait_ms" in said:
            raise RatesUnavailableError(
                reason=f"redis at {server.address} was started or emptied, and grants nothing for "
                f"{said['wait_ms'] / 1000:.1f} s more, as what it has forgotten may yet be done"
            )
        if "forgotten" in said:
            numbers = said["forgotten"]
            return Forgotten(
                windows=tuple(windows[number - 1] for number in numbers), since=said["since"]
            )
        return said

    def _server(self, organization_id: str) -> Server:
        """Return who counts an organization: another only if there are other servers."""
        if len(self._servers) == 1:
            return self._servers[0]
        return max(
            self._servers,
            key=lambda server: sha256(f"{server.address} {organization_id}".encode()).digest(),
        )


def _numbered(items: Iterable[RateClaim] | Iterable[RateCharge]) -> dict[RateWindow, int]:
    """Number every window once, from 1 on, as Lua counts."""
    windows = dict.fromkeys(window for item in items for window in item.windows)
    return {window: number for number, window in enumerate(windows, start=1)}


def _asked(organization_id: str, window: RateWindow) -> JsonObject:
    return {
        "key": f"{stem(organization_id)}window:{window.key}",
        "most": window.most,
        "grain_ms": round(window.grain_s * 1000),
    }


def _claim(organization_id: str, claim: RateClaim, windows: dict[RateWindow, int]) -> JsonObject:
    stretches: list[JsonObject] = [
        {"steps": stretch.steps, "urgent": stretch.urgent} for stretch in claim.stretches
    ]
    bounds = [[window.key, window.most] for window in claim.windows]
    return {
        "key": _reservation_key(organization_id, claim.outcome_id),
        "terms": digest([bounds, stretches]),
        "windows": [windows[window] for window in claim.windows],
        "stretches": stretches,
        **({} if claim.share is None else {"share": claim.share}),
    }


def _reservation_key(organization_id: str, outcome_id: str) -> str:
    return f"{stem(organization_id)}reservation:{outcome_id}"


def _grant(answer: JsonObject, windows: Sequence[RateWindow]) -> RateGrant:
    refused = answer.get("refusal")
    if not refused:
        return RateGrant(steps=answer["steps"])
    returns_in_ms = refused.get("returns_in_ms")
    return RateGrant(
        steps=answer["steps"],
        refusal=RateRefusal(
            window=windows[refused["window"] - 1],
            used=refused["used"],
            wanted=refused["wanted"],
            free_at=_instant(refused.get("free_at")),
            returns_in_s=returns_in_ms and returns_in_ms / 1000,
        ),
    )


def _instant(at_ms: float | None) -> datetime | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)
