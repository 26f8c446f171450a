"""Build the facility once for its tests."""

from __future__ import annotations

import pytest

from runtime.plugins.stdlib.facility import PLUGIN
from runtime.public import Sandbox
from tests.unit.runtime.plugins.stdlib.facility.plant import Plant


@pytest.fixture(scope="session")
def plant() -> Plant:
    """Compile the environment, which also checks its initial state."""
    return Plant(sandbox=Sandbox.of(PLUGIN, PLUGIN.environments[0]))
