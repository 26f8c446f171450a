"""Look names up with the machine's own resolver, in threads of our own.

The usual pool of threads is small and shared: names whose servers don't answer would hold up the
rest of the process.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Final, Protocol

from runtime.kit.public_address import Address
from runtime.ports.effect_failure import RetryableError

THREADS: Final = 16
MOST_ADDRESSES: Final = 16


class HostResolver(Protocol):
    """Say at which addresses a name is."""

    async def addresses(self, host: str) -> Sequence[Address]:
        """Return them in the order in which they should be tried.

        Raises:
            RetryableError: nobody knows the name now.
        """
        ...

    def close(self) -> None:
        """Take no more questions."""
        ...


class SystemResolver:
    """Ask the machine."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="egress-names")

    async def addresses(self, host: str) -> Sequence[Address]:
        """Return the addresses of a name, each once.

        Raises:
            RetryableError: nobody knows the name now.
        """
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._threads, _looked_up, host
            )
        except (OSError, UnicodeError):
            raise RetryableError("the name of the host can't be looked up") from None
        return tuple(dict.fromkeys(found))[:MOST_ADDRESSES]

    def close(self) -> None:
        """Take no more questions; one that is being asked ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _looked_up(host: str) -> list[Address]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [ip_address(str(item[4][0])) for item in found]
