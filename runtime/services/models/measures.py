"""The role of who takes note of how models are asked; no text is ever told, and no tenant."""

from __future__ import annotations

from typing import Protocol

from runtime.ports.chat_model import TokenUsage


class ModelMeasures(Protocol):
    """Take note of what happened; cheap, and never in the way. Models come without options."""

    def asked(self, model: str, result: str) -> None:
        """Note an attempt at a model: `answered`, or the fault that it ended by."""
        ...

    def spent(self, model: str, usage: TokenUsage, *, cost_micros: int | None) -> None:
        """Note what an attempt took."""
        ...

    def circuit(self, model: str, *, opened: bool) -> None:
        """Note that a model is left alone for a while, or is asked again."""
        ...

    def failed(self, what: str, error: BaseException) -> None:
        """Note what could not be written; it is charged in full later."""
        ...


class UnmeasuredModels:
    """Take note of nothing."""

    def asked(self, model: str, result: str) -> None:
        """Forget it."""

    def spent(self, model: str, usage: TokenUsage, *, cost_micros: int | None) -> None:
        """Forget it."""

    def circuit(self, model: str, *, opened: bool) -> None:
        """Forget it."""

    def failed(self, what: str, error: BaseException) -> None:
        """Forget it."""
