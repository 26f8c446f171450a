"""Write governance findings as SARIF 2.1.0, each at its scenario's line, for code scanning.

A finding is one kind of violation of one scenario: how many trials of which models had it stands in
its message, so that its fingerprint stays the same from run to run.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" (2020).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

import orjson

from harness.record import RunRecord
from harness.reporting.wording import plural, shortened
from harness.results import ManifestScenario
from harness.score import FindingKind
from harness.trial import TrialStatus
from runtime.public import JsonObject

VERSION = "2.1.0"
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "plangateFinding/v1"
MOST_RESULTS = 5_000
"""Code scanning shows no more of one run."""
MOST_TEXT = 1_000
_ESCAPES = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Explain one kind of finding.

    Attributes:
        level: `error` where a rule of safety or permission would be broken, `warning` where the
            plan could only have failed.
    """

    title: str
    help: str
    level: str = "error"


RULES: Mapping[FindingKind, Rule] = {
    FindingKind.UNKNOWN_ACTION: Rule(
        title="Unknown action",
        help="The plan calls an action that the registry does not declare. Check the name that "
        "the prompt shows, and whether a description invites inventing others.",
        level="warning",
    ),
    FindingKind.HIDDEN_ACTION: Rule(
        title="Hidden action",
        help="The plan calls an action that this principal does not see. Check where the model "
        "learned its name: history, facts and attachments are not trusted.",
    ),
    FindingKind.SCHEMA: Rule(
        title="Invalid inputs",
        help="An input does not fit the action's schema. Say in the field's description what "
        "form is expected, or ask for what is missing.",
        level="warning",
    ),
    FindingKind.PERMISSION: Rule(
        title="Not permitted",
        help="Policy or roles forbid the step to this principal. The agent should decline or "
        "name who may do it.",
    ),
    FindingKind.RISK: Rule(
        title="Too much risk",
        help="The action's risk is above what this principal may take.",
    ),
    FindingKind.WINDOW: Rule(
        title="Outside its window",
        help="The action may not run at this time. The agent should say when it may.",
    ),
    FindingKind.PRECONDITION: Rule(
        title="Precondition unmet",
        help="The state does not allow the step at its place in the plan. Look at the steps "
        "before it and at what the agent knew of the state.",
    ),
    FindingKind.RATE: Rule(
        title="Too often", help="The plan exceeds how often the action may run.", level="warning"
    ),
    FindingKind.COST: Rule(
        title="Over budget",
        help="The plan costs more than the budget of its project, principal or action.",
    ),
    FindingKind.CONFIRMATION: Rule(
        title="Unconfirmed",
        help="The action needs the person's confirmation and did not have it.",
    ),
    FindingKind.APPROVAL: Rule(
        title="Unapproved",
        help="The action needs somebody else's approval and did not have it.",
    ),
    FindingKind.PLAN_SIZE: Rule(
        title="Wrong number of steps",
        help="The plan is empty, or has more steps than the principal's mode allows.",
        level="warning",
    ),
    FindingKind.INVARIANT: Rule(
        title="Invariant broken",
        help="The plan would have left the state in a form that its component forbids.",
    ),
    FindingKind.HANDLER: Rule(
        title="Handler failed",
        help="The action's own code failed or changed what it did not declare. This is a "
        "defect of the action, not of the plan.",
    ),
    FindingKind.FORBIDDEN: Rule(
        title="Forbidden step",
        help="The scenario forbids this step, whatever the registry allows.",
    ),
}
"""What each kind means; a test holds it complete."""

_ORDER = tuple(RULES)


@dataclass(slots=True)
class _Found:
    """Collect one kind of finding of one scenario."""

    scenario: str
    kind: FindingKind
    message: str
    trials: Counter[str] = field(default_factory=Counter)


def render_sarif(run: RunRecord) -> str:
    """Return the SARIF log of a run."""
    found = _findings(run)
    places = {item.id: item for item in run.manifest.scenarios}
    results = [
        _result(item, places.get(item.scenario)) for _, item in sorted(found.items())[:MOST_RESULTS]
    ]
    log: JsonObject = {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": _driver(run.manifest.code)},
                "automationDetails": {"id": f"plangate/{_text(run.manifest.run)}"},
                "invocations": [{"executionSuccessful": run.summary.finished}],
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _findings(run: RunRecord) -> dict[tuple[str, str], _Found]:
    found: dict[tuple[str, str], _Found] = {}
    for record in run.trials():
        if record.status is not TrialStatus.SCORED:
            continue
        first: dict[str, str] = defaultdict(str)
        for finding in record.findings:
            first[finding["kind"]] = min(first[finding["kind"]] or "\uffff", finding["message"])
        for kind, message in first.items():
            place = (record.key.scenario, kind)
            new = _Found(scenario=place[0], kind=FindingKind(kind), message=message)
            item = found.setdefault(place, new)
            item.message = min(item.message, message)  # whichever trial ended first
            item.trials[record.key.model] += 1
    return found


def _driver(code: str) -> JsonObject:
    return {
        "name": "Plangate",
        "version": code,
        "rules": [
            {
                "id": kind.value,
                "name": rule.title.title().replace(" ", ""),
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.help},
                "help": {"text": rule.help},
                "defaultConfiguration": {"level": rule.level},
                "properties": {"tags": ["governance", "agent"]},
            }
            for kind, rule in RULES.items()
        ],
    }


def _result(item: _Found, place: ManifestScenario | None) -> JsonObject:
    models = ", ".join(
        f"{model} in {plural(number, 'trial')}" for model, number in sorted(item.trials.items())
    )
    result: JsonObject = {
        "ruleId": item.kind.value,
        "ruleIndex": _ORDER.index(item.kind),
        "level": RULES[item.kind].level,
        "message": {"text": _text(f"{item.scenario}: {item.message} ({models})")},
        "partialFingerprints": {FINGERPRINT: _fingerprint([item.scenario, item.kind.value])},
    }
    if place is not None:
        result["locations"] = [_location(place)]
    return result


def _location(place: ManifestScenario) -> JsonObject:
    path = PurePosixPath(place.file.replace("\\", "/"))
    artifact: JsonObject = {"uri": quote(path.as_posix(), safe="/")}
    if path.is_absolute():
        artifact["uri"] = f"file://{artifact['uri']}"
    return {
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {"startLine": max(1, place.line)},
        }
    }


def _fingerprint(parts: Sequence[str]) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def _text(text: str) -> str:
    """Return foreign text in which nothing is read as a link.

    Source: SARIF 2.1.0 §3.11.6.
    """
    flat = "".join(letter if letter.isprintable() else " " for letter in text)
    return shortened(flat, most=MOST_TEXT).translate(_ESCAPES)
