"""Hold examples that people labelled: the truth that a judge is measured against."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.judging.exhibit import Exhibit, ExhibitKind
from harness.judging.rubric import NAME
from runtime.public import digest


class Label(StrEnum):
    """Say what a person thinks of a text."""

    GOOD = "good"
    BAD = "bad"

    @classmethod
    def of(cls, good: bool) -> Label:  # noqa: FBT001  # the value itself
        """Return the label of a verdict."""
        return cls.GOOD if good else cls.BAD


class Example(BaseModel):
    """Label one text, and say why; see `Exhibit` for the other fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{2,80}$")
    environment: str = Field(min_length=1)
    kind: ExhibitKind
    said: str = Field(min_length=1)
    context: str = Field(min_length=1)
    expected: str = Field(min_length=1)
    steps: tuple[str, ...] = ()
    text: str = Field(min_length=1)
    label: Label
    because: str = Field(min_length=10)

    @property
    def exhibit(self) -> Exhibit:
        """Return what a judge sees of it: everything but the label and its reason."""
        return Exhibit(
            environment=self.environment,
            kind=self.kind,
            said=self.said,
            context=self.context,
            expected=self.expected,
            steps=self.steps,
            text=self.text,
        )


class LabelSet(BaseModel):
    """Hold the labelled examples of a rubric.

    Attributes:
        about: where they come from.
        labelled_by: who labelled them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubric: str = Field(pattern=NAME)
    about: str = Field(min_length=10)
    labelled_by: tuple[str, ...] = Field(min_length=1)
    examples: tuple[Example, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = _repeated([item.id for item in self.examples])
        if twice:
            raise ValueError(f"id {twice[0]} stands twice, expected each id once")
        digests = [item.exhibit.digest for item in self.examples]
        again = _repeated(digests)
        if again:
            same = [
                it.id for it, own in zip(self.examples, digests, strict=True) if own == again[0]
            ]
            raise ValueError(f"{' and '.join(same)} are the same text in the same setting")
        return self

    @property
    def digest(self) -> str:
        """Return a digest of the exhibits and their labels, in any order."""
        return digest(sorted([item.exhibit.digest, item.label.value] for item in self.examples))


def _repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
