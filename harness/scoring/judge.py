"""Let a model judge texts with deepeval's GEval; the only module that imports deepeval.

Loading it takes seconds, prints, and reads the environment: the command calls `quiet_environment`
and loads it on first use. The judge answers through our own chat models, once a text, at
temperature 0; what can't be read as a score is unscored, and never 0.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from deepeval.metrics import GEval
from deepeval.metrics.g_eval import Rubric as ScoreBand
from deepeval.models import DeepEvalBaseLLM
from deepeval.test_case import LLMTestCase, SingleTurnParams
from pydantic import BaseModel
from typing_extensions import override

from harness.judging.exhibit import BEST_SCORE, Exhibit, ExhibitKind, Opinion
from harness.judging.rubric import Rubric
from runtime.public import (
    ChatModel,
    ChatRequest,
    Completion,
    JsonValue,
    ModelError,
    Patience,
    canonical_text,
    digest,
)

MAX_TOKENS = 1024
SEED = 0
SHOWN_CHARS = 80
PROBE = Exhibit(
    environment="environment",
    kind=ExhibitKind.PLAN,
    said="said",
    context="context",
    expected="expected",
    steps=("step",),
    text="text",
)


class UnreadableAnswerError(Exception):
    """A judge's answer that holds no score; the message says what was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Ask one model about texts by one rubric; safe to use from many tasks at once."""

    model: ChatModel
    rubric: Rubric
    patience: Patience = field(default_factory=Patience)

    async def opinion(self, exhibit: Exhibit) -> Opinion:
        """Ask once; whatever goes wrong is an opinion without a score."""
        asked = AskedModel(self.model, self.patience)
        try:
            score, reason = await _measured(self.rubric, exhibit, asked)
        except ModelError as error:
            return _opinion(asked, problem=str(error), lost=True)
        except UnreadableAnswerError as error:
            return _opinion(asked, problem=str(error))
        except Exception as error:  # noqa: BLE001  # foreign code: what it dies of is data
            return _opinion(asked, problem=f"deepeval: {type(error).__name__}: {error}")
        return _opinion(asked, score=score, reason=reason)

    async def opinions(
        self, exhibits: Sequence[Exhibit], *, concurrency: int
    ) -> tuple[Opinion, ...]:
        """Ask about each of some texts, in their order, a few at a time."""
        slots = asyncio.Semaphore(concurrency)

        async def heard(exhibit: Exhibit) -> Opinion:
            async with slots:
                return await self.opinion(exhibit)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(heard(exhibit)) for exhibit in exhibits]
        return tuple(task.result() for task in tasks)


async def prompt_digest(rubric: Rubric) -> str:
    """Return a digest of the prompt as deepeval writes it today, and of how it is sent."""
    probe = _Probe()
    await _measured(rubric, PROBE, probe)
    return digest_of(_request(probe.prompt))


def digest_of(request: ChatRequest) -> str:
    """Return a digest of all of a request that a provider sees."""
    return digest(
        {
            "messages": list(request.messages),
            "temperature": str(request.temperature),
            "max_tokens": request.max_tokens,
            "seed": request.seed,
        }
    )


def score_in(text: str) -> tuple[float, str]:
    r"""Read score and reason out of a judge's answer, with prose or a fence around it or not.

    Raises:
        UnreadableAnswerError: there is no JSON object, or no whole score from 0 to 10 in it.

    >>> score_in('```json\n{"reason": "asks for what is known", "score": 2}\n```')
    (2.0, 'asks for what is known')
    """
    found = text[text.find("{") : text.rfind("}") + 1]
    try:
        document = orjson.loads(found)
    except orjson.JSONDecodeError:
        raise UnreadableAnswerError(f"no JSON object in {_shown(text)}") from None
    if "score" not in document:
        raise UnreadableAnswerError(f"no score in {_shown(text)}")
    return _score(document["score"]), str(document.get("reason", ""))


