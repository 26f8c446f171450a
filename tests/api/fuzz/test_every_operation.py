"""No request makes a fault of ours, and every answer is one that the description promises (A9)."""

from __future__ import annotations

import pytest
from schemathesis import GenerationMode

from tests.api.fuzz.fuzzing import fuzz
from tests.integration.faults.site import Site, Tenant

EXAMPLES = 10


@pytest.mark.parametrize("mode", GenerationMode)
def test_no_operation_answers_what_it_does_not_describe(
    site: Site, tenant: Tenant, project: str, mode: GenerationMode
) -> None:
    """Statuses, media types, headers and bodies, for requests that fit and requests that don't."""
    known = {
        "project_id": project,
        "organization_id": tenant.id,
        "member_id": tenant.owner,
        "environment": "counter",
    }

    found = fuzz(site.servers[0].url, token=tenant.token, known=known, mode=mode, examples=EXAMPLES)

    assert found.problems == [], "\n".join(found.problems)
    assert len(found.statuses) > 45
    assert found.sent > 3 * len(found.statuses)
