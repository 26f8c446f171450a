"""`model.infer`: ask one of the models that the operator lets effects use; it only answers in text.

What the model writes is data: it can enter the state through the action that writes it back, and
through that action's guards only.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from runtime.plugins.effects import Effect, EffectCall, EffectResult, EffectTools, RetryPolicy
from runtime.plugins.stdlib.effects.answers import plain
from runtime.plugins.stdlib.effects.payloads import Payload, read_payload, result_of
from runtime.ports.chat_model import ChatRequest, ModelError
from runtime.ports.effect_failure import PermanentError, RetryableError

MOST_ANSWER_LETTERS: Final = 16_384

_Text = Annotated[str, StringConstraints(max_length=32_000)]


class InferPayload(Payload):
    """What `model.infer` is given.

    Attributes:
        model: the name that the operator gave to a model; never a reference or an address.
        instructions: what the model is to do; the plugin's words.
        prompt: what it is to do it with; mostly an input.
        max_tokens: upper bound of the answer.
        temperature: 0 for the steadiest.
    """

    model: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
    instructions: _Text = ""
    prompt: _Text
    max_tokens: int = Field(default=1_024, ge=1, le=4_096)
    temperature: float = Field(default=0.0, ge=0, le=2)


async def model_infer(call: EffectCall, tools: EffectTools) -> EffectResult:
    """Ask once; the queue asks again.

    Raises:
        RetryableError: no usable answer came, and another may; or a budget of models is spent.
        PermanentError: there is no such model, it refuses such requests, or its price is unknown
            where a budget of money is in force.
    """
    payload = read_payload(InferPayload, call)
    model = tools.models.get(payload.model)
    if model is None:
        raise PermanentError(f"there is no model '{payload.model}' for effects")
    system = [{"role": "system", "content": payload.instructions}] if payload.instructions else []
    request = ChatRequest(
        messages=(*system, {"role": "user", "content": payload.prompt}),
        temperature=payload.temperature,
        max_tokens=payload.max_tokens,
        timeout_s=INFER_TIMEOUT_S,
        labels={"job": call.job_id},
    )
    try:
        completion = await model.complete(request)
    except ModelError as error:
        reason = f"the model gave no answer ({error.fault.value})"
        if error.fault.may_retry:
            asked_for = error.retry_after_s
            after_s = None if asked_for is None else min(asked_for, LONGEST_REST_S)
            raise RetryableError(reason, after_s=after_s) from None
        raise PermanentError(reason) from None
    text = plain(completion.text)
    document = {
        "text": text[:MOST_ANSWER_LETTERS],
        "cut": len(text) > MOST_ANSWER_LETTERS,
        "model": payload.model,
        "answered_by": completion.model[:200],
        "finish_reason": completion.finish_reason[:50],
        "refused": bool(completion.refusal),
        "prompt_tokens": completion.usage.prompt,
        "completion_tokens": completion.usage.completion,
        "cost_micros": completion.cost_micros,
    }
    return result_of(document, payload, call)


INFER_TIMEOUT_S: Final = 120.0
LONGEST_REST_S: Final = 600.0
"""That a provider may ask for."""
LONGEST_WAIT_S: Final = 90_000.0
"""A budget that is spent renews within a day; nobody is asked in between."""
MODEL_INFER: Final = Effect(
    name="model.infer",
    handler=model_infer,
    start_to_close_s=INFER_TIMEOUT_S + 10,
    retries=RetryPolicy(cap_s=LONGEST_WAIT_S),
)
