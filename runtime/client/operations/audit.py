"""Ask the operations on audit of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Unpack

from runtime.client.documents.audit import (
    AuditKeysOut,
    AuditRecordDetailOut,
    AuditRecordOut,
    AuditSettingsIn,
    AuditSettingsOut,
    ConsistencyOut,
    ErasureIn,
    ErasureOut,
    HoldIn,
    HoldOut,
    LatestHeadOut,
    SignedHeadOut,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Audit:
    """Ask the operations on audit."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def erase_subject(
        self, *, idempotency_key: str | None = None, **body: Unpack[ErasureIn]
    ) -> ErasureOut:
        """Destroy the keys of what the log says of a subject, for ever; all proofs still hold."""
        answer: ErasureOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("audit", "erasures"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    @contextmanager
    def export_log(self) -> Iterator[Iterator[bytes]]:
        """Return the log up to its newest signed head, as lines of JSON that anybody can check."""
        with self._transport.reading(
            Request(method="GET", path=path_of("audit", "export"))
        ) as parts:
            yield parts

    def list_heads(self, *, limit: int | None = None) -> Iterator[SignedHeadOut]:
        """Return the signed heads of the log, the smallest first."""
        return self._transport.pages(
            Request(method="GET", path=path_of("audit", "heads"), query={"limit": limit or PAGE})
        )

    def read_latest_audit_head(self) -> LatestHeadOut:
        """Return the newest signed head, and in which sinks it is anchored."""
        answer: LatestHeadOut = self._transport.ask(
            Request(method="GET", path=path_of("audit", "heads", "latest"))
        )
        return answer

    def list_holds(self, *, limit: int | None = None) -> Iterator[HoldOut]:
        """Return legal holds, those that were released too."""
        return self._transport.pages(
            Request(method="GET", path=path_of("audit", "holds"), query={"limit": limit or PAGE})
        )

    def place_hold(self, *, idempotency_key: str | None = None, **body: Unpack[HoldIn]) -> HoldOut:
        """Hold from now on: what is named stays readable until the hold is released."""
        answer: HoldOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("audit", "holds"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def release_hold(self, hold_id: str, *, idempotency_key: str | None = None) -> HoldOut:
        """Let a hold end."""
        answer: HoldOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("audit", "holds", hold_id, verb="release"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def list_keys(self) -> AuditKeysOut:
        """Return the keys that sign heads, each endorsed by the one before."""
        answer: AuditKeysOut = self._transport.ask(
            Request(method="GET", path=path_of("audit", "keys"))
        )
        return answer

    def prove_consistency(self, *, first: int, second: int) -> ConsistencyOut:
        """Prove that the log at one size begins with what it was at a smaller one."""
        answer: ConsistencyOut = self._transport.ask(
            Request(
                method="GET",
                path=path_of("audit", "proofs", "consistency"),
                query={"first": first, "second": second},
            )
        )
        return answer

    def list_records(
        self,
        *,
        kind: str | None = None,
        principal: str | None = None,
        project: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Iterator[AuditRecordOut]:
        """Return records in the order of their numbers; each has one within seconds."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("audit", "records"),
                query={
                    "kind": kind,
                    "principal": principal,
                    "project": project,
                    "since": since,
                    "until": until,
                    "limit": limit or PAGE,
                },
            )
        )

    def read_record(self, record_id: str) -> AuditRecordDetailOut:
        """Return a record, and the proof that the newest signed head covers it."""
        answer: AuditRecordDetailOut = self._transport.ask(
            Request(method="GET", path=path_of("audit", "records", record_id))
        )
        return answer

    def read_settings(self) -> AuditSettingsOut:
        """Return what the organization demands of its audit records."""
        answer: AuditSettingsOut = self._transport.ask(
            Request(method="GET", path=path_of("audit", "settings"))
        )
        return answer

    def change_settings(
        self, *, idempotency_key: str | None = None, **body: Unpack[AuditSettingsIn]
    ) -> AuditSettingsOut:
        """Demand this of audit records from now on."""
        answer: AuditSettingsOut = self._transport.ask(
            Request(
                method="PUT",
                path=path_of("audit", "settings"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer
