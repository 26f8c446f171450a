"""Log in at Vault as the workload that this is, and keep the token alive for as long as it can be.

A token is renewed once half of its life is over; where that gives less than half of a life, it
nears its longest and is replaced. Nothing runs in between: whoever asks for a secret sees to it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from hvac import Client  # type: ignore[import-untyped]  # it has no types

from runtime.adapters.secret_providers.deadlines import Threads
from runtime.adapters.secret_providers.vault_wire import (
    VaultAnswerError,
    open_client,
    refused,
    with_token,
)
from runtime.domain.errors import SecretDeniedError, SecretError
from runtime.kit.clock import Clock
from runtime.ports.secret_places import VaultAuth, VaultPlace

MAX_CREDENTIAL_BYTES: Final = 65_536
_LOGIN: Final = "vault://"
_REFUSED: Final = {400, 401, 403, 404}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Hold a login.

    Attributes:
        number: counts logins; leases belong to the one that they were given to.
        client: speaks with its token.
        lasts_s: the life of its token when it began.
        ends_at: when the token ends, on the clock of `Logins.now`; infinite: it does not.
        renewable: whether it may last longer.
    """

    number: int
    client: Client
    lasts_s: float
    ends_at: float
    renewable: bool

    def left_s(self, now: float) -> float:
        """Return how long the token is still good."""
        return self.ends_at - now

    def wears_off(self, now: float) -> bool:
        """Return whether half of its life is over."""
        return self.left_s(now) <= self.lasts_s / 2


class Logins:
    """Give out the current login; many who need a new one wait for the same."""

    def __init__(self, place: VaultPlace, *, threads: Threads, clock: Clock) -> None:
        """Keep where to log in; the first call does it."""
        self._place = place
        self._threads = threads
        self._clock = clock
        self._turn = asyncio.Lock()
        self._current: Login | None = None
        self._client: Client | None = None

    @property
    def now(self) -> float:
        """Return the time that lives are counted by, in seconds."""
        return self._clock.monotonic_s()

    async def current(self) -> Login:
        """Return a login with more than half of its life before it, where Vault gives one.

        Raises:
            SecretError: Vault does not let this server in.
        """
        login = self._current
        if login is not None and not login.wears_off(self.now):
            return login
        async with self._turn:
            login = self._current
            if login is None:
                return await self._anew()
            if not login.wears_off(self.now):
                return login
            return await self._prolonged(login)

    async def after(self, refused_login: Login) -> Login:
        """Return a newer login than one that was refused.

        Raises:
            SecretError: Vault does not let this server in.
        """
        async with self._turn:
            current = self._current
            if current is not None and current.number > refused_login.number:
                return current
            return await self._anew()

    def close(self) -> None:
        """Release connections."""
        if self._client is not None:
            self._client.session.close()

    async def _prolonged(self, login: Login) -> Login:
        """Return the login renewed, or a new one; the old one where neither works."""
        try:
            renewed = await self._renewed(login) if login.renewable else None
            if renewed is not None and renewed.left_s(self.now) > login.lasts_s / 2:
                self._current = renewed
                return renewed
            return await self._anew()
        except SecretError:
            # Good to its end; whoever is refused after that logs in anew, and hears why it can't.
            return login

    async def _renewed(self, login: Login) -> Login | None:
        try:
            answer = await self._threads.run(login.client.auth.token.renew_self)
        except VaultAnswerError:
            return None
        auth = answer.get("auth") or {}
        return replace(
            login,
            ends_at=self.now + float(auth.get("lease_duration", 0)),
            renewable=bool(auth.get("renewable")),
        )

    async def _anew(self) -> Login:
        failed: VaultAnswerError | None = None
        try:
            client, auth = await self._threads.run(self._logged_in)
        except VaultAnswerError as error:
            failed = error
        else:
            lasts_s = float(auth.get("lease_duration") or auth.get("ttl") or 0) or math.inf
            number = 1 if self._current is None else self._current.number + 1
            self._current = Login(
                number=number,
                client=client,
                lasts_s=lasts_s,
                ends_at=self.now + lasts_s,
                renewable=bool(auth.get("renewable")),
            )
            return self._current
        if failed.status in _REFUSED:
            raise _denied(f"Vault answered HTTP {failed.status} to the login")
        raise refused(failed, reference=_LOGIN)

    def _logged_in(self) -> tuple[Client, dict[str, Any]]:
        """Return a client with a token, and what Vault says of the token."""
        if self._client is None:
            self._client = open_client(self._place)
        return _METHODS[self._place.auth](self._client, self._place)


def _by_token(client: Client, place: VaultPlace) -> tuple[Client, dict[str, Any]]:
    known = with_token(place, session=client.session, token=_credential(place))
    return known, known.auth.token.lookup_self().get("data") or {}


def _by_approle(client: Client, place: VaultPlace) -> tuple[Client, dict[str, Any]]:
    return _accepted(
        client,
        place,
        client.auth.approle.login(
            role_id=place.role,
            secret_id=_credential(place),
            use_token=False,
            mount_point=place.auth_mount or "approle",
        ),
    )


def _by_kubernetes(client: Client, place: VaultPlace) -> tuple[Client, dict[str, Any]]:
    return _accepted(
        client,
        place,
        client.auth.kubernetes.login(
            role=place.role,
            jwt=_credential(place),
            use_token=False,
            mount_point=place.auth_mount or "kubernetes",
        ),
    )


def _by_jwt(client: Client, place: VaultPlace) -> tuple[Client, dict[str, Any]]:
    return _accepted(
        client,
        place,
        client.auth.jwt.jwt_login(
            role=place.role,
            jwt=_credential(place),
            use_token=False,
            path=place.auth_mount or "jwt",
        ),
    )


_METHODS: Final[dict[VaultAuth, Callable[[Client, VaultPlace], tuple[Client, dict[str, Any]]]]] = {
    VaultAuth.TOKEN: _by_token,
    VaultAuth.APPROLE: _by_approle,
    VaultAuth.KUBERNETES: _by_kubernetes,
    VaultAuth.JWT: _by_jwt,
}


def _accepted(
    client: Client, place: VaultPlace, answer: dict[str, Any]
) -> tuple[Client, dict[str, Any]]:
    auth = answer.get("auth")
    if not isinstance(auth, dict) or not auth.get("client_token"):
        raise VaultAnswerError(0)
    token = str(auth["client_token"])
    return with_token(place, session=client.session, token=token), auth


def _credential(place: VaultPlace) -> str:
    """Return the token, secret id or JWT, as it is now."""
    if place.credential is not None:
        return place.credential.get_secret_value()
    unreadable = place.credential_file is None
    text = ""
    try:
        with Path(place.credential_file or "").open("rb") as opened:
            text = opened.read(MAX_CREDENTIAL_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        unreadable = True
    if unreadable or not text:
        raise _denied("the file of PLANGATE_VAULT_CREDENTIAL_FILE can't be read, or is empty")
    return text


def _denied(problem: str) -> SecretDeniedError:
    return SecretDeniedError(
        reference=_LOGIN,
        problem=problem,
        advice="see PLANGATE_VAULT_AUTH, its role and its credential",
    )
