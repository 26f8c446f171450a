"""Measure a replay of recorded decisions under other rules: `python -m tests.bench.what_if_speed`.

Each decision is about other inputs, and the rules read them: none is spared by being like another.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.rego.evaluator import RegoEvaluator
from runtime.domain.policy_unit import PolicyModule
from runtime.kit.canonical_json import canonical_text
from runtime.policies import shipped_modules
from runtime.services.policies.recorded_decisions import RecordedPlace
from runtime.services.policies.what_if import WhatIf
from runtime.store import schema
from runtime.store.session import Database
from tests.database import session
from tests.rows import INSTANT, an_id, inserted, organization, rows_of

OTHER_RULES: Final = PolicyModule(
    path="organization/rules.rego",
    text=(
        "package tenant.organization\n\nimport rego.v1\n\n"
        'deny contains {"message": "at most 500", "remedy": "take less"} if {\n'
        "\tinput.inputs.by > 500\n}\n"
    ),
)
QUESTION: Final = canonical_text(
    {
        "principal": {
            "id": "mem_1",
            "organization": "org_1",
            "roles": ["operator"],
            "grant": "assisted",
            "claims": {},
        },
        "action": {
            "id": "counter.increment@1",
            "name": "counter.increment",
            "version": 1,
            "targets": ["counter"],
            "may_change": ["/counter"],
            "permission": {
                "risk": "low",
                "confirmation": False,
                "approvals": 0,
                "roles": [],
                "visibility": "user",
                "urgent": False,
            },
            "cost": 1,
            "side_effects": [],
        },
    }
)
ANSWER: Final = canonical_text(
    {"allow": True, "denials": [], "obligations": [], "roles": ["operator"]}
)
_HISTORY: Final = """
insert into outcomes select $1, $2, n, 'out_' || n, 'mem_1', 'tok_1', 'done', null,
  'd', n - 1, n, 1, '{"steps":[{"action":"counter.increment@1","decision_id":"sha256:1","index":0,'
  || '"inputs":{"by":' || n % 1000 || ',"note":' || n || '}}]}', 1, $3
from generate_series(2, $4::int + 1) n
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=100_000)
    asyncio.run(_measured(parser.parse_args().decisions))


async def _measured(decisions: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder,
        EmbeddedPostgres.started(Path(folder)) as postgres,
    ):
        await schema.upgrade(postgres.url(role="owner"))
        database = await Database.opened(postgres.url(role="app"))
        evaluator = RegoEvaluator(workers=2)
        try:
            place = await _recorded(postgres.url(role="app"), decisions)
            what_if = WhatIf(database=database, evaluator=evaluator, shipped=shipped_modules)
            began_s = time.perf_counter()
            replay = await what_if.replay(place, own=(OTHER_RULES,), limit=decisions)
            took_s = time.perf_counter() - began_s
        finally:
            await evaluator.close()
            await database.close()
    found = replay.document()
    print(
        f"{found['decisions']} decisions, {found['questions']} questions: {took_s:.1f} s "
        f"(goal 60 s for 100,000): {found['newly_denied']} newly denied, "
        f"{len(found['flips'])} listed, {found['left_off']} left off"
    )


async def _recorded(url: str, decisions: int) -> RecordedPlace:
    """Store a project with that many decided steps."""
    organization_id, project = organization(1), an_id("prj", 1)
    rows = rows_of(organization_id)
    rows["policy_decisions"] = {**rows["policy_decisions"], "input": QUESTION, "answer": ANSWER}
    async with session(url) as app, app.transaction():
        await app.execute("select set_config('app.organization_id', $1, true)", organization_id)
        for table in ("organizations", "members", "projects", "policy_units", "policy_decisions"):
            await app.execute(inserted(table, rows[table]), *rows[table].values())
        await app.execute(_HISTORY, organization_id, project, INSTANT, decisions)
    return RecordedPlace(organization_id=organization_id, project_id=project, environment="counter")


if __name__ == "__main__":
    main()
