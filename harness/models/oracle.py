"""`plangate/oracle`: answers with the golden plan; proves the scorers and shows the ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.models.answer_key import AnswerKey, completion_of, decline_call
from runtime.public import ChatRequest, Completion


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """Look the answer up; a request about an unknown scenario is declined."""

    key: AnswerKey

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Answer with the golden calls of the scenario named in the request's labels."""
        if options:
            raise ValueError(f"plangate/oracle takes no options, got {', '.join(sorted(options))}")
        golden = self.key.get(request.labels.get("scenario", ""))
        calls = golden.calls if golden else (decline_call("The oracle knows no such scenario."),)
        return completion_of(calls, model=model)
