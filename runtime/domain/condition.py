"""Declare a boolean rule over documents, written in CEL.

Compiled and evaluated by `engine.conditions`; anything but boolean `true` refuses.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Pair a CEL rule with the sentence that a person reads when it does not hold.

    Attributes:
        rule: CEL over `state` (components by id) and, for preconditions, `inputs`.
        message: what must be true, in words; shown as the expectation in refusals.
    """

    rule: str
    message: str
