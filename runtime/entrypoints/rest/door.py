"""Decide who may evaluate, before a byte of the body is read.

With a token: whoever brings it. Without one: this machine only, and only where nothing stands
between, because a proxy makes everybody look like it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from fastapi import Request
from pydantic import SecretStr

from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError

FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Hold the token that opens; None opens to this machine alone."""

    token: SecretStr | None

    def admit(self, request: Request) -> None:
        """Let a request pass.

        Raises:
            ProblemError: TOKEN_REFUSED for another token or none, EVALUATION_CLOSED where there is
                none to bring and the request may come from elsewhere.
        """
        if self.token is None:
            if not from_here(request):
                raise ProblemError(
                    ProblemCode.EVALUATION_CLOSED,
                    "evaluation is open to this machine only, because the platform has no "
                    "PLANGATE_EVAL_TOKEN; set it there, and send it as a bearer token",
                )
            return
        scheme, _, brought = request.headers.get("authorization", "").partition(" ")
        expected = self.token.get_secret_value().encode()
        same = hmac.compare_digest(brought.strip().encode(), expected)
        if scheme.lower() != "bearer" or not same:
            raise ProblemError(
                ProblemCode.TOKEN_REFUSED,
                "no bearer token, or another one than the platform's PLANGATE_EVAL_TOKEN",
                headers={"WWW-Authenticate": 'Bearer realm="plangate"'},
            )


def from_here(request: Request) -> bool:
    """Say whether a request comes from this machine, to it, by its own name, and not by a proxy.

    The name matters: a page of another site may have its own name point to this machine.
    """
    ends = (request.scope.get("client"), request.scope.get("server"))
    return (
        all(end is not None and is_loopback(end[0]) for end in ends)
        and is_loopback(_name(request.headers.get("host", "")))
        and not any(name in request.headers for name in FORWARDED)
    )


def is_loopback(host: str) -> bool:
    """Say whether only this machine is reached by a name or an address.

    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("")
    (True, True, False, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """Take the port, and an IPv6 address's brackets, off a `Host` header."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
