"""A budget keeps its caps before anything is asked, waits where waiting helps, and says why not."""

from __future__ import annotations

import asyncio
import errno
import math
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.budget import (
    DOCUMENT_TOKENS,
    IMAGE_TOKENS,
    NOTHING,
    Allowance,
    Budget,
    BudgetExhausted,
    PriceError,
    Reservation,
    Spend,
    UnknownPriceError,
    actual_spend,
    failed_spend,
    most_prompt_tokens,
    read_price,
    worst_case,
)
from runtime.public import (
    ChatRequest,
    Completion,
    JsonValue,
    ModelError,
    ModelFault,
    Price,
    TokenUsage,
    ToolSet,
    parse_model_reference,
)
from tests.models.scripted import saying

PRICE = Price(prompt=Decimal("0.15"), completion=Decimal("0.60"))
WORST = Spend(tokens=100, cost_micros=1_000)


def cost(micros: int) -> Spend:
    """Spend money alone."""
    return Spend(cost_micros=micros)


def asking(content: JsonValue, **changes: JsonValue) -> ChatRequest:
    """Build a request of one message."""
    return ChatRequest(messages=({"role": "user", "content": content},), **changes)


async def waiting(budget: Budget, *worsts: int) -> list[asyncio.Task[Reservation]]:
    """Let tasks ask for reservations and come to rest."""
    tasks = [asyncio.create_task(budget.reserve(cost(worst))) for worst in worsts]
    await turns()
    return tasks


async def turns() -> None:
    """Let every other task go as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


def done(tasks: Iterable[asyncio.Task[Reservation]]) -> list[bool]:
    """Say which tasks have ended."""
    return [task.done() for task in tasks]


async def test_a_call_that_fits_is_granted_at_once_and_settled_at_what_it_used() -> None:
    """The rest of its worst case is free again."""
    budget = Budget(max_cost_micros=10)
    held = await budget.reserve(cost(10))
    assert (budget.reserved, budget.spent) == (cost(10), NOTHING)

    budget.settle(held, cost(4))

    assert (budget.reserved, budget.spent) == (NOTHING, cost(4))
    assert (await budget.reserve(cost(6))).worst == cost(6)


async def test_a_call_that_could_pass_the_cap_is_refused_with_how_to_go_on() -> None:
    """The message says what is spent, the cap, the worst case and the command."""
    budget = Budget(max_cost_micros=1_000_000, spent=cost(600_000), folder="runs/x")

    with pytest.raises(BudgetExhausted) as caught:
        await budget.reserve(Spend(tokens=1_234, cost_micros=400_001))

    for part in ("$0.600000", "$1.000000", "$0.400001 and 1,234 tokens"):
        assert part in str(caught.value)
    assert "plangate eval run --resume runs/x --max-cost N" in str(caught.value)


@pytest.mark.parametrize(
    ("budget", "granted"),
    [
        pytest.param(Budget(), True, id="no cap"),
        pytest.param(Budget(max_tokens=100), True, id="tokens, just"),
        pytest.param(Budget(max_tokens=99), False, id="tokens, one too many"),
        pytest.param(Budget(max_tokens=100, max_cost_micros=999), False, id="cost too high"),
        pytest.param(Budget(max_tokens=99, max_cost_micros=1_000), False, id="both hold"),
        pytest.param(Budget(max_cost_micros=0), False, id="a cap of nothing"),
    ],
)
async def test_each_cap_holds(budget: Budget, *, granted: bool) -> None:
    """A cap may be used up to its last token and no further."""
    if granted:
        assert (await budget.reserve(WORST)).worst == WORST
        return
    with pytest.raises(BudgetExhausted):
        await budget.reserve(WORST)


async def test_a_call_waits_while_others_may_turn_out_cheaper() -> None:
    """Concurrency does not end a run that could go on."""
    budget = Budget(max_cost_micros=10)
    held = await budget.reserve(cost(8))
    (task,) = await waiting(budget, 5)
    assert not task.done()

    budget.settle(held, cost(5))

    assert (await task).worst == cost(5)


async def test_a_waiting_call_is_refused_as_soon_as_nothing_can_help() -> None:
    """What was settled leaves less than its worst case."""
    budget = Budget(max_cost_micros=10)
    first, second = await budget.reserve(cost(4)), await budget.reserve(cost(4))
    (task,) = await waiting(budget, 5)

    budget.settle(first, cost(3))
    await turns()
    assert not task.done()
    budget.settle(second, cost(3))

    with pytest.raises(BudgetExhausted):
        await task


async def test_calls_are_served_in_their_order() -> None:
    """A large call is not starved by small ones that came later."""
    budget = Budget(max_cost_micros=10)
    held = await budget.reserve(cost(8))
    large, small = await waiting(budget, 9, 1)
    assert done([large, small]) == [False, False]

    budget.settle(held, NOTHING)
    await turns()

    assert done([large, small]) == [True, True]


async def test_a_refused_call_lets_the_next_one_through() -> None:
    """What is too large for the rest of the budget does not block what fits."""
    budget = Budget(max_cost_micros=10)
    held = await budget.reserve(cost(8))
    large, small = await waiting(budget, 7, 3)

    budget.settle(held, cost(5))

    with pytest.raises(BudgetExhausted):
        await large
    assert (await small).worst == cost(3)


async def test_a_cancelled_wait_lets_the_next_one_through() -> None:
    """Who gives up stands in nobody's way."""
    budget = Budget(max_cost_micros=10)
    await budget.reserve(cost(5))
    large, small = await waiting(budget, 9, 2)

    large.cancel()
    await turns()

    assert (await small).worst == cost(2)
    assert budget.reserved == cost(7)


