"""Check the SARIF log against what the standard demands and what code scanning relies on."""

from pathlib import Path

import orjson
import pytest

from harness.record import read_run
from harness.reporting.sarif import FINGERPRINT, MOST_RESULTS, RULES, render_sarif
from harness.score import FindingKind
from runtime.public import JsonObject, JsonValue
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_lost_trial,
    a_run,
    a_trial,
)


def _governed(*kinds: str, message: str = "250 of 100") -> JsonObject:
    findings = [{"kind": kind, "message": message, "step": 0} for kind in kinds]
    return {"governance": {"value": 0.0, "passed": False, "findings": findings}}


def _log(folder: Path) -> JsonObject:
    log: JsonObject = orjson.loads(render_sarif(read_run(folder)))
    return log


def _results(folder: Path) -> list[JsonObject]:
    results: list[JsonObject] = _log(folder)["runs"][0]["results"]
    return results


def _complaints(log: JsonObject) -> list[str]:
    """Return what SARIF 2.1.0 would not allow, of what we write."""
    found = []
    if set(log) != {"$schema", "version", "runs"} or log["version"] != "2.1.0":
        found.append("log")
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        ids = [rule["id"] for rule in driver["rules"]]
        if not driver["name"] or len(set(ids)) != len(ids):
            found.append("driver")
        for rule in driver["rules"]:
            texts = [rule[name]["text"] for name in ("shortDescription", "fullDescription", "help")]
            level = rule["defaultConfiguration"]["level"]
            if not all(texts) or level not in {"none", "note", "warning", "error"}:
                found.append(f"rule {rule['id']}")
        found += [problem for result in run["results"] for problem in _wrong(result, ids)]
    return found


def _wrong(result: JsonObject, ids: list[str]) -> list[str]:
    wrong = []
    if ids[result["ruleIndex"]] != result["ruleId"] or not result["message"]["text"]:
        wrong.append("rule or message")
    if result["level"] not in {"none", "note", "warning", "error"}:
        wrong.append("level")
    if not all(isinstance(value, str) for value in result["partialFingerprints"].values()):
        wrong.append("fingerprint")
    for location in result.get("locations", ()):
        place = location["physicalLocation"]
        uri: JsonValue = place["artifactLocation"]["uri"]
        if place["region"]["startLine"] < 1 or not isinstance(uri, str) or " " in uri:
            wrong.append("location")
    return wrong


def test_every_kind_makes_a_sound_log(tmp_path: Path) -> None:
    """All kinds of finding fit the standard, each with its own rule."""
    trials = [
        a_failed_trial(f"s-{kind}", scores=_governed(kind.value, message="a b"))
        for kind in FindingKind
    ]

    log = _log(a_run(tmp_path, trials))

    assert _complaints(log) == []
    assert len(log["runs"][0]["results"]) == len(FindingKind)
    assert set(RULES) == set(FindingKind)


def test_a_finding_lies_at_its_scenarios_line(tmp_path: Path) -> None:
    """A reviewer lands where the scenario is, and reads who did it how often."""
    trials = [
        a_failed_trial(index=0, scores=_governed("cost", message="zebra")),
        a_failed_trial(index=1, scores=_governed("cost", "cost")),
        a_failed_trial(model="m/b", scores=_governed("cost")),
        a_trial(index=2),
        a_lost_trial(index=3, scores=_governed("risk")),
    ]

    (result,) = _results(a_run(tmp_path, trials))

    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "scenarios/helpdesk/cases.yaml"
    assert place["region"]["startLine"] == 3
    assert result["message"]["text"] == (
        f"helpdesk-refund: 250 of 100 (m/b in 1 trial, {ORACLE} in 2 trials)"
    )


def test_fingerprints_name_scenario_and_kind_only(tmp_path: Path) -> None:
    """Another run, model or message is the same finding; another kind or scenario is not."""
    one = [a_failed_trial("s-a", scores=_governed("cost", "risk"))]
    other = [
        a_failed_trial("s-a", "m/b", 3, scores=_governed("cost", message="else")),
        a_failed_trial("s-b", scores=_governed("cost")),
    ]

    first = [
        item["partialFingerprints"][FINGERPRINT] for item in _results(a_run(tmp_path / "1", one))
    ]
    second = [
        item["partialFingerprints"][FINGERPRINT]
        for item in _results(a_run(tmp_path / "2", other, run="run_02"))
    ]

    assert first[0] == second[0]
    assert len({*first, *second}) == 3


@pytest.mark.parametrize(
    ("kind", "level"),
    [pytest.param("schema", "warning", id="form"), pytest.param("risk", "error", id="safety")],
)
def test_levels_follow_what_could_have_happened(tmp_path: Path, kind: str, level: str) -> None:
    """A plan that could only have failed warns; one that would break a rule is an error."""
    (result,) = _results(a_run(tmp_path, [a_failed_trial(scores=_governed(kind))]))

    assert result["level"] == level


def test_foreign_text_makes_no_link(tmp_path: Path) -> None:
    """What a model wrote is read as its letters, on one line."""
    scores = _governed("cost", message="[x](https://example.org)\n\\")

    (result,) = _results(a_run(tmp_path, [a_failed_trial(scores=scores)]))

    assert "\\[x\\](https://example.org) \\\\" in result["message"]["text"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        pytest.param("a b/ü.yaml", "a%20b/%C3%BC.yaml", id="spaces and letters"),
        pytest.param("/abs/c.yaml", "file:///abs/c.yaml", id="outside of the project"),
        pytest.param("dir\\c.yaml", "dir/c.yaml", id="the other slash"),
    ],
)
def test_places_are_addresses(tmp_path: Path, file: str, uri: str) -> None:
    """A file's name is spelled as an address."""
    run = read_run(a_run(tmp_path, [a_failed_trial()]))
    place = run.manifest.scenarios[0].model_dump() | {"file": file, "line": 0}
    folder = a_run(tmp_path / "2", [a_failed_trial()], scenarios=[place])

    (result,) = _results(folder)

    found = result["locations"][0]["physicalLocation"]
    assert found["artifactLocation"]["uri"] == uri
    assert found["region"]["startLine"] == 1


def test_a_scenario_without_place_keeps_its_finding(tmp_path: Path) -> None:
    """Nothing is lost because a manifest lacks a scenario."""
    (result,) = _results(a_run(tmp_path, [a_failed_trial()], scenarios=[]))

    assert "locations" not in result


def test_no_finding_is_an_empty_log_that_says_whether_the_run_ended(tmp_path: Path) -> None:
    """An unfinished run found nothing yet."""
    whole, part = (
        a_run(tmp_path / "1", [a_trial()]),
        a_run(tmp_path / "2", [a_trial()], finished=False),
    )

    assert _results(whole) == []
    assert _log(whole)["runs"][0]["invocations"] == [{"executionSuccessful": True}]
    assert _log(part)["runs"][0]["invocations"] == [{"executionSuccessful": False}]
    assert MOST_RESULTS <= 5_000
