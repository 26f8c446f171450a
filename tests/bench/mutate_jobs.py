"""Remove each guard of the functions that keep jobs, and see that a test notices.

Each change is made in a copy of the tree, in the newest file of the function; then the tests of
jobs run there until one fails. A change whose text is not there any more is stale, and told.
Prints who noticed each change, and exits with 1 if nobody noticed one. Run it with
`python -m tests.bench.mutate_jobs`, or with names of functions to change these alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PARTS: Final = ("runtime", "migrations", "tests", "harness", "scenarios", "pyproject.toml")
FOLDER: Final = Path("migrations", "versions")
TIMEOUT_S: Final = 240
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) \S+::(\w+)", re.MULTILINE)
TESTS: Final = (
    "test_fences",
    "test_queue_pauses",
    "test_queue_limits",
    "test_queue_turns",
    "test_relays",
    "test_cancelling",
    "test_ending_workers",
    "test_workers",
    "test_effects",
    "test_ends_in_commits",
    "test_many_workers",
)


@dataclass(frozen=True, slots=True)
class Guard:
    """Say what to look for in a function, once, and what stands there instead."""

    function: str
    text: str
    instead: str = ""


def _locked(function: str) -> Guard:
    return Guard(function, " for update skip locked", " for update")


GUARDS: Final = (
    Guard("begin_jobs", "attempt = jobs.attempt + 1", "attempt = greatest(1, jobs.attempt)"),
    Guard("begin_jobs", " and jobs.offered"),
    Guard("begin_jobs", " and jobs.not_before <= now()"),
    Guard("begin_jobs", " and jobs.leased_until < now()"),
    Guard("begin_jobs", "job_leases.until >= now()\n", "false\n"),
    Guard("begin_jobs", "crashes = jobs.crashes + held.died::integer", "crashes = jobs.crashes"),
    Guard(
        "begin_jobs",
        "status = case when held.died and jobs.crashes + 1 >= in_crashes",
        "status = case when held.died and jobs.crashes >= in_crashes",
    ),
    Guard("begin_jobs", "    order by jobs.id for update\n"),
    Guard(
        "begin_jobs",
        "and (closed is null or not closed && array[in_organization, jobs.project_id])",
    ),
    Guard("begin_jobs", "array[in_organization, jobs.project_id]", "array[in_organization]"),
    Guard("begin_jobs", "array[in_organization, jobs.project_id]", "array[jobs.project_id]"),
    Guard(
        "begin_jobs", ",\n    pg_advisory_xact_lock_shared(hashtextextended(in_organization, 12))"
    ),
    Guard("begin_jobs", "secs => 0.6 * in_lease_s", "secs => 0"),
    Guard("begin_jobs", "secs => 0.6 * in_lease_s", "secs => 2 * in_lease_s"),
    Guard("begin_jobs", "perform settle_jobs(in_organization, others)", "perform 1"),
    Guard("begin_jobs", "where outbox.tenant = in_organization\n", "where false\n"),
    Guard("finish_jobs", " and jobs.attempt = given.attempt"),
    Guard("finish_jobs", "jobs.leased_by = in_worker and "),
    Guard("finish_jobs", "given.status = 'waiting' and jobs.cancel_asked_at is not null", "false"),
    Guard("finish_jobs", "jobs.errors + held.failed::integer", "jobs.errors"),
    Guard("finish_jobs", "when held.becomes = 'done' then 0", "when false then 0"),
    Guard("finish_jobs", "perform settle_jobs(in_organization, followed)", "perform 1"),
    Guard(
        "finish_jobs",
        "where status = 'waiting' or serial_key is not null",
        "where status = 'waiting'",
    ),
    Guard(
        "finish_jobs",
        "where status = 'waiting' or serial_key is not null",
        "where serial_key is not null",
    ),
    Guard("commit_executions", "    if ends is not null then", "    if follows then"),
    Guard("commit_executions", "if cardinality(over) > 0 then", "if false then"),
    Guard(
        "commit_executions",
        "over := over || array(",
        "over := array(",
    ),
    Guard(
        "commit_executions",
        "except select unnest(finish_jobs(in_organization, ending.worker, ending.of_worker))",
        "except select unnest(ending.ids)",
    ),
    Guard("give_back_jobs", " and jobs.attempt = given.attempt"),
    Guard("give_back_jobs", " and jobs.leased_by = in_worker"),
    Guard("give_back_jobs", "cancel_asked_at is null then 'waiting'", "true then 'waiting'"),
    Guard("give_back_jobs", "perform settle_jobs(in_organization, given_back)", "perform 1"),
    Guard("rescue_jobs", " where until < now()"),
    Guard("rescue_jobs", " and leased_by = lapsed.worker"),
    Guard("rescue_jobs", "jobs.cancel_asked_at is not null then 'cancelled'", "false then 'x'"),
    Guard("rescue_jobs", "crashes = jobs.crashes + 1,", "crashes = jobs.crashes,"),
    Guard(
        "rescue_jobs",
        "status = case when jobs.crashes + 1 >= in_crashes",
        "status = case when jobs.crashes >= in_crashes",
    ),
    _locked("rescue_jobs"),
    Guard("rescue_jobs", "perform settle_jobs(lapsed.tenant, changed_here)", "perform 1"),
    Guard("cancel_jobs", "when jobs.status = 'waiting' then 'cancelled'", "when false then 'x'"),
    Guard("cancel_jobs", "coalesce(jobs.cancel_asked_at, now())", "jobs.cancel_asked_at"),
    Guard("cancel_jobs", "perform settle_jobs(in_organization, in_ids)", "perform 1"),
    Guard("reopen_jobs", "and twin.status in ('waiting', 'running')", "and false"),
    Guard("reopen_jobs", "errors = 0", "errors = jobs.errors"),
    Guard(
        "advance_serial",
        "perform pg_advisory_xact_lock(hashtextextended(in_organization || ' ' || wanted, 9))",
        "perform 1",
    ),
    Guard("advance_serial", " and offered\n    ) then", " and false\n    ) then"),
    Guard(
        "advance_serial", "order by first.created_at, first.id", "order by first.created_at desc"
    ),
    Guard("settle_jobs", ", handed = 0"),
    Guard("settle_jobs", "set not_before = excluded.not_before, ", "set "),
    Guard(
        "settle_jobs",
        "where tenant = in_organization and job_id = any(in_ids) and not exists",
        "where false and not exists",
    ),
    Guard("put_jobs", "serial_key is null, priority", "true, priority"),
    Guard("put_jobs", "from new where serial_key is null", "from new"),
    Guard("put_jobs", "perform advance_serial(in_organization, keys)", "perform 1"),
    Guard(
        "claim_outbox",
        "continue when not pg_try_advisory_xact_lock(hashtextextended(lane.tenant, 13));",
        "",
    ),
    Guard("claim_outbox", "left_over <= 0 or looked_at", "looked_at"),
    Guard("claim_outbox", "or looked_at >= in_tenants", ""),
    Guard("claim_outbox", "case turn when 1 then in_after else '' end", "in_after"),
    Guard("claim_outbox", "continue when not lane.due;", ""),
    Guard("claim_outbox", "case when lanes.due then '~' else lanes.project_id end", "'~'"),
    Guard("claim_of_tenant", "    if said.shut then", "    if false then"),
    Guard("claim_of_tenant", "at_once - under_way, starts)", "starts)"),
    Guard("claim_of_tenant", "at_once - under_way, starts)", "at_once - under_way)"),
    Guard("claim_of_tenant", "and status = 'running'\n", "and false\n"),
    Guard("claim_of_tenant", "count(*) + (", "("),
    Guard("claim_of_tenant", " and project_id <> all(closed)"),
    Guard("claim_of_tenant", "where lanes.project_id <> all(closed)", ""),
    Guard("claim_of_tenant", " and cardinality(closed) + cardinality(bounded) = 0", ""),
    Guard("claim_of_tenant", "least(most, limited.room) as room", "most as room"),
    Guard("claim_of_tenant", "limit in_most for update skip locked", "limit in_most for update"),
    Guard("claim_of_tenant", "limit most for update skip locked", "limit most for update"),
    Guard("claim_of_tenant", "for update of outbox skip locked", "for update of outbox"),
    Guard("claim_of_tenant", "power(2, least(handed, 5))", "power(2, handed)"),
    Guard("claim_of_tenant", "priority desc, turn, random()", "turn, random()"),
    Guard("claim_of_tenant", "priority desc, turn, random()", "priority desc, job_id"),
    Guard(
        "claim_of_tenant",
        "    if starts is not null then\n      perform spend_tokens(in_tenant, fresh);",
        "    if false then",
    ),
    Guard(
        "claim_of_tenant",
        "if starts is not null or cardinality(bounded) > 0 then",
        "if false then",
    ),
    Guard("rooms_of_tenant", " and outbox.handed > 0", " and false"),
    Guard("rooms_of_tenant", "and jobs.status = 'running' and", "and false and"),
    Guard("rooms_of_tenant", "least(said.starts, said.at_once - case", "least(said.at_once - case"),
    Guard("spend_tokens", " - spent.jobs", ""),
    Guard("spend_tokens", "and job_queues.project_id is not distinct from spent.project_id", ""),
    Guard("tokens_left", "greatest(1, in_per_minute / 30.0)", "in_per_minute / 30.0"),
    Guard("tokens_left", "greatest(1, in_per_minute / 30.0)", "1000000"),
)
"""What keeps jobs from being lost, done twice, or handed over against what their queue says."""


def main(names: Sequence[str]) -> int:
    """Make each change, print what nobody noticed, and return the exit code."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="plangate-mutants-") as name:
        folder = Path(name)
        for part in PARTS:
            _copied(ROOT / part, folder / part)
        if (failure := _failure(folder)) is not None:
            print(f"before anything is changed, {failure} fails")
            return 1
        wanted = [guard for guard in GUARDS if not names or guard.function in names]
        left = [guard for guard in wanted if not _noticed(folder, guard)]
    print(
        f"{len(wanted) - len(left)} of {len(wanted)} changes noticed, "
        f"{time.perf_counter() - began:.0f} s"
    )
    return 1 if left else 0


def _copied(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _noticed(folder: Path, guard: Guard) -> bool:
    """Say whether a test fails once a guard is gone."""
    file = max((folder / FOLDER).glob(f"[0-9]*_{guard.function}.sql"))
    sound = file.read_text(encoding="utf-8")
    if sound.count(guard.text) != 1:
        print(f"stale: {file.name} has {sound.count(guard.text)} times: {guard.text}")
        return False
    file.write_text(sound.replace(guard.text, guard.instead), encoding="utf-8")
    try:
        by = _failure(folder)
    finally:
        file.write_text(sound, encoding="utf-8")
    if by is not None:
        print(f"noticed by {by}: {guard.function}: {guard.text.strip()!r}", flush=True)
        return True
    print(f"not noticed: {file.name}: {guard.text!r} -> {guard.instead!r}", flush=True)
    return False


def _failure(folder: Path) -> str | None:
    """Return the test that fails, if one does; one that hangs does."""
    files = [f"tests/integration/jobs/{name}.py" for name in TESTS]
    options = ["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--timeout", "25"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *files],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return "a run that did not end"
    if done.returncode == 0:
        return None
    failed = _FAILED.search(done.stdout)
    return failed.group(1) if failed else "a run that broke off"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
