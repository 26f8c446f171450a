"""A report of a gate is believed where it is whole, says one thing, and is of now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from runtime.domain.errors import GateReportRefusedError
from runtime.domain.gate_report import (
    AHEAD,
    LONGEST_UNBROUGHT,
    GateReport,
    GateVerdict,
    JudgedGate,
    judged_gate,
    worst_of,
)
from runtime.kit.json_value import JsonObject
from tests.gate_reports import (
    ENVIRONMENT,
    MODEL,
    OTHER_MODEL,
    PROMPT,
    REGISTRY,
    a_check,
    a_report,
    checks_of,
    signed,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def judged(
    document: JsonObject, *, model: str = MODEL, environment: str = ENVIRONMENT
) -> JudgedGate:
    """Judge a report now."""
    report = GateReport.model_validate(document)
    return judged_gate(report, model=model, environment=environment, now=NOW)


def refused(document: JsonObject, **named: str) -> GateReportRefusedError:
    """Return why a report is not believed."""
    with pytest.raises(GateReportRefusedError) as caught:
        judged(document, **named)
    return caught.value


def test_a_whole_report_is_believed() -> None:
    """It says what was evaluated, and how it ended."""
    found = judged(a_report(judged_at=NOW))

    assert found.passed
    assert (found.surroundings.prompt, found.surroundings.registry) == (PROMPT, REGISTRY)
    assert found.judged_at == NOW


@pytest.mark.parametrize("verdict", [item.value for item in GateVerdict if item.value != "pass"])
def test_everything_but_a_pass_is_none(verdict: str) -> None:
    """Also what could not be judged."""
    found = judged(a_report(verdict, judged_at=NOW))

    assert (found.passed, found.verdict) == (False, verdict)


def test_a_changed_report_has_another_digest() -> None:
    """Whoever changes it would have to sign it anew, which anybody can: see the docs."""
    report = a_report(judged_at=NOW)

    assert refused({**report, "checks": checks_of(OTHER_MODEL)}).pointer == "/digest"


@pytest.mark.parametrize(
    ("spoil", "pointer"),
    [
        pytest.param(lambda it: {**it, "verdict": "pass"}, "/verdict", id="verdict"),
        pytest.param(lambda it: {**it, "exit_code": 0}, "/exit_code", id="exit code"),
    ],
)
def test_a_report_that_says_two_things_is_refused(
    spoil: Callable[[JsonObject], JsonObject], pointer: str
) -> None:
    """Its checks are what counts."""
    assert refused(signed(spoil(a_report("regression", judged_at=NOW)))).pointer == pointer


@pytest.mark.parametrize(
    ("judged_at", "believed"),
    [
        pytest.param(NOW + AHEAD, True, id="a clock that is ahead"),
        pytest.param(NOW + AHEAD + timedelta(seconds=1), False, id="the future"),
        pytest.param(NOW - LONGEST_UNBROUGHT, True, id="a month ago"),
        pytest.param(NOW - LONGEST_UNBROUGHT - timedelta(seconds=1), False, id="long ago"),
    ],
)
def test_a_verdict_is_of_now(judged_at: datetime, *, believed: bool) -> None:
    """Within bounds that the clocks of two machines and a slow pipeline need."""
    report = a_report(judged_at=judged_at)

    if believed:
        assert judged(report).passed
    else:
        assert refused(report).pointer == "/subject/judged_at"


def test_an_instant_without_its_offset_is_none() -> None:
    """It could be anywhere."""
    report = a_report(judged_at=NOW)
    spoiled = {**report, "subject": {**report["subject"], "judged_at": "2026-03-02T12:00:00.000"}}

    assert refused(signed(spoiled)).pointer == "/subject/judged_at"


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({"model": OTHER_MODEL}, id="another model"),
        pytest.param({"environment": "facility"}, id="another environment"),
    ],
)
def test_nobody_passes_by_the_report_of_another(named: dict[str, str]) -> None:
    """It has to name them."""
    assert refused(a_report(judged_at=NOW), **named).pointer == "/subject"


@pytest.mark.parametrize("name", ["infrastructure", "governance"])
def test_what_is_always_checked_has_to_be_there(name: str) -> None:
    """A report without it was not written by a gate, or had its findings taken out."""
    checks = [check for check in checks_of() if check["name"] != name]
    others = [*checks, a_check("*", name), a_check(OTHER_MODEL, name)]

    assert refused(a_report(checks=others, judged_at=NOW)).pointer == "/checks"


def test_each_model_has_its_own_verdict() -> None:
    """And that of the whole run besides."""
    both = [*checks_of(), *checks_of(OTHER_MODEL, "governance")]
    report = a_report("governance", checks=both, models=(MODEL, OTHER_MODEL), judged_at=NOW)
    whole = a_report(
        "inconclusive", checks=[a_check("*", "run", "inconclusive"), *checks_of()], judged_at=NOW
    )

    assert judged(report).passed
    assert judged(report, model=OTHER_MODEL).verdict is GateVerdict.GOVERNANCE
    assert judged(whole).verdict is GateVerdict.INCONCLUSIVE


def test_nothing_checked_is_inconclusive() -> None:
    """Never a pass."""
    assert worst_of(()) is GateVerdict.INCONCLUSIVE


@pytest.mark.parametrize("counted", ["scenarios", "trials"])
def test_of_nothing_there_is_no_verdict(counted: str) -> None:
    """A run without scenarios passes every check that counts findings."""
    report = a_report(judged_at=NOW)
    empty = signed({**report, "subject": {**report["subject"], counted: 0}})

    with pytest.raises(ValidationError, match=counted):
        GateReport.model_validate(empty)


@pytest.mark.parametrize(("letters", "taken"), [(300, True), (301, False)])
def test_a_name_has_an_end_in_bytes(letters: int, *, taken: bool) -> None:
    """Letters of two bytes count as two."""
    report = signed({**a_report(judged_at=NOW, run="\u00e4" * letters)})

    with nullcontext() if taken else pytest.raises(ValidationError, match="bytes"):
        GateReport.model_validate(report)
