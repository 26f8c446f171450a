"""Turn a message into a proposal: ask the model, read the answer, let it repair what is broken.

The loop is bounded; what the model gets back are typed problems, never our internals. A planner
holds no engine and no state of its own: it can't execute anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runtime.agent.parse import ParseFault, ParseProblem, Reading, read
from runtime.agent.patience import PATIENT, Patience, ask
from runtime.agent.prompt import Briefing, Conversation, messages
from runtime.agent.tools import LEGAL_NAME
from runtime.domain.proposal import Proposal
from runtime.domain.state import State
from runtime.kit.canonical_json import CanonicalJsonError, parse_strict
from runtime.kit.json_value import JsonObject
from runtime.ports.chat_model import (
    NO_TOOLS,
    ChatModel,
    ChatRequest,
    Completion,
    TokenUsage,
    ToolCall,
)

SHOWN_ANSWER_CHARS = 4_000
SHOWN_CALLS = 8
SHOWN_PROBLEMS = 5
_HOPELESS = frozenset({ParseFault.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Say how to ask: the same settings for every request of a trial."""

    temperature: float | None = 0.0
    max_tokens: int = 1024
    seed: int | None = None
    timeout_s: float = 60.0
    repairs: int = 2
    patience: Patience = PATIENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Report what came of one message.

    Attributes:
        proposal: None when every answer was unusable.
        problems: what was wrong with the last answer.
        dropped: authority that the model wrote and that was removed.
        calls: completions that were paid for.
        repairs: how many of them were repairs.
        retries: requests repeated after faults.
        usage: tokens over all completions.
        cost_micros: sum, or None as soon as one completion has no known price.
        model: the model that really answered last.
        latency_s: wall time from the message to the proposal.
        answer: the last answer as text, shortened, for people to read.
    """

    proposal: Proposal | None
    problems: tuple[ParseProblem, ...]
    dropped: tuple[str, ...]
    calls: int
    repairs: int
    retries: int
    usage: TokenUsage
    cost_micros: int | None
    model: str
    latency_s: float
    answer: str


@dataclass(slots=True)
class _Account:
    """Add up what one message costs."""

    usage: TokenUsage = field(default_factory=TokenUsage)
    cost_micros: int | None = 0
    calls: int = 0
    retries: int = 0

    def add(self, completion: Completion, *, retries: int) -> None:
        self.usage = self.usage.plus(completion.usage)
        self.calls += 1
        self.retries += retries
        if completion.cost_micros is None or self.cost_micros is None:
            self.cost_micros = None
        else:
            self.cost_micros += completion.cost_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Propose plans with one model; `monotonic_s` is the clock that latencies are read from."""

    model: ChatModel
    sampling: Sampling
    monotonic_s: Callable[[], float]

    async def propose(
        self,
        shared: Briefing,
        conversation: Conversation,
        *,
        state: State,
        facts: JsonObject,
        labels: Mapping[str, str],
    ) -> Proposed:
        """Answer one message.

        Raises:
            ModelError: no answer came within the retries.
        """
        started = self.monotonic_s()
        native = self.model.native_tools
        thread = messages(shared, conversation, state=state, facts=facts, native_tools=native)
        account = _Account()
        repairs = 0
        while True:
            request = self._request(thread, shared, labels)
            answer = await ask(self.model, request, self.sampling.patience)
            completion = answer.completion
            account.add(completion, retries=answer.retries)
            reading = read(completion, shared.book)
            if repairs >= self.sampling.repairs or not _repairable(reading):
                break
            repairs += 1
            correction = _correction(completion, reading, attempt=repairs, native=native)
            thread = (*thread, *correction)
        return Proposed(
            proposal=reading.proposal,
            problems=reading.problems,
            dropped=reading.dropped,
            calls=account.calls,
            repairs=repairs,
            retries=account.retries,
            usage=account.usage,
            cost_micros=account.cost_micros,
            model=completion.model,
            latency_s=self.monotonic_s() - started,
            answer=_shown(completion),
        )

    def _request(
        self, thread: tuple[JsonObject, ...], shared: Briefing, labels: Mapping[str, str]
    ) -> ChatRequest:
        sampling = self.sampling
        return ChatRequest(
            messages=thread,
            tools=shared.book.tools if self.model.native_tools else NO_TOOLS,
            temperature=sampling.temperature,
            max_tokens=sampling.max_tokens,
            seed=sampling.seed,
            timeout_s=sampling.timeout_s,
            labels=labels,
        )


def _repairable(reading: Reading) -> bool:
    return bool(reading.problems) and not any(
        problem.fault in _HOPELESS for problem in reading.problems
    )


def _correction(
    completion: Completion, reading: Reading, *, attempt: int, native: bool
) -> tuple[JsonObject, ...]:
    """Repeat the answer and say what was wrong with it, in the form that providers accept."""
    details = dict.fromkeys(problem.detail for problem in reading.problems)
    complaint = "Not usable: " + " ".join(list(details)[:SHOWN_PROBLEMS])
    if not native or not completion.tool_calls:
        return (
            {"role": "assistant", "content": _shown(completion) or "(no answer)"},
            {"role": "user", "content": complaint},
        )
    calls = [
        _repeated(call, call_id=f"repair{attempt:02}{index}")
        for index, call in enumerate(completion.tool_calls[:SHOWN_CALLS])
    ]
    verdicts = [f"{complaint} Answer anew, in full.", *["Not used."] * len(calls)]
    return (
        {
            "role": "assistant",
            "content": _whole_characters(completion.text[:SHOWN_ANSWER_CHARS]) or None,
            "tool_calls": calls,
        },
        *(
            {"role": "tool", "tool_call_id": call["id"], "content": verdict}
            for call, verdict in zip(calls, verdicts, strict=False)
        ),
    )


def _repeated(call: ToolCall, *, call_id: str) -> JsonObject:
    """Spell a call as a provider takes it back: a legal name, arguments that are an object.

    The id is ours: the model's own may be empty or given twice, and some providers take nine
    letters and digits only.
    """
    return {
        "id": call_id,
        "type": "function",
        "function": {
            "name": call.name if LEGAL_NAME.fullmatch(call.name) else "unknown_tool",
            "arguments": call.arguments if _is_sound(call.arguments) else "{}",
        },
    }


def _is_sound(arguments: str) -> bool:
    if len(arguments) > SHOWN_ANSWER_CHARS:
        return False
    try:
        return isinstance(parse_strict(arguments), dict)
    except CanonicalJsonError:
        return False


def _shown(completion: Completion) -> str:
    calls = "\n".join(f"{call.name}({call.arguments})" for call in completion.tool_calls)
    said = "\n".join(part for part in (completion.text, calls) if part)
    return _whole_characters(said[:SHOWN_ANSWER_CHARS])


def _whole_characters(text: str) -> str:
    """Replace half characters, which no request can carry."""
    return text.encode(errors="replace").decode()