@pytest.mark.parametrize("first", ["cancelled", "settled"])
async def test_a_call_that_is_cancelled_as_it_is_granted_uses_nothing(first: str) -> None:
    """It was never made, whichever of the two came first."""
    budget = Budget(max_cost_micros=10)
    held = await budget.reserve(cost(8))
    (task,) = await waiting(budget, 9)
    if first == "cancelled":
        task.cancel()
        budget.settle(held, NOTHING)
    else:
        budget.settle(held, NOTHING)
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert (budget.reserved, budget.spent) == (NOTHING, NOTHING)
    assert (await budget.reserve(cost(10))).worst == cost(10)


async def test_a_call_that_is_cancelled_as_it_is_refused_is_cancelled() -> None:
    """Nothing is settled that was never held."""
    budget = Budget(max_cost_micros=10)
    held = await budget.reserve(cost(8))
    (task,) = await waiting(budget, 9)
    budget.settle(held, cost(8))
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert (budget.reserved, budget.spent) == (NOTHING, cost(8))


@pytest.mark.parametrize("more", [Spend(tokens=101), Spend(cost_micros=1_001)])
async def test_a_provider_that_counts_more_than_the_worst_case_ends_the_spending(
    more: Spend,
) -> None:
    """Its bounds can't be trusted, so nobody is asked any more; what it said is counted."""
    budget = Budget(max_cost_micros=10**6)
    budget.settle(await budget.reserve(WORST), more)

    assert budget.spent == more
    with pytest.raises(BudgetExhausted, match=r"more than its worst case of .*100 tokens"):
        await budget.reserve(cost(1))


async def test_a_reservation_is_settled_once_and_by_its_own_budget() -> None:
    """Settling twice would make room that is not there."""
    budget = Budget(max_cost_micros=10**6)
    held = await budget.reserve(WORST)
    budget.settle(held, WORST)

    for wrong in (held, Reservation(worst=WORST)):
        with pytest.raises(ValueError, match="settled once"):
            budget.settle(wrong, NOTHING)
    assert budget.spent == WORST


