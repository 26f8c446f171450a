"""Give lease tests a place to stand: real servers, many instances on them, and other processes."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from redis.asyncio import Redis

from runtime.adapters.redis_leases.opening import open_leases
from runtime.adapters.redis_leases.scripts import names
from runtime.kit.clock import SystemClock
from runtime.ports.leases import Leases, Observe
from tests.servers.stoppable_redis import StoppableRedis

ROOT: Final = Path(__file__).parents[2]
LONGEST_S: Final = 20.0


async def until(condition: Callable[[], bool], *, within_s: float = LONGEST_S) -> None:
    """Return as soon as a condition holds, and fail if it does not in time."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  # what another process does sets no event here
            await asyncio.sleep(0.002)


@dataclass(kw_only=True)
class LeaseWorld:
    """Hold the servers of one way to order, and what was opened on them."""

    servers: Sequence[StoppableRedis]
    opened: list[Leases] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """Return where the servers are."""
        return [server.url for server in self.servers]

    def open(
        self,
        instance: str = "one",
        *,
        ttl_s: float = 6.0,
        max_local_waiters: int = 1000,
        observe: Observe | None = None,
    ) -> Leases:
        """Open an instance, as another process would; it is closed with the world."""
        leases = open_leases(
            self.urls,
            instance=instance,
            clock=SystemClock(),
            ttl_s=ttl_s,
            max_local_waiters=max_local_waiters,
            random=Random(len(self.opened)),
            observe=observe,
        )
        self.opened.append(leases)
        return leases

    async def on_all(self, *command: str | int) -> None:
        """Run a command on each server."""
        for server in self.servers:
            async with Redis.from_url(server.url) as client:
                await client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py's

    async def queued(self, key: str, number: int) -> None:
        """Return when so many instances wait for a key on every server."""
        async with asyncio.timeout(LONGEST_S):
            for server in self.servers:
                async with Redis.from_url(server.url) as client:
                    while await client.zcard(names(key)[2]) != number:  # noqa: ASYNC110  # as above
                        await asyncio.sleep(0.002)

    @asynccontextmanager
    async def other_process(self, key: str, *, ttl_s: float) -> AsyncIterator[OtherProcess]:
        """Start a process that acquires the lease on a key, and kill it in the end."""
        urls = [part for url in self.urls for part in ("--url", url)]
        command = [sys.executable, "-m", "tests.servers.lease_world", *urls]
        command += ["--key", key, "--ttl-s", str(ttl_s)]
        child = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT)
        other = OtherProcess(child)
        try:
            yield other
        finally:
            await other.kill()

    async def close(self) -> None:
        """Close what was opened."""
        for leases in self.opened:
            await leases.close()


class OtherProcess:
    """Drive a process that wants one lease."""

    def __init__(self, child: Process) -> None:
        """Take the process, its pipes open."""
        self._child = child

    async def says(self) -> list[str]:
        """Return the words of its next line."""
        assert self._child.stdout is not None
        async with asyncio.timeout(LONGEST_S):
            return (await self._child.stdout.readline()).decode().split()

    def tell(self) -> None:
        """Make it say whether its lease is lost, when it runs."""
        assert self._child.stdin is not None
        self._child.stdin.write(b"lost?\n")

    def stop(self) -> None:
        """Stop it in its tracks."""
        self._child.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._child.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """Kill it, if it lives."""
        if self._child.returncode is None:
            self._child.kill()
        await self._child.communicate()


@contextmanager
def servers(number: int) -> Iterator[tuple[StoppableRedis, ...]]:
    """Run some servers."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(StoppableRedis()) for _ in range(number))


async def _want(options: argparse.Namespace) -> None:
    """Acquire, say so, and answer whether the lease is lost as often as asked."""
    leases = open_leases(
        options.url, instance="other", clock=SystemClock(), ttl_s=options.ttl_s, random=Random(7)
    )
    questions = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    await leases.ready()
    print("asks", flush=True)  # noqa: T201  # it speaks to the test over its pipe
    lease = await leases.acquire(options.key, wait_s=LONGEST_S)
    print("holds", lease.token, lease.owner, flush=True)  # noqa: T201  # as above
    while await questions.readline():
        print("lost" if lease.lost else "kept", flush=True)  # noqa: T201  # as above


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", action="append")
    parser.add_argument("--key")
    parser.add_argument("--ttl-s", type=float)
    asyncio.run(_want(parser.parse_args()))
