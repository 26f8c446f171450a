"""Ask the questions of other distributions beside our own.

A distribution offers a scorer in the entry-point group `plangate.scorers`, under a name with a dot,
which none of ours has: `(Evidence) -> Score | None`. Which ones scored a run, and of which version,
is part of what must be equal before two runs are compared. What `PLANGATE_PLUGINS` does not admit
is neither imported nor asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from harness.score import Score
from harness.scoring.evidence import Evidence
from harness.scoring.table import SCORER_VERSION, SCORERS, Scorer
from runtime.public import DeclarationError, not_admitted

GROUP: Final = "plangate.scorers"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


@cache
def all_scorers() -> Mapping[str, Scorer]:
    """Return our own scorers and the installed ones, by name.

    Raises:
        DeclarationError: one can't be imported or called, or its name is another's or none.
    """
    found = {name: _named(name, _loaded(offer)) for name, offer in _offers().items()}
    return MappingProxyType({**SCORERS, **found})


@cache
def scorer_version() -> str:
    """Return what tells runs apart that were scored differently.

    Raises:
        DeclarationError: two distributions offer one name, or a name is none.
    """
    theirs = (
        f"{name}={'' if offer.dist is None else f'{offer.dist.name}@{offer.dist.version}'}"
        for name, offer in sorted(_offers().items())
    )
    return "+".join((SCORER_VERSION, *theirs))


def left_out() -> tuple[str, ...]:
    """Say which scorers are not asked, and why."""
    problems = ((item.name, not_admitted(item)) for item in entry_points(group=GROUP))
    return tuple(
        f"scorer '{name[:80]}' is not asked: {problem}"
        for name, problem in sorted(problems)
        if problem is not None
    )


def _offers() -> dict[str, EntryPoint]:
    """Return what is offered, by name."""
    found: dict[str, EntryPoint] = {}
    for offer in entry_points(group=GROUP):
        if not_admitted(offer) is not None:
            continue
        if not _NAME.fullmatch(offer.name):
            problem = "its name is not lower case with a dot in it, such as zoo.gentle"
            raise DeclarationError(subject=f"scorer '{offer.name[:80]}'", problems=(problem,))
        other = found.setdefault(offer.name, offer)
        if other != offer:
            problem = f"{_owner(other)} and {_owner(offer)} both offer it; uninstall one of them"
            raise DeclarationError(subject=f"scorer '{offer.name}'", problems=(problem,))
    return found


def _owner(offer: EntryPoint) -> str:
    return offer.value if offer.dist is None else offer.dist.name


def _loaded(offer: EntryPoint) -> Scorer:
    try:
        scorer: object = offer.load()
    except Exception as error:  # foreign code, imported here for the first time
        problem = f"{offer.value} can't be imported: {type(error).__name__}: {error}"
        raise DeclarationError(subject=f"scorer '{offer.name}'", problems=(problem,)) from error
    if not callable(scorer):
        problem = f"{offer.value} is a {type(scorer).__name__}, expected a function"
        raise DeclarationError(subject=f"scorer '{offer.name}'", problems=(problem,))
    return scorer


def _named(name: str, scorer: Scorer) -> Scorer:
    """Return a scorer whose answers stand under its own name, whatever it calls them."""

    def score(evidence: Evidence) -> Score | None:
        found: object = scorer(evidence)
        if found is None or isinstance(found, Score):
            return None if found is None else replace(found, name=name)
        raise TypeError(f"it answers a {type(found).__name__}, expected a Score or None")

    return score
