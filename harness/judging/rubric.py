"""Hold a rubric: by which steps a judge reads a text, what its scores mean, and what is good."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.judging.exhibit import BEST_SCORE, ExhibitKind
from runtime.public import digest

NAME = r"^[a-z][a-z0-9-]{0,40}$"


class Band(BaseModel):
    """Say what the scores from one number to another mean, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scores: tuple[int, int]
    means: str = Field(min_length=10)


class Rubric(BaseModel):
    """Tell a judge how to judge.

    Attributes:
        rubric: its name, and the beginning of its files' names.
        title: the question that it answers.
        judges: kinds of answers whose texts it is for.
        steps: what to look at, in order.
        bands: what the scores mean; together they cover 0 to 10.
        good_from: the lowest score of a good text.
        demanded: the least share of good texts that a gate accepts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubric: str = Field(pattern=NAME)
    title: str = Field(min_length=10)
    judges: tuple[ExhibitKind, ...] = Field(min_length=1)
    steps: tuple[str, ...] = Field(min_length=1)
    bands: tuple[Band, ...] = Field(min_length=2)
    good_from: int = Field(ge=1, le=BEST_SCORE)
    demanded: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _covers_every_score(self) -> Self:
        covered = [score for band in self.bands for score in _inside(band)]
        if covered != list(range(BEST_SCORE + 1)):
            raise ValueError(
                f"the bands cover {covered}, expected each score from 0 to {BEST_SCORE} once, "
                "in order"
            )
        return self

    @property
    def digest(self) -> str:
        """Return a digest of all that changes what a judge says, and what counts as good."""
        return digest(self.model_dump(mode="json", exclude={"demanded"}))

    def good(self, score: float) -> bool:
        """Say whether a score is that of a good text."""
        return score >= self.good_from


def _inside(band: Band) -> range:
    low, high = band.scores
    return range(low, high + 1)
