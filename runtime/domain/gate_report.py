"""Read the verdict of an evaluation as the harness writes it, and judge whether to believe it.

The platform was not there: it can tell a report that was changed, contradicts itself or is old from
one that is whole, and nothing more. Who may bring one is the right of the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from runtime.domain.errors import GateReportRefusedError
from runtime.kit.canonical_json import MAX_SAFE_INTEGER, digest
from runtime.kit.json_value import JsonObject

LONGEST_UNBROUGHT: Final = timedelta(days=30)
"""How old a verdict may be when it is brought."""
LONGEST_HOLDING: Final = timedelta(days=90)
"""How long a verdict holds, from the instant at which it was given."""
AHEAD: Final = timedelta(minutes=5)
"""How far the clock of whoever evaluates may be ahead of ours."""
MOST_CHECKS: Final = 2_000
MOST_MODELS: Final = 100
MOST_ENVIRONMENTS: Final = 100
LONGEST_NAME: Final = 500
LONGEST_NAME_BYTES: Final = 600
"""In UTF-8; storage finds verdicts by several names at once, and its index has an end."""
LONGEST_DETAIL: Final = 4_000
EVERY_MODEL: Final = "*"
"""The model of a check that is of the whole run."""
ALWAYS_CHECKED: Final = frozenset({"infrastructure", "governance"})
"""What the harness looks at in each model that it judges, whatever the rules say."""

_INSTANT: Final = TypeAdapter[datetime](AwareDatetime)


def _short(name: str) -> str:
    size_bytes = len(name.encode(errors="replace"))
    if size_bytes > LONGEST_NAME_BYTES:
        raise ValueError(f"it has {size_bytes} bytes, expected at most {LONGEST_NAME_BYTES}")
    return name


NamedText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_short),
]
Count = Annotated[StrictInt, Field(ge=1, le=MAX_SAFE_INTEGER)]


class GateVerdict(StrEnum):
    """Name how a check, or all of them, ended."""

    PASS = "pass"  # noqa: S105  # a verdict, not a password
    REGRESSION = "regression"
    GOVERNANCE = "governance"
    INCONCLUSIVE = "inconclusive"
    INFRASTRUCTURE = "infrastructure"


_WORST_FIRST: Final = (
    GateVerdict.GOVERNANCE,
    GateVerdict.REGRESSION,
    GateVerdict.INFRASTRUCTURE,
    GateVerdict.INCONCLUSIVE,
    GateVerdict.PASS,
)
_EXIT_CODES: Final = {
    GateVerdict.PASS: 0,
    GateVerdict.REGRESSION: 1,
    GateVerdict.GOVERNANCE: 2,
    GateVerdict.INCONCLUSIVE: 3,
    GateVerdict.INFRASTRUCTURE: 4,
}


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GateCheck(_Document):
    """Repeat one check of one model; `model` is `*` for one of the whole run."""

    model: NamedText
    name: NamedText
    verdict: GateVerdict
    detail: Annotated[str, StringConstraints(max_length=LONGEST_DETAIL)]


class GateSurroundings(_Document):
    """Repeat by which digests an environment was evaluated."""

    registry: NamedText
    prompt: NamedText
    plugin: NamedText
    policy: NamedText
    scorers: NamedText


class GateSubject(_Document):
    """Say what was evaluated.

    Attributes:
        run: the harness's name of the run.
        code: the version of the harness.
        judged_at: when the verdict was given, RFC 3339.
        suite: digest of the scenarios.
        models: references of the models that were judged.
        scenarios, trials: how many scenarios, and how often each; of nothing there is no verdict.
        replays: every answer came from cassettes.
        environments: by name.
    """

    run: NamedText
    code: NamedText
    judged_at: Annotated[str, StringConstraints(min_length=20, max_length=40)]
    suite: NamedText
    models: Annotated[tuple[NamedText, ...], Field(min_length=1, max_length=MOST_MODELS)]
    scenarios: Count
    trials: Count
    replays: StrictBool
    environments: Annotated[
        dict[NamedText, GateSurroundings], Field(min_length=1, max_length=MOST_ENVIRONMENTS)
    ]


class GateReport(_Document):
    """Repeat what `gate.json` of a run holds; the digest is over everything else in it."""

    gate_version: Literal[1]
    verdict: GateVerdict
    exit_code: StrictInt
    checks: Annotated[tuple[GateCheck, ...], Field(min_length=1, max_length=MOST_CHECKS)]
    subject: GateSubject
    digest: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

    def document(self) -> JsonObject:
        """Return it as it was brought."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedGate:
    """Hold what a report says of one model in one environment.

    Attributes:
        verdict: the worst of the checks that are of this model or of the whole run.
        judged_at: when it was given, as the report says.
    """

    model: str
    environment: str
    surroundings: GateSurroundings
    verdict: GateVerdict
    judged_at: datetime

    @property
    def passed(self) -> bool:
        """Say whether every check passed."""
        return self.verdict is GateVerdict.PASS


