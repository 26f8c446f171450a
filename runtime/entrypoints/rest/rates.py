"""Bound how often one credential may ask, in this process: each process counts on its own.

Many processes together allow as many times more. What a project may do is another question, which
its limits answer for all processes alike.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from fastapi import Request

from runtime.domain.caller import Caller
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.kit.rates import Admission, Rate, admission

USUAL_RATE: Final = Rate(per_s=600, burst=1_200)
MOST_CREDENTIALS: Final = 10_000

_HEADERS: Final = "plangate.rate_headers"


class RequestRates:
    """Count the requests of each credential; the least recently seen ones are forgotten."""

    def __init__(
        self,
        rate: Rate,
        *,
        monotonic_s: Callable[[], float],
        most_credentials: int = MOST_CREDENTIALS,
    ) -> None:
        self.rate = rate
        self._monotonic_s = monotonic_s
        self._most_credentials = most_credentials
        self._spent = OrderedDict[str, float]()

    def one_more(self, credential_id: str) -> Admission:
        """Count a request, unless there were too many."""
        now_s = self._monotonic_s()
        spent = self._spent
        decided = admission(self.rate, spent_until_s=spent.get(credential_id, now_s), now_s=now_s)
        spent[credential_id] = decided.spent_until_s
        spent.move_to_end(credential_id)
        if len(spent) > self._most_credentials:
            spent.popitem(last=False)
        return decided


def admit(request: Request, caller: Caller) -> None:
    """Let a caller's request pass, and note for its answer how many more may follow.

    Raises:
        ProblemError: RATE_LIMITED, with how long to wait.
    """
    rates: RequestRates | None = request.app.state.rates
    if rates is None:
        return
    decided = rates.one_more(caller.credential_id)
    headers = [
        (b"ratelimit-limit", b"%d" % rates.rate.burst),
        (b"ratelimit-remaining", b"%d" % decided.remaining),
        (b"ratelimit-reset", b"%d" % math.ceil(decided.full_again_s)),
    ]
    request.scope[_HEADERS] = headers
    if not decided.admitted:
        raise ProblemError(
            ProblemCode.RATE_LIMITED,
            f"more than {rates.rate.per_s:g} requests a second with this credential; "
            "wait as long as Retry-After says",
            headers={"Retry-After": f"{max(1, math.ceil(decided.wait_s))}"},
        )


def rate_headers(scope: Mapping[str, object]) -> list[tuple[bytes, bytes]]:
    """Return what an answer says of the caller's rate: nothing where none was counted."""
    found = scope.get(_HEADERS)
    return found if isinstance(found, list) else []