def _score(value: JsonValue) -> float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not 0 <= number <= BEST_SCORE or not float(number).is_integer():
        raise UnreadableAnswerError(
            f"the score is {_shown(str(value))}, expected a whole number from 0 to {BEST_SCORE}"
        )
    return float(number)


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}...")


async def _measured(rubric: Rubric, exhibit: Exhibit, model: DeepEvalBaseLLM) -> tuple[float, str]:
    """Let GEval write the prompt, ask, and scale; a metric keeps state, so each call has its own.

    The texts go in as JSON, so that nothing a model wrote can pass for a part of the prompt.
    """
    metric = GEval(
        name=rubric.rubric,
        evaluation_params=[SingleTurnParams.INPUT, SingleTurnParams.ACTUAL_OUTPUT],
        evaluation_steps=list(rubric.steps),
        rubric=[
            ScoreBand(score_range=band.scores, expected_outcome=band.means) for band in rubric.bands
        ],
        threshold=rubric.good_from / BEST_SCORE,
        model=model,
    )
    case = LLMTestCase(
        input=canonical_text(exhibit.setting()), actual_output=canonical_text(exhibit.text)
    )
    share = await metric.a_measure(case, _show_indicator=False)
    return round(share * BEST_SCORE, 6), str(metric.reason)


def _request(prompt: str) -> ChatRequest:
    return ChatRequest(
        messages=({"role": "user", "content": prompt},),
        temperature=0.0,
        max_tokens=MAX_TOKENS,
        seed=SEED,
        labels={"role": "judge"},
    )


class _PromptTaker(DeepEvalBaseLLM):  # type: ignore[no-untyped-call]  # deepeval's own hook
    """Take the prompts that deepeval writes; only ever asked asynchronously."""

    @override
    def load_model(self, *args: Any, **kwargs: Any) -> DeepEvalBaseLLM:
        return self

    @override
    def generate(self, *args: Any, **kwargs: Any) -> str:
        raise NotImplementedError("judges are asked asynchronously")

    @override
    def get_model_name(self, *args: Any, **kwargs: Any) -> str:
        return "judge"


class AskedModel(_PromptTaker):  # type: ignore[no-untyped-call]  # as above
    """Ask a chat model, and keep its completion for the bill."""

    def __init__(self, model: ChatModel, patience: Patience) -> None:
        super().__init__()
        self._asked = model
        self._patience = patience
        self.completion: Completion | None = None

    @override
    async def a_generate(self, prompt: str, schema: type[BaseModel]) -> BaseModel:  # type: ignore[override]  # deepeval passes a schema and takes an instance
        self.completion = await _completed(self._asked, _request(prompt), self._patience)
        score, reason = score_in(self.completion.text)
        return schema(score=score, reason=reason)


class _Probe(_PromptTaker):  # type: ignore[no-untyped-call]  # as above
    """Answer at once and keep the prompt."""

    prompt = ""

    @override
    async def a_generate(self, prompt: str, schema: type[BaseModel]) -> BaseModel:  # type: ignore[override]  # as above
        self.prompt = prompt
        return schema(score=0, reason="")


async def _completed(model: ChatModel, request: ChatRequest, patience: Patience) -> Completion:
    """Ask, and ask again where that may help."""
    for attempt in range(patience.retries):
        try:
            return await model.complete(request)
        except ModelError as error:
            if not error.fault.may_retry:
                raise
            wait_s = patience.base_s * 2**attempt
            asked_s = error.retry_after_s
            await patience.sleep(min(wait_s if asked_s is None else asked_s, patience.cap_s))
    return await model.complete(request)


def _opinion(
    asked: AskedModel,
    *,
    score: float | None = None,
    reason: str = "",
    problem: str = "",
    lost: bool = False,
) -> Opinion:
    """Add to an opinion who answered and what it took, if anybody did."""
    found = Opinion(score=score, reason=reason, problem=problem, lost=lost)
    completion = asked.completion
    if completion is None:
        return found
    return replace(
        found,
        answered_by=completion.model,
        usage=completion.usage,
        cost_micros=completion.cost_micros,
    )