@pytest.mark.parametrize(
    ("content", "least"),
    [
        pytest.param("a" * 1_000, 1_000, id="a token a letter"),
        pytest.param("é" * 1_000, 2_000, id="a token a byte"),
        pytest.param("\ufdfa" * 100, 3_300, id="a sign that a vocabulary spells out"),
        pytest.param([{"type": "text", "text": "a" * 500}] * 2, 1_000, id="parts of text"),
        pytest.param(
            [{"type": "image_url", "image_url": {"url": "data:"}}] * 2,
            2 * IMAGE_TOKENS,
            id="images",
        ),
        pytest.param([{"type": "file", "file": {}}], DOCUMENT_TOKENS, id="a document"),
        pytest.param(
            [{"type": "file", "file": {"file_data": "x" * (DOCUMENT_TOKENS + 1)}}],
            DOCUMENT_TOKENS + 1,
            id="a large document",
        ),
    ],
)
def test_no_tokenizer_counts_more_than_the_bound(content: JsonValue, least: int) -> None:
    """Bytes bound tokens; images and documents have bounds of their own."""
    assert most_prompt_tokens(asking(content)) - most_prompt_tokens(asking("")) >= least - 64


def test_an_image_is_not_counted_by_the_length_of_its_spelling() -> None:
    """A large photograph does not use up a budget that it could never cost."""
    image = {"type": "image_url", "image_url": {"url": "data:" + "x" * 5_000_000}}

    assert most_prompt_tokens(asking([image])) < IMAGE_TOKENS + 2_000


def test_tools_and_calls_count() -> None:
    """All that is sent is bounded, not the texts alone."""
    plain = most_prompt_tokens(asking("x"))
    tools = ToolSet(({"type": "function", "function": {"name": "n" * 500}},))
    call = {"id": "1", "type": "function", "function": {"name": "x", "arguments": "y" * 500}}
    repeated = ChatRequest(messages=({"role": "assistant", "content": None, "tool_calls": [call]},))

    assert most_prompt_tokens(asking("x", tools=tools)) > plain + 500
    assert most_prompt_tokens(repeated) > 1_500


def test_the_worst_case_is_priced_with_the_longest_answer() -> None:
    """Without a price, tokens still count."""
    request = asking("x", max_tokens=1_000)
    prompt = most_prompt_tokens(request)

    assert worst_case(request, None) == Spend(tokens=prompt + 1_000, cost_micros=0)
    least = Decimal(prompt) * PRICE.prompt + 600
    assert worst_case(request, PRICE).cost_micros == math.ceil(least)


@pytest.mark.parametrize(
    ("completion", "price", "used"),
    [
        pytest.param(saying(cost_micros=50), PRICE, (13, 50), id="the provider's, if higher"),
        pytest.param(saying(cost_micros=0), PRICE, (13, 4), id="the price's, if higher"),
        pytest.param(saying(cost_micros=None), PRICE, (13, 4), id="the price's, if none is said"),
        pytest.param(saying(cost_micros=None), None, (13, 0), id="unknown without a cost cap"),
        pytest.param(
            replace(saying(cost_micros=0), usage=TokenUsage(completion=5)),
            PRICE,
            (100, 1_000),
            id="no usage is the worst case",
        ),
        pytest.param(
            replace(saying(cost_micros=2_000), usage=TokenUsage()),
            PRICE,
            (100, 2_000),
            id="no usage, but a cost above it",
        ),
    ],
)
def test_what_an_answer_used(
    completion: Completion, price: Price | None, used: tuple[int, int]
) -> None:
    """In doubt the higher figure counts."""
    tokens, cost_micros = used

    assert actual_spend(completion, price, worst=WORST) == Spend(
        tokens=tokens, cost_micros=cost_micros
    )


