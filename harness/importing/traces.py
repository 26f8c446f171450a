"""Turn traces into scenarios that a person reviews: anonymised, with the proposal as expectation.

`harness.cli.traces` calls it. A trace that can't become a sound scenario is named and left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from harness.importing.files import OutputError, reread, scenario_files
from harness.importing.traces_privacy import Anonymiser
from harness.importing.traces_read import Recorded, recorded, trace_id
from harness.importing.unusable import UnusableError
from harness.loader import read_scenarios
from harness.prepared import prepare
from harness.sandboxes import Sandboxes
from harness.yaml_source import Problem, SourceError
from runtime.public import (
    ASK,
    DECLINE,
    CanonicalJsonError,
    DeclarationError,
    JsonObject,
    JsonValue,
    Sandbox,
    canonical_text,
    digest,
)

TAG: Final = "imported"
REASON: Final = "Imported from a trace: say here why the case matters, and check what is expected."
ID_CHARS: Final = 12
_OTHER: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTraces:
    """Hold what an import made, ready to be written.

    Attributes:
        files: content by file name; one file an environment.
        scenarios: how many there are.
        repeated: traces that say the same as another one.
        replaced: how often each placeholder was put in.
        problems: every trace that was not used, and why.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    scenarios: int = 0
    repeated: int = 0
    replaced: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def import_traces(
    traces: Iterable[JsonObject], *, source: str, environment: str = "", names: Iterable[str] = ()
) -> ImportedTraces:
    """Turn traces into scenario files.

    Args:
        traces: as MLflow spells them in JSON.
        source: the file or experiment they come from, for messages and provenance.
        environment: where traces that don't say it happened.
        names: names to replace that nothing around them gives away.
    """
    work = _Import(source, environment, tuple(names))
    for number, trace in enumerate(traces, start=1):
        work.take(number, trace)
    return work.done()


