"""Read secrets from Vault or OpenBao: KV versions 1 and 2, and credentials made on demand.

Source: the HTTP API of Vault, https://developer.hashicorp.com/vault/api-docs.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from runtime.adapters.secret_providers.deadlines import Threads, in_time
from runtime.adapters.secret_providers.values import malformed, mark_of, member_of
from runtime.adapters.secret_providers.vault_issues import PAIRED_S, Issue, Issues
from runtime.adapters.secret_providers.vault_login import Login, Logins
from runtime.adapters.secret_providers.vault_wire import VaultAnswerError, refused
from runtime.domain.errors import SecretDeniedError, SecretMissingError
from runtime.domain.secret_reference import SecretRef
from runtime.kit.clock import Clock
from runtime.ports.secret_places import VaultMount, VaultPlace
from runtime.ports.secret_provider import Fetched, Lease

_READY: Final = "vault://"
_DENIED: Final = {401, 403}
_LEASE_IS_OVER: Final = {400, 403, 404}


class VaultProvider:
    """Answer `vault://MOUNT/PATH#FIELD`; who is denied logs in anew, once, and is believed then."""

    def __init__(self, place: VaultPlace, *, clock: Clock) -> None:
        """Keep where Vault is; the first call logs in."""
        self._place = place
        self._threads = Threads("vault")
        self._logins = Logins(place, threads=self._threads, clock=clock)
        self._issues = Issues()

    @property
    def schemes(self) -> frozenset[str]:
        """Return `vault`."""
        return frozenset({"vault"})

    async def fetch(self, reference: SecretRef) -> Fetched:
        """Read a secret, or have a credential made; the latter comes with its lease."""
        mount, path, kind = _located(reference, mounts=self._place.mounts)
        async with in_time(reference.text(), deadline_s=self._place.deadline_s):
            if kind is VaultMount.KV2:
                return await self._second(reference, mount=mount, path=path)
            if reference.version is not None:
                raise malformed(
                    reference,
                    problem="only KV version 2 keeps versions",
                    advice="leave ?version= out, or see PLANGATE_VAULT_MOUNTS",
                )
            if kind is VaultMount.KV1:
                return await self._first(reference, mount=mount, path=path)
            return await self._dynamic(reference)

    async def renew(self, lease: Lease) -> Lease:
        """Let a credential last longer; it never does beyond the login that it was made under."""
        number, _, known = lease.id.partition("/")
        async with in_time(_READY, deadline_s=self._place.deadline_s):
            login = await self._logins.current()
            if str(login.number) != number:
                raise _over(lease)
            try:
                answer = await self._threads.run(lambda: login.client.sys.renew_lease(known))
            except VaultAnswerError as error:
                failed = error
            else:
                return self._lease(answer, login=login, known=known)
        if failed.status in _LEASE_IS_OVER:
            raise _over(lease)
        raise refused(failed, reference=_READY)

    async def ready(self) -> None:
        """Return if Vault is unsealed, active or a standby that serves reads, and lets us in."""
        async with in_time(_READY, deadline_s=self._place.deadline_s), _told(_READY):
            login = await self._logins.current()
            await self._threads.run(
                lambda: login.client.adapter.get(
                    "/v1/sys/health", params={"standbyok": "true", "perfstandbyok": "true"}
                )
            )

    async def close(self) -> None:
        """Release connections and threads."""
        self._threads.close()
        self._logins.close()

    async def _second(self, reference: SecretRef, *, mount: str, path: str) -> Fetched:
        version = None if reference.version is None else int(reference.version)
        _, answer = await self._asked(
            reference,
            lambda login: login.client.secrets.kv.v2.read_secret_version(
                path=path, mount_point=mount, version=version, raise_on_deleted_version=False
            ),
        )
        kept = _object(answer.get("data"))
        document, facts = _object(kept.get("data")), _object(kept.get("metadata"))
        # A time yet to come is that of a version that deletes itself (delete_version_after).
        gone = facts.get("destroyed") or (facts.get("deletion_time") and kept.get("data") is None)
        if gone:
            raise SecretMissingError(
                reference=reference.text(),
                problem="that version was deleted",
                advice="undelete it, or write a new one",
            )
        if not isinstance(facts.get("version"), int) or not isinstance(kept.get("data"), dict):
            raise _strange(reference)
        value = member_of(document, reference=reference)
        return Fetched(value=value, version=str(facts["version"]))

    async def _first(self, reference: SecretRef, *, mount: str, path: str) -> Fetched:
        _, answer = await self._asked(
            reference,
            lambda login: login.client.secrets.kv.v1.read_secret(path=path, mount_point=mount),
        )
        if not isinstance(answer.get("data"), dict):
            raise _strange(reference)
        value = member_of(answer["data"], reference=reference)
        return Fetched(value=value, version=mark_of(value))

    async def _dynamic(self, reference: SecretRef) -> Fetched:
        async def make() -> Issue:
            return await self._issued(reference)

        issue = (
            await make()
            if reference.field is None
            else await self._issues.taken(
                reference.path, reference.field, now=self._logins.now, make=make
            )
        )
        value = member_of(issue.document, reference=reference)
        return Fetched(value=value, version=issue.version or mark_of(value), lease=issue.lease)

    async def _issued(self, reference: SecretRef) -> Issue:
        login, answer = await self._asked(
            reference, lambda login: login.client.read(reference.path)
        )
        if not isinstance(answer.get("data"), dict):
            raise _strange(reference)
        known = str(answer.get("lease_id") or "")
        lease = self._lease(answer, login=login, known=known) if known else None
        lasts_s = math.inf if lease is None else lease.lasts_s
        return Issue(
            document=answer["data"],
            version=known,
            lease=lease,
            ends_at=self._logins.now + min(PAIRED_S, lasts_s / 2),
        )

    async def _asked(
        self, reference: SecretRef, ask: Callable[[Login], Any]
    ) -> tuple[Login, dict[str, Any]]:
        """Return Vault's answer and the login that got it."""
        login = await self._logins.current()
        failed: VaultAnswerError | None = None
        try:
            return login, await self._threads.run(lambda: ask(login))
        except VaultAnswerError as error:
            failed = error
        if failed.status in _DENIED:
            newer = await self._logins.after(login)
            async with _told(reference.text()):
                return newer, await self._threads.run(lambda: ask(newer))
        raise refused(failed, reference=reference.text())

    def _lease(self, answer: Mapping[str, Any], *, login: Login, known: str) -> Lease:
        """Return a lease that ends with its login: what a token made dies with it."""
        lasts_s = min(float(answer.get("lease_duration") or 0), login.left_s(self._logins.now))
        return Lease(
            id=f"{login.number}/{known}",
            lasts_s=max(lasts_s, 0.0),
            renewable=bool(answer.get("renewable")),
        )


