"""Hold a golden scenario: what is given, what the person says, and what must come of it.

These models are the file format: `scenarios/schema.json` is generated from them and
`harness.loader` reads files into them. A value that starts with `$` is a matcher
(`harness.matching.matcher`).

environment  a file that makes an environment of an installed one
expect       what must come of a message
files        scenarios as files have them, and as the harness reads them
given        the scene, and what is said
steps        expected calls and their order
strict       how strict the format is
"""

from __future__ import annotations

from harness.scenario.environment import EnvironmentFile, PolicyFolders
from harness.scenario.expect import (
    Expect,
    ExpectedClarification,
    ExpectedRedaction,
    ExpectedRefusal,
    Slot,
)
from harness.scenario.files import Scenario, ScenarioFile, ScenarioIn
from harness.scenario.given import AttachmentGiven, Given, PrincipalChange
from harness.scenario.steps import ExpectedPlan, ExpectedStep, PlanMode, StepPattern

__all__ = [
    "AttachmentGiven",
    "EnvironmentFile",
    "Expect",
    "ExpectedClarification",
    "ExpectedPlan",
    "ExpectedRedaction",
    "ExpectedRefusal",
    "ExpectedStep",
    "Given",
    "PlanMode",
    "PolicyFolders",
    "PrincipalChange",
    "Scenario",
    "ScenarioFile",
    "ScenarioIn",
    "Slot",
    "StepPattern",
]
