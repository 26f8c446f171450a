"""A configuration is one logged model, and the champion alias moves only when it is told to."""

from __future__ import annotations

import pytest

from harness.tracking.configuration import comparability_of, configuration_of
from harness.tracking.contenders import crowned, logged_model
from tests.unit.harness.reporting.builders import ORACLE
from tests.unit.harness.tracking.conftest import KEYWORD, PROMPT, Logged

pytestmark = pytest.mark.filterwarnings("ignore")  # the driver's own


def test_equal_configurations_share_a_logged_model(logged: Logged) -> None:
    """Three runs of one configuration and one of another make two models."""
    store = logged.store
    found = store.client.search_logged_models(
        [store.experiment], filter_string=f"tags.`plangate.model` = '{ORACLE}'"
    )

    assert len(found) == 2
    assert {item.params["helpdesk.prompt"] for item in found} == {"3", PROMPT}
    known = logged_model(store, configuration_of(logged.first.manifest, ORACLE))
    assert known in {item.model_id for item in found}
    assert {str(item.status) for item in found} == {"READY"}


def test_the_champion_is_what_was_blessed_last(logged: Logged) -> None:
    """The alias stands on the second version, which the third run used."""
    champion = crowned(logged.store, ORACLE)

    assert champion is not None
    assert (champion.run, champion.version) == ("run_03", "2")
    assert champion.suite_digest == "sha256:5a1e"
    assert champion.comparability != comparability_of(logged.first.manifest, ORACLE)
    version = logged.store.client.get_model_version_by_alias(champion.name, "champion")
    assert version.tags["plangate.run"] == "run_03"


@pytest.mark.parametrize("model", [KEYWORD, "openai/never-heard-of"])
def test_what_was_never_blessed_has_no_champion(logged: Logged, model: str) -> None:
    """Logging a run crowns nobody."""
    assert crowned(logged.store, model) is None