@pytest.mark.parametrize(
    ("fault", "free"),
    [
        (ModelFault.RATE_LIMITED, True),
        (ModelFault.UNAUTHORIZED, True),
        (ModelFault.BAD_REQUEST, True),
        (ModelFault.UNAVAILABLE, True),
        (ModelFault.TIMEOUT, False),
        (ModelFault.SERVER, False),
        (ModelFault.MALFORMED, False),
        (ModelFault.CONNECTION, False),
    ],
)
def test_what_a_fault_may_have_cost(fault: ModelFault, *, free: bool) -> None:
    """Only what proves that nothing was answered is free."""
    error = ModelError(fault, model="m", detail="d")

    assert failed_spend(error, worst=WORST) == (NOTHING if free else WORST)


@pytest.mark.parametrize(
    ("cause", "free"),
    [
        pytest.param(ConnectionRefusedError(errno.ECONNREFUSED, "refused"), True, id="refused"),
        pytest.param(OSError(errno.ENETUNREACH, "no network"), True, id="no network"),
        pytest.param(OSError(-2, "no such name"), True, id="a name without an address"),
        pytest.param(ConnectionResetError(errno.ECONNRESET, "reset"), False, id="cut off"),
        pytest.param(OSError("something"), False, id="an error without a number"),
        pytest.param(ValueError("something"), False, id="anything else"),
    ],
)
def test_a_connection_that_was_never_made_costs_nothing(cause: Exception, *, free: bool) -> None:
    """One that broke may have carried the request."""
    wrapped = RuntimeError("client")
    wrapped.__cause__ = cause
    error = ModelError(ModelFault.CONNECTION, model="m", detail="d")
    error.__cause__ = wrapped

    assert failed_spend(error, worst=WORST) == (NOTHING if free else WORST)


def test_a_timeout_after_a_refused_connection_is_still_a_timeout() -> None:
    """The fault speaks first: an earlier refusal proves nothing about this attempt."""
    error = ModelError(ModelFault.TIMEOUT, model="m", detail="d")
    error.__context__ = ConnectionRefusedError(errno.ECONNREFUSED, "refused")

    assert failed_spend(error, worst=WORST) == WORST


@pytest.mark.parametrize("error", [asyncio.CancelledError(), RuntimeError("a fault of ours")])
def test_what_is_no_models_error_counts_in_full(error: BaseException) -> None:
    """Nobody knows how far the call came."""
    assert failed_spend(error, worst=WORST) == WORST


def test_a_cost_cap_needs_a_price_before_anything_is_asked() -> None:
    """The refusal names the option; a token cap needs none."""
    reference = parse_model_reference("openai/own")

    with pytest.raises(UnknownPriceError, match="--price 'openai/own=IN,OUT'"):
        Allowance(budget=Budget(max_cost_micros=1), reference=reference, pricing=None)
    Allowance(budget=Budget(max_tokens=1), reference=reference, pricing=None)


def test_the_references_own_bound_of_an_answer_counts() -> None:
    """What is sent is what is priced."""
    reference = parse_model_reference("openai/own?max_tokens=50000")
    allowance = Allowance(budget=Budget(), reference=reference, pricing=PRICE)

    assert allowance.worst_of(asking("x", max_tokens=5)) == worst_case(
        asking("x", max_tokens=50_000), PRICE
    )
    assert allowance.actual_of(saying(), worst=WORST) == actual_spend(saying(), PRICE, worst=WORST)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("openai/gpt=0.15,0.60", "openai/gpt"),
        ("openai/own?tools=json&retries=1=0.15,0.60", "openai/own?tools=json&retries=1"),
    ],
)
def test_a_price_is_read(text: str, model: str) -> None:
    """The model's own options may hold an equals sign."""
    assert read_price(text) == (model, PRICE)


@pytest.mark.parametrize(
    "text",
    ["0.15,0.60", "=1,2", "m=1", "m=1,2,3", "m=a,2", "m=-1,2", "m=1,NaN", "m=1,Infinity", ""],
)
def test_a_price_that_cannot_be_read_is_refused(text: str) -> None:
    """The message shows how to write it."""
    with pytest.raises(PriceError, match="expected MODEL=IN,OUT in dollars a million"):
        read_price(text)
