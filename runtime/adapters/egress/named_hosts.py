"""Look up hosts that only an operator names, such as a model's server, for a client of its own.

They may be private. What they never are is an address by which a machine describes itself, so that
a name that was taken over leads no request with a key in it to a cloud's metadata.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Coroutine
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.resolving import HostResolver
from runtime.adapters.egress.rules import Allowed, EgressRules
from runtime.adapters.egress.target import Target
from runtime.ports.effect_failure import PermanentError, RetryableError

_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


class NamedHostsConnector(aiohttp.TCPConnector):
    """Connect a session that goes to one configured address, and is never redirected."""

    def __init__(self, resolver: HostResolver, *, limit: int, keepalive_timeout: float) -> None:
        """Take a resolver, which is closed with it."""
        super().__init__(
            limit=limit, keepalive_timeout=keepalive_timeout, resolver=NamedHosts(resolver)
        )
        self._asked = resolver

    @override
    def close(self, *, abort_ssl: bool = False) -> Coroutine[Any, Any, None]:
        self._asked.close()
        return super().close(abort_ssl=abort_ssl)


class NamedHosts(AbstractResolver):
    """Look up the one host that a session is for."""

    def __init__(self, resolver: HostResolver) -> None:
        self._resolver = resolver

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return where a host may be connected to.

        Raises:
            OSError: nowhere, or nobody knows the name.
        """
        del family  # the sessions take either
        named = Allowed(network=None, name=host, port=port)
        target = Target(scheme="https", host=host, address=None, port=port, path="/")
        try:
            found = await Gate(EgressRules(allowed=(named,)), self._resolver).addresses(target)
        except (PermanentError, RetryableError) as error:
            raise OSError(errno.EHOSTUNREACH, str(error)) from None
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=_FAMILIES[address.version],
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    @override
    async def close(self) -> None:
        """Look nothing up any more."""
        self._resolver.close()