def write_new(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files that are not there yet: a reviewed one is never overwritten.

    Raises:
        OutputError: one of them is there, or can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = sorted(name for name in files if (folder / name).exists())
        if taken:
            raise OutputError(f"{folder / taken[0]} exists: name another folder with --output")
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise OutputError(f"{folder} can't be written to: {error.strerror}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Hold one trace on its way to a scenario."""

    number: int
    trace: str
    said: JsonObject


class _Import:
    """Collect the usable traces by environment."""

    def __init__(self, source: str, environment: str, names: tuple[str, ...]) -> None:
        self._source = source
        self._environment = environment
        self._names = names
        self._cases: dict[str, list[_Case]] = defaultdict(list)
        self._sandboxes: dict[str, Sandbox] = {}
        self._problems: list[Problem] = []

    def take(self, number: int, trace: JsonObject) -> None:
        """Read one trace; name it when it can't be used."""
        try:
            self._read(number, trace)
        except (UnusableError, DeclarationError) as error:
            self._refuse(number, trace_id(trace), str(error))

    def done(self) -> ImportedTraces:
        """Anonymise what was read, prove it, and return the files."""
        made = ImportedTraces()
        for environment, cases in sorted(self._cases.items()):
            made = self._add(made, environment, cases)
        return replace(made, problems=tuple(self._problems))

    def _read(self, number: int, trace: JsonObject) -> None:
        found = recorded(trace)
        environment = found.environment or self._environment
        if not environment:
            raise UnusableError("it names no environment: say which one with --environment")
        sandbox = self._sandbox(environment)
        said = {"given": found.given, "when": found.when, "expect": _expect(found, sandbox)}
        self._cases[environment].append(_Case(number=number, trace=trace_id(trace), said=said))

    def _sandbox(self, environment: str) -> Sandbox:
        if environment not in self._sandboxes:
            self._sandboxes[environment] = Sandbox.named(environment)
        return self._sandboxes[environment]

    def _add(self, made: ImportedTraces, environment: str, cases: list[_Case]) -> ImportedTraces:
        public = canonical_text(self._sandboxes[environment].registry.initial_state())
        privacy = Anonymiser(public=public, names=self._names)
        for case in cases:
            privacy.learn(case.said)
        known: dict[str, JsonObject] = {}
        replaced = dict(made.replaced)
        repeated = made.repeated
        for case in cases:
            scenario, used = self._scenario(environment, case, privacy)
            try:
                same = digest([scenario[part] for part in ("given", "when", "expect")])
                if same in known:
                    repeated += 1
                    continue
                _prove(environment, scenario)
            except (UnusableError, CanonicalJsonError) as error:
                self._refuse(case.number, case.trace, str(error))
                continue
            known[same] = scenario
            for placeholder, count in used.items():
                replaced[placeholder] = replaced.get(placeholder, 0) + count
        return replace(
            made,
            files={**made.files, **self._files(environment, list(known.values()))},
            scenarios=made.scenarios + len(known),
            repeated=repeated,
            replaced=replaced,
        )

    def _scenario(
        self, environment: str, case: _Case, privacy: Anonymiser
    ) -> tuple[JsonObject, dict[str, int]]:
        cleaned = privacy.clean(case.said)
        used = privacy.replaced()
        short = _kebab(case.trace.removeprefix("tr-"))[:ID_CHARS].strip("-")
        provenance: JsonObject = {"trace": case.trace, "source": self._source, "reviewed": False}
        if used:
            provenance["anonymised"] = list(used)
        scenario = {
            "id": f"{_kebab(environment)}-trace-{short or case.number}",
            "reason": REASON,
            "tags": [TAG],
            **cleaned,
            "provenance": provenance,
        }
        return scenario, used

    def _files(self, environment: str, scenarios: list[JsonObject]) -> dict[str, bytes]:
        if not scenarios:
            return {}
        head = {"environment": environment}
        made = scenario_files(f"{environment}_traces", head, scenarios, source=self._source)
        note = "# Imported from traces: the expectations are what a model proposed. Review each.\n"
        return {name: note.encode() + content.partition(b"\n")[2] for name, content in made.items()}

    def _refuse(self, number: int, trace: str, message: str) -> None:
        text = f"trace {trace}: {message}"
        self._problems.append(Problem(file=self._source, line=number, message=text))


def _expect(found: Recorded, sandbox: Sandbox) -> JsonObject:
    """Return the proposal as an expectation."""
    if found.proposal is None:
        return _called(found, sandbox)
    kind = found.proposal.get("kind")
    if kind == "plan":
        return _planned(_steps(found.proposal))
    if kind == "clarification":
        return _asked(found.proposal.get("asks_for", ()))
    if kind == "decline":
        return {"decline": True}
    raise UnusableError("its model proposed nothing usable")


def _steps(proposal: JsonObject) -> list[JsonObject]:
    plan = proposal.get("plan")
    steps = plan.get("steps") if isinstance(plan, dict) else None
    if not isinstance(steps, list) or not all(
        isinstance(step, dict) and "action" in step for step in steps
    ):
        raise UnusableError("its plan has no steps that name an action")
    return steps


def _called(found: Recorded, sandbox: Sandbox) -> JsonObject:
    tools = [call.tool for call in found.calls]
    if tools == [ASK]:
        return _asked(found.calls[0].arguments.get("asks_for", ()))
    if tools == [DECLINE]:
        return {"decline": True}
    actions = {name: sandbox.book.action(name) for name in tools}
    unknown = sorted(name for name, action in actions.items() if action is None)
    if unknown:
        raise UnusableError(
            f"it calls {', '.join(unknown)}, which environment "
            f"'{sandbox.environment.id}' does not offer"
        )
    return _planned(
        {"action": action.id, "inputs": call.arguments}
        for call in found.calls
        if (action := actions[call.tool]) is not None
    )


def _planned(steps: Iterable[JsonObject]) -> JsonObject:
    kept = [
        {
            "action": step["action"],
            "inputs": {name: _literal(value) for name, value in step.get("inputs", {}).items()},
        }
        for step in steps
    ]
    return {"plan": {"mode": "exact", "steps": kept}}


def _asked(slots: Iterable[str]) -> JsonObject:
    return {"clarification": {"asks_for": [{"slot": str(slot)} for slot in slots]}}


def _literal(value: JsonValue) -> JsonValue:
    """Keep an object with a `$` key from being read as a matcher."""
    if isinstance(value, dict):
        if any(key.startswith("$") for key in value):
            return {"$literal": value}
        return {key: _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value


def _prove(environment: str, scenario: JsonObject) -> None:
    """Refuse a scenario that our reader refuses or whose plan does not execute."""
    content: JsonObject = {"environment": environment, "scenarios": [scenario]}
    try:
        (read,) = read_scenarios(reread(content, shown_as=environment))
        prepare(read, Sandboxes({}))
    except SourceError as error:
        raise UnusableError("; ".join(item.message for item in error.problems)) from error


def _kebab(text: str) -> str:
    return _OTHER.sub("-", text.lower()).strip("-")
