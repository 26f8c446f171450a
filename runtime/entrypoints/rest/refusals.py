"""Bound how often one address may bring credentials that open nothing, in this process.

Credentials that opened something a while ago are let through whatever their address did: behind one
address there may be many people. What is unknown from an address that guesses is not looked up.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from fastapi import Request

from runtime.domain.errors import CredentialRefusedError
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.kit.rates import Rate, admission

REFUSED_RATE: Final = Rate(per_s=2, burst=60)
MOST_ADDRESSES: Final = 10_000
_IPV6_HOLDER_BITS: Final = 64
"""What one holder is given of IPv6 at least: all of its addresses count as one."""


class Refusals:
    """Count the refused credentials of each address; the least recent ones are forgotten."""

    def __init__(
        self,
        *,
        monotonic_s: Callable[[], float],
        rate: Rate = REFUSED_RATE,
        most_addresses: int = MOST_ADDRESSES,
    ) -> None:
        self._rate = rate
        self._monotonic_s = monotonic_s
        self._most_addresses = most_addresses
        self._spent = OrderedDict[str, float]()

    def wait_s(self, address: str) -> float:
        """Return 0 if an address may bring an unknown credential, else how long until it may."""
        spent = self._spent.get(address)
        if spent is None:
            return 0.0
        return admission(self._rate, spent_until_s=spent, now_s=self._monotonic_s()).wait_s

    def note(self, address: str) -> None:
        """Count one more."""
        now_s, spent = self._monotonic_s(), self._spent
        decided = admission(self._rate, spent_until_s=spent.get(address, now_s), now_s=now_s)
        spent[address] = decided.spent_until_s
        spent.move_to_end(address)
        if len(spent) > self._most_addresses:
            spent.popitem(last=False)


@contextmanager
def counted(request: Request, *, known: Callable[[], bool]) -> Iterator[None]:
    """Let the block find out whose a credential is, and count it if it is nobody's.

    Args:
        request: which brings it.
        known: says whether it opened something a while ago; asked only of who guessed too often.

    Raises:
        ProblemError: RATE_LIMITED, with how long to wait; the block does not run.
    """
    refusals: Refusals = request.app.state.refusals
    address = holder_of(request)
    wait_s = refusals.wait_s(address)
    if wait_s > 0 and not known():
        raise ProblemError(
            ProblemCode.RATE_LIMITED,
            "too many credentials from your address open nothing; wait as long as Retry-After says",
            headers={"Retry-After": f"{max(1, math.ceil(wait_s))}"},
        )
    try:
        yield
    except CredentialRefusedError:
        refusals.note(address)
        raise


def holder_of(request: Request) -> str:
    """Return whose address a request comes from: of IPv6, the network that one holder has."""
    client = request.scope.get("client")
    return "" if client is None else _holder(client[0])


@lru_cache(maxsize=MOST_ADDRESSES)
def _holder(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((int(address), _IPV6_HOLDER_BITS), strict=False))
    return host
