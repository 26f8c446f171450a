"""Count how models are asked and what they take, for Prometheus."""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from runtime.ports.chat_model import TokenUsage

MOST_MODELS: Final = 100
OTHER: Final = "other"
"""In the place of a model beyond the first so many, as organizations may name many."""


class ModelFigures:
    """Take note of what one process asks of models."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count from zero."""
        self._log = structlog.stdlib.get_logger("models")
        self._models = set[str]()
        self._requests = Counter(
            "plangate_model_attempts",
            "Attempts at models, by what came of them.",
            ("model", "result"),
            registry=registry,
        )
        self._tokens = Counter(
            "plangate_model_tokens",
            "Tokens that models took, by kind.",
            ("model", "kind"),
            registry=registry,
        )
        self._cost = Counter(
            "plangate_model_cost_micros",
            "What models cost, in millionths of a US dollar, where a price is known.",
            ("model",),
            registry=registry,
        )
        self._circuits = Gauge(
            "plangate_model_circuits_open",
            "Circuits that leave a model alone after failures.",
            ("model",),
            registry=registry,
        )
        self._failures = Counter(
            "plangate_model_failures",
            "What could not be written of answers, and is charged in full later.",
            ("what",),
            registry=registry,
        )

    def asked(self, model: str, result: str) -> None:
        """Count an attempt."""
        self._requests.labels(self._named(model), result).inc()

    def spent(self, model: str, usage: TokenUsage, *, cost_micros: int | None) -> None:
        """Count what an attempt took."""
        named = self._named(model)
        self._tokens.labels(named, "prompt").inc(usage.prompt)
        self._tokens.labels(named, "completion").inc(usage.completion)
        self._tokens.labels(named, "cached").inc(usage.cached)
        self._cost.labels(named).inc(cost_micros or 0)

    def circuit(self, model: str, *, opened: bool) -> None:
        """Count an open circuit."""
        self._circuits.labels(self._named(model)).inc(1 if opened else -1)
        if opened:
            self._log.warning("model.left_alone", model=model)

    def failed(self, what: str, error: BaseException) -> None:
        """Count and log what could not be written."""
        self._failures.labels(what).inc()
        self._log.warning("model.unsettled", what=what, error=type(error).__name__)

    def _named(self, model: str) -> str:
        if model in self._models or len(self._models) < MOST_MODELS:
            self._models.add(model)
            return model
        return OTHER
