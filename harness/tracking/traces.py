"""Write a trial as a trace: message, completions, parsing, simulation and scores; no driver here.

The documents are those that MLflow exports and `plangate eval import traces` reads back.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from harness.loader import load
from harness.results import Manifest
from harness.scenario import Scenario
from harness.trial import TrialRecord, TrialStatus
from harness.yaml_source import SourceError
from runtime.public import JsonObject, JsonValue

FORMAT: Final = 1
MOST_COMPLETIONS: Final = 8
NS_A_SECOND: Final = 1_000_000_000
TRACE_BYTES: Final = 16
SPAN_BYTES: Final = 8
_OK: Final = "STATUS_CODE_OK"
_ERROR: Final = "STATUS_CODE_ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSource:
    """Hold what the traces of a run share.

    Attributes:
        run: the run's id; with the trial's key it makes the trace's id, so that a run which is
            logged again has the same traces.
        began_ns: when the run began; trials don't keep their own instant.
        said: by scenario id what the person said and in which situation.
    """

    run: str
    began_ns: int
    said: Mapping[str, JsonObject]

    @classmethod
    def of(cls, manifest: Manifest) -> TraceSource:
        """Gather it for a run, with what its scenario files say, where they are unchanged."""
        began = datetime.fromisoformat(manifest.created).timestamp()
        return cls(run=manifest.run, began_ns=int(began * NS_A_SECOND), said=_said(manifest))


def trace_document(record: TrialRecord, source: TraceSource) -> JsonObject:
    """Return the trace of a trial as MLflow spells traces in JSON."""
    spans = _Spans(record, source)
    return {
        "info": {"trace_id": spans.trace_id, "state": spans.state},
        "data": {"spans": list(spans.documents())},
    }


class _Spans:
    """Spell the spans of one trial."""

    def __init__(self, record: TrialRecord, source: TraceSource) -> None:
        key = record.key
        seed = "\n".join((source.run, key.scenario, key.model, str(key.index)))
        self._id = hashlib.sha256(seed.encode()).digest()[:TRACE_BYTES]
        self._record = record
        self._source = source
        self._lasted_ns = int(record.latency_s * NS_A_SECOND)
        self.trace_id = f"tr-{self._id.hex()}"
        self.state = "OK" if record.status is TrialStatus.SCORED else "ERROR"

    def documents(self) -> Iterator[JsonObject]:
        """Yield the root and then the spans under it, in the order in which things happened."""
        yield self._span("trial", "AGENT", self._trial())
        completions = min(self._record.calls, MOST_COMPLETIONS)
        for number in range(completions):
            last = number == completions - 1
            name = "completion" if completions == 1 else f"completion {number + 1}"
            yield self._span(name, "CHAT_MODEL", self._completion(last=last))
        if completions:
            yield self._span("parse", "PARSER", self._parsing())
        if self._record.outcome is not None:
            plan = (self._record.proposal or {}).get("plan")
            simulated = {"mlflow.spanInputs": plan, "mlflow.spanOutputs": self._record.outcome}
            yield self._span("simulate", "TOOL", simulated)

    def _trial(self) -> JsonObject:
        record = self._record
        tags = {
            "plangate.run": self._source.run,
            "plangate.scenario": record.key.scenario,
            "plangate.model": record.key.model,
            "plangate.passed": str(record.passed),
        }
        return {
            "mlflow.spanInputs": self._source.said.get(
                record.key.scenario, {"message": record.message}
            ),
            "mlflow.spanOutputs": record.proposal or {"kind": "none", "fault": record.fault},
            "plangate.format": FORMAT,
            "plangate.scenario": record.key.scenario,
            "plangate.model": record.key.model,
            "plangate.trial": record.key.index,
            "plangate.environment": record.environment,
            "plangate.suite": record.suite,
            "plangate.tags": list(record.tags),
            "plangate.passed": record.passed,
            "plangate.scores": record.scores,
            "plangate.state_diff": list(record.state_diff),
            **{f"mlflow.traceTag.{name}": value for name, value in tags.items()},
        }

    def _completion(self, *, last: bool) -> JsonObject:
        """Tell of one completion; of those that were repaired only their number is known."""
        record = self._record
        if not last:
            return {"mlflow.spanOutputs": "(not usable; repaired by the next one)"}
        return {
            "mlflow.spanInputs": {"model": record.key.model, "message": record.message},
            "mlflow.spanOutputs": record.answer,
            "mlflow.chat.tokenUsage": {
                "input_tokens": record.prompt_tokens,
                "output_tokens": record.completion_tokens,
                "total_tokens": record.prompt_tokens + record.completion_tokens,
            },
            "plangate.answered_by": record.answered_by,
            "plangate.calls": record.calls,
            "plangate.repairs": record.repairs,
            "plangate.retries": record.retries,
            "plangate.cost_micros": record.cost_micros,
        }

    def _parsing(self) -> JsonObject:
        record = self._record
        read = {"kind": record.kind, "problems": record.problems, "dropped": record.dropped}
        return {"mlflow.spanOutputs": read}

    def _span(self, name: str, kind: str, attributes: JsonObject) -> JsonObject:
        root = name == "trial"
        said = {"mlflow.traceRequestId": self.trace_id, "mlflow.spanType": kind, **attributes}
        began_ns = self._source.began_ns
        return {
            "trace_id": b64encode(self._id).decode(),
            "span_id": self._span_id(name),
            "parent_span_id": None if root else self._span_id("trial"),
            "name": name,
            "start_time_unix_nano": began_ns,
            "end_time_unix_nano": began_ns + self._lasted_ns,
            "status": {
                "code": _OK if self.state == "OK" else _ERROR,
                "message": self._record.fault if root else "",
            },
            "events": [],
            "attributes": {name: _spelled(value) for name, value in said.items()},
        }

    def _span_id(self, name: str) -> str:
        return b64encode(hashlib.sha256(self._id + name.encode()).digest()[:SPAN_BYTES]).decode()


def _spelled(value: JsonValue) -> str:
    return orjson.dumps(value).decode()


def _said(manifest: Manifest) -> dict[str, JsonObject]:
    """Read the scenarios once more; those that changed since the run say nothing about it."""
    try:
        found = load([Path(path) for path in manifest.paths], root=Path())
    except SourceError:
        return {}
    digests = {item.id: item.digest for item in manifest.scenarios}
    return {
        item.id: _inputs(item) for item in found.scenarios if digests.get(item.id) == item.digest
    }


def _inputs(scenario: Scenario) -> JsonObject:
    when = scenario.when.model_dump(mode="json", exclude_defaults=True)
    given = scenario.given.model_dump(mode="json", exclude_defaults=True)
    return {**when, "given": given} if given else when
