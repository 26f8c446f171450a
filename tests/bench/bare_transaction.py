"""Time the bare transaction of an execution: its writes alone, everything else done beforehand.

Executions are judged one after the other without being timed; timed are only their commits, over
one connection, by the one statement that the platform itself uses.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Final

from runtime.bootstrap.environments import installed_environments
from runtime.domain.plan import Plan, Step
from runtime.domain.principal import Principal
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.services.execution.changes import Execution
from runtime.services.execution.draft import Tenure
from runtime.services.execution.judges import Judges
from runtime.store.executions import Commit, commit
from runtime.store.heads import read_head
from runtime.store.session import Database
from tests.rules import decided_by_table

TIMES: Final = 400
FENCE: Final = 10**12


async def bare_p50_ms(url: str, *, principal: Principal, project_id: str) -> float:
    """Return the median of committing one execution of a counter project after the other."""
    database = await Database.opened(url)
    try:
        took_s: list[float] = []
        for group in await _judged(database, principal, project_id):
            began_s = time.perf_counter()
            await commit(database, [group])
            took_s.append(time.perf_counter() - began_s)
        return 1000 * median(took_s)
    finally:
        await database.close()


async def _judged(database: Database, principal: Principal, project_id: str) -> list[Commit]:
    """Judge executions that follow each other, and keep what they would commit."""
    ids = Ids(SystemClock())
    organization = principal.organization
    head = await read_head(database, organization_id=organization, project_id=project_id)
    judge = Judges(installed_environments()).of(head.environment)
    groups: list[Commit] = []
    for number in range(TIMES):
        tenure = Tenure(
            organization_id=organization, project_id=project_id, fence=FENCE, now=ids.now()
        )
        by = 1 if number % 2 else -1
        execution = Execution(
            outcome_id=ids.new("out"),
            plan=Plan(steps=(Step(action="counter.increment", inputs={"by": by}),)),
            principal=principal,
            credential_id="tok_bench",
        )
        verdict = judge.group(
            [execution], head, tenure, decided=decided_by_table(judge, [execution])
        )
        head = verdict.head
        groups.append(verdict.commit)
    return groups
