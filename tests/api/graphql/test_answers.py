"""An answer has a bound in bytes; what passes it is told with what to ask for instead."""

from __future__ import annotations

import pytest

from runtime.entrypoints.graphql.refusals import MOST_ANSWER_BYTES
from tests.graphql_site import GraphqlSite

ROWS = """
query($project: ID!, $first: Int!) {
  me { member { id } }
  project(id: $project) { outcomes(first: $first) { nodes { id steps } } }
}
"""
HEAVY_ROWS = 100


async def heavy_outcomes(site: GraphqlSite, project: str) -> None:
    """Let the project have outcomes that are too heavy to be told in one answer."""
    async with site.superuser() as superuser:
        await superuser.execute(
            """
            insert into outcomes (organization_id, project_id, number, id, principal_id,
              credential_id, status, refusal_code, plan_digest, before_version, after_version,
              cost, document, fence, created_at)
            select organization_id, project_id, n, 'out_' || lpad(n::text, 26, '0'),
              principal_id, credential_id, status, refusal_code, plan_digest,
              before_version, after_version, cost,
              replace(document, '"steps":[', '"steps":["' || repeat('x', $3) || '",'),
              fence, created_at
            from outcomes cross join generate_series(2, $2) as n
            where project_id = $1 and number = 1
            """,
            project,
            HEAVY_ROWS + 1,
            MOST_ANSWER_BYTES // 40,
        )


@pytest.mark.parametrize(
    ("first", "status", "data"),
    [
        pytest.param(HEAVY_ROWS, 200, "the rest", id="a long list alone is left out"),
        pytest.param(50, 422, "nothing", id="a short list leaves nothing to tell"),
    ],
)
async def test_an_answer_with_too_many_bytes_is_not_sent(
    site: GraphqlSite, first: int, status: int, data: str
) -> None:
    """With a code, and what to do about it."""
    who = await site.real.found()
    project = await site.project(who)
    await heavy_outcomes(site, project)

    told = await site.ask(ROWS, {"project": project, "first": first}, token=who.token)

    assert (told.answered.status, told.codes) == (status, ["answer_too_large"])
    assert "fewer rows with first" in told.errors[0]["message"]
    assert len(told.answered.body) < 1_000
    rest = {"me": {"member": {"id": who.member}}, "project": {"outcomes": None}}
    assert told.data == (rest if data == "the rest" else None)


async def test_fewer_rows_or_fields_are_told(site: GraphqlSite) -> None:
    """Of the very list that was too heavy."""
    who = await site.real.found()
    project = await site.project(who)
    await heavy_outcomes(site, project)
    light = ROWS.replace("steps", "status")

    few = await site.got(ROWS, {"project": project, "first": 30}, token=who.token)
    many = await site.got(light, {"project": project, "first": HEAVY_ROWS}, token=who.token)

    assert len(few["project"]["outcomes"]["nodes"]) == 30
    assert len(many["project"]["outcomes"]["nodes"]) == HEAVY_ROWS
