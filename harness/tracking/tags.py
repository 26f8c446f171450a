"""Name the tags, the experiment and the alias under which everything stands in the store."""

from __future__ import annotations

from typing import Final

EXPERIMENT: Final = "plangate"
CHAMPION: Final = "champion"

RUN_TAG: Final = "plangate.run"
GATE_TAG: Final = "plangate.gate"
CREATED_TAG: Final = "plangate.created"
MODEL_TAG: Final = "plangate.model"
SUITE_TAG: Final = "plangate.suite"
COMPARABILITY_TAG: Final = "plangate.comparability"
CONFIGURATION_TAG: Final = "plangate.configuration"
LOGGED_MODEL_TAG: Final = "plangate.logged_model"
DIGEST_TAG: Final = "plangate.digest"
PARENT_TAG: Final = "mlflow.parentRunId"
