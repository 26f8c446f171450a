"""Write a run as JUnit XML: a suite a model, a case a trial.

A wrong answer is a failure; a trial lost to infrastructure or to our own defect is an error.
"""

from __future__ import annotations

import re
from collections import defaultdict
from xml.etree import ElementTree as ET

from harness.record import RunRecord
from harness.results import ManifestScenario
from harness.trial import TrialRecord, TrialStatus

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_TEXT = 8_000


def render_junit(run: RunRecord) -> str:
    """Return the JUnit document."""
    by_model: dict[str, dict[tuple[str, int], TrialRecord]] = defaultdict(dict)
    for record in run.trials():
        by_model[record.key.model][record.key.scenario, record.key.index] = record
    places = {scenario.id: scenario for scenario in run.manifest.scenarios}
    root = ET.Element("testsuites", name=f"plangate {legal(run.manifest.run)}")
    for entry in run.manifest.models:
        trials = [record for _, record in sorted(by_model.get(entry.reference, {}).items())]
        suite = ET.SubElement(root, "testsuite", name=legal(entry.reference))
        if not run.manifest.replays:  # the same cassettes give the same file
            suite.set("timestamp", legal(run.manifest.created))
        _count(suite, trials)
        for record in trials:
            suite.append(_case(record, places.get(record.key.scenario)))
    _count(root, [record for trials in by_model.values() for record in trials.values()])
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def legal(text: str) -> str:
    """Return a text without the characters that XML 1.0 has no way to write."""
    return _NOT_XML.sub("", text)


def _count(element: ET.Element, trials: list[TrialRecord]) -> None:
    lost = sum(record.status is not TrialStatus.SCORED for record in trials)
    passed = sum(record.status is TrialStatus.SCORED and record.passed is True for record in trials)
    element.set("tests", str(len(trials)))
    element.set("failures", str(len(trials) - lost - passed))
    element.set("errors", str(lost))
    element.set("skipped", "0")
    element.set("time", f"{sum(record.latency_s for record in trials):.3f}")


def _case(record: TrialRecord, place: ManifestScenario | None) -> ET.Element:
    case = ET.Element("testcase", name=legal(f"{record.key.scenario}[{record.key.index}]"))
    case.set("classname", legal(f"{record.environment}.{record.suite}"))
    case.set("time", f"{record.latency_s:.3f}")
    if place is not None:
        case.set("file", legal(place.file))
        case.set("line", str(place.line))
    if record.status is not TrialStatus.SCORED:
        lost = ET.SubElement(case, "error", type=record.status.value)
        _explain(lost, record.fault or "no fault was recorded")
    elif record.passed is not True:
        wrong = ET.SubElement(case, "failure", type="governance" if record.findings else "plan")
        _explain(wrong, "\n".join(_reasons(record)) or "no scorer gave a reason")
    _told(case, record)
    return case


def _explain(element: ET.Element, text: str) -> None:
    element.set("message", legal(text.partition("\n")[0])[:MOST_TEXT])
    element.text = legal(text)[:MOST_TEXT]


def _reasons(record: TrialRecord) -> list[str]:
    wrong = [
        f"{name}: {score.get('reason') or score.get('error') or 'failed'}"
        for name, score in record.scores.items()
        if score["passed"] is False or score.get("error")
    ]
    found = [f"finding {finding['kind']}: {finding['message']}" for finding in record.findings]
    return [*wrong, *found, *record.problems]


def _told(case: ET.Element, record: TrialRecord) -> None:
    lines = [f"message: {record.message}", f"answered: {record.kind}, seed {record.seed}"]
    for name, score in record.scores.items():
        value = "unscored" if score["value"] is None else f"{score['value']:g}"
        lines.append(f"{name} = {value} {score.get('reason') or score.get('error') or ''}".rstrip())
    ET.SubElement(case, "system-out").text = legal("\n".join(lines))[:MOST_TEXT]
