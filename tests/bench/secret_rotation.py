"""Rotate a secret a thousand times while effects run: no job may fail.

The receiver refuses the old value in the moment in which its keeper has the new one. All of it is
real but the keeper: jobs, Postgres, Redis, the receiver. The bar is 0 jobs that are not done.
Run it with `python -m tests.bench.secret_rotation [--rotations 1000]`.
"""

from __future__ import annotations

import argparse
import asyncio
import time

from tests.database import DatabaseServer, DatabaseUrls, FreshDatabase
from tests.secret_rotating import rotated_under_load
from tests.servers.postgres_server import postgres_server
from tests.servers.redis_server import redis_server


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rotations", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=2, help="for each rotation")
    options = parser.parse_args()
    with postgres_server() as running, redis_server() as redis_url:
        server = DatabaseServer(server=running)
        server.prepare()
        with server.migrated() as urls:
            failed = asyncio.run(
                measured(urls, redis_url, rotations=options.rotations, jobs_each=options.jobs)
            )
    raise SystemExit(1 if failed else 0)


async def measured(urls: DatabaseUrls, redis_url: str, *, rotations: int, jobs_each: int) -> int:
    """Rotate, print the figures, and return how many jobs are not done."""
    database = await FreshDatabase.opened(urls.app_url)
    database.urls = urls
    began_s = time.perf_counter()
    try:
        found = await rotated_under_load(
            database, redis_url, rotations=rotations, jobs_each=jobs_each
        )
    finally:
        await database.close()
    took_s = time.perf_counter() - began_s
    failed = sum(count for status, count in found.statuses.items() if status != "done")
    print(f"{found.rotations} rotations in {took_s:.0f} s under {rotations * jobs_each} jobs")
    print(f"jobs by status: {dict(found.statuses)}; not done: {failed} (bar: 0)")
    print(f"requests with an old value: {found.refused}; jobs tried again: {found.tried_again}")
    print(f"askings of the keeper: {found.fetches}")
    return failed


if __name__ == "__main__":
    main()