def _located(
    reference: SecretRef, *, mounts: Mapping[str, VaultMount]
) -> tuple[str, str, VaultMount]:
    """Return the mount, the path below it, and what the mount is: the longest one told counts."""
    told = [mount for mount in mounts if reference.path.startswith(f"{mount}/")]
    if told:
        mount = max(told, key=len)
        return mount, reference.path[len(mount) + 1 :], mounts[mount]
    mount, _, path = reference.path.partition("/")
    return mount, path, VaultMount.KV2


@asynccontextmanager
async def _told(reference: str) -> AsyncIterator[None]:
    """Say what an answer means that is none."""
    failed: VaultAnswerError | None = None
    try:
        yield
    except VaultAnswerError as error:
        failed = error
    if failed is not None:
        raise refused(failed, reference=reference)


def _object(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _strange(reference: SecretRef) -> Exception:
    return malformed(
        reference,
        problem="Vault's answer has not the form of this mount",
        advice="see PLANGATE_VAULT_MOUNTS: is it KV 1, KV 2 or dynamic?",
    )


def _over(lease: Lease) -> SecretDeniedError:
    return SecretDeniedError(
        reference=_READY,
        problem=f"the lease {lease.id.partition('/')[2]} can't last longer",
        advice="fetch the reference anew",
    )
