"""What `plangate member` offers to choose from is what the domain knows."""

from __future__ import annotations

from enum import StrEnum
from typing import get_args

import pytest

from runtime.client.documents import kinds
from runtime.domain import member as domain
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode


@pytest.mark.parametrize(
    ("offered", "known"),
    [
        pytest.param(kinds.OrganizationRole, OrganizationRole, id="organization role"),
        pytest.param(kinds.ProjectRole, domain.ProjectRole, id="project role"),
        pytest.param(kinds.Mode, Mode, id="mode"),
    ],
)
def test_every_choice_is_offered(offered: object, known: type[StrEnum]) -> None:
    """A role that is added to the domain is added to the client, and so to the command."""
    assert set(get_args(offered)) == {item.value for item in known}