def judged_gate(report: GateReport, *, model: str, environment: str, now: datetime) -> JudgedGate:
    """Return what a report says of a model in an environment, if it is to be believed.

    Raises:
        GateReportRefusedError: its digest is not that of its content, its verdict is not that of
            its checks, it is too old or of the future, or it is of others.
    """
    refuse_changed(report)
    refuse_contradiction(report)
    judged_at = _instant(report.subject.judged_at)
    _refuse_time(judged_at, now=now)
    surroundings = report.subject.environments.get(environment)
    if model not in report.subject.models or surroundings is None:
        raise GateReportRefusedError(
            pointer="/subject",
            problem=f"it does not judge the model {model[:200]!r} in the environment "
            f"{environment[:200]!r}; name one of its models and one of its environments",
        )
    own = [check for check in report.checks if check.model in {model, EVERY_MODEL}]
    missing = ALWAYS_CHECKED - {check.name for check in own if check.model == model}
    if missing:
        raise GateReportRefusedError(
            pointer="/checks",
            problem=f"no check called {', '.join(sorted(missing))} is of the model {model[:200]!r}",
        )
    return JudgedGate(
        model=model,
        environment=environment,
        surroundings=surroundings,
        verdict=worst_of(own),
        judged_at=judged_at,
    )


def refuse_changed(report: GateReport) -> None:
    """Refuse a report whose digest is not that of its content.

    Raises:
        GateReportRefusedError: it was changed after it was written.
    """
    document = report.document()
    del document["digest"]
    if digest(document) != report.digest:
        raise GateReportRefusedError(
            pointer="/digest",
            problem="it is not the digest of the rest of the report; bring `gate.json` unchanged",
        )


def refuse_contradiction(report: GateReport) -> None:
    """Refuse a report whose verdict is another than its own checks give.

    Raises:
        GateReportRefusedError: it says two things.
    """
    expected = worst_of(report.checks)
    if report.verdict is not expected:
        raise GateReportRefusedError(
            pointer="/verdict",
            problem=f"it is {report.verdict.value}, and its checks give {expected.value}",
        )
    if report.exit_code != _EXIT_CODES[expected]:
        raise GateReportRefusedError(
            pointer="/exit_code",
            problem=f"it is {report.exit_code}, expected {_EXIT_CODES[expected]} for "
            f"{expected.value}",
        )


def worst_of(checks: Iterable[GateCheck]) -> GateVerdict:
    """Return the verdict of the worst check; nothing checked is inconclusive."""
    found = {check.verdict for check in checks}
    return next((item for item in _WORST_FIRST if item in found), GateVerdict.INCONCLUSIVE)


def _instant(text: str) -> datetime:
    try:
        return _INSTANT.validate_python(text)
    except ValidationError:
        raise GateReportRefusedError(
            pointer="/subject/judged_at",
            problem="it is no instant with its offset, as in 2026-01-02T03:04:05+00:00",
        ) from None


def _refuse_time(judged_at: datetime, *, now: datetime) -> None:
    if judged_at > now + AHEAD:
        raise GateReportRefusedError(
            pointer="/subject/judged_at",
            problem="it is in the future; set the clock of whoever evaluates",
        )
    if now - judged_at > LONGEST_UNBROUGHT:
        raise GateReportRefusedError(
            pointer="/subject/judged_at",
            problem=f"the verdict is older than {LONGEST_UNBROUGHT.days} days; evaluate anew",
        )
