"""Keep a run's spend below its caps: the worst case of a call is reserved before it is asked.

A call waits while others in flight may still turn out cheaper, and is refused when that can't
help. Bounds are upper bounds on purpose: a cap holds even when every call costs what it can.
"""

from __future__ import annotations

import asyncio
import errno
import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

import orjson

from runtime.public import (
    ChatRequest,
    Completion,
    JsonObject,
    JsonValue,
    ModelError,
    ModelFault,
    ModelReference,
    Price,
    TokenUsage,
)

# A token of a byte-level vocabulary stands for at least one byte, so bytes bound tokens from
# above. What providers add around the text is covered by fixed sums: the frame of a message, the
# frame of a tool, and the instructions that some put before tools (about 500 tokens at most).
MESSAGE_TOKENS: Final = 32
TOOL_TOKENS: Final = 64
REQUEST_TOKENS: Final = 1_024
IMAGE_TOKENS: Final = 50_000
"""More than the dearest published rule asks for the largest image: 8 tiles of 5,667 and 2,833."""
DOCUMENT_TOKENS: Final = 500_000
"""More than 100 pages, the usual limit of a request, each as an image and as text."""

_MICROS_A_DOLLAR: Final = 1_000_000
_NOT_CHARGED: Final = frozenset(
    {
        ModelFault.RATE_LIMITED,
        ModelFault.UNAUTHORIZED,
        ModelFault.BAD_REQUEST,
        ModelFault.UNAVAILABLE,
    }
)
_NEVER_ARRIVED: Final = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH})


class BudgetExhausted(Exception):  # noqa: N818  # an end that was asked for, not an error
    """The next call could pass a cap; nothing more is asked. What is done stays valid."""


class UnknownPriceError(Exception):
    """A cost cap over a model whose price nobody knows."""

    def __init__(self, model: str) -> None:
        """Name the model and the option that tells its price."""
        self.model = model
        super().__init__(
            f"model {model}: no price is known, so --max-cost can't be kept; give the price in "
            f"dollars a million tokens with --price '{model}=IN,OUT', as in 0.15,0.60"
        )


class PriceError(ValueError):
    """A price that can't be read; the message says how to write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Count what was, or may be, used."""

    tokens: int = 0
    cost_micros: int = 0

    def plus(self, other: Spend) -> Spend:
        """Add two counts."""
        return Spend(
            tokens=self.tokens + other.tokens, cost_micros=self.cost_micros + other.cost_micros
        )

    def negated(self) -> Spend:
        """Return what takes this count away."""
        return Spend(tokens=-self.tokens, cost_micros=-self.cost_micros)

    def exceeds(self, other: Spend) -> bool:
        """Say whether any of the counts is larger."""
        return self.tokens > other.tokens or self.cost_micros > other.cost_micros


NOTHING: Final = Spend()


def read_price(text: str) -> tuple[str, Price]:
    """Read `MODEL=IN,OUT`, dollars a million tokens; a model's own options may hold `=`.

    Raises:
        PriceError: it is not written like that.

    >>> read_price("openai/own?tools=json=0.15,0.60")[0]
    'openai/own?tools=json'
    """
    model, _, prices = text.rpartition("=")
    try:
        prompt, completion = (Decimal(price) for price in prices.split(","))
    except (InvalidOperation, ValueError):
        prompt = completion = Decimal("NaN")
    if not model or not all(price.is_finite() and price >= 0 for price in (prompt, completion)):
        raise PriceError(
            f"--price {text[:200]!r} can't be read, expected MODEL=IN,OUT in dollars a million "
            "tokens, as in openai/own=0.15,0.60"
        )
    return model, Price(prompt=prompt, completion=completion)


def worst_case(request: ChatRequest, price: Price | None) -> Spend:
    """Return the most that a request can use; without a price only tokens are counted."""
    usage = TokenUsage(prompt=most_prompt_tokens(request), completion=request.max_tokens)
    return Spend(
        tokens=usage.prompt + usage.completion,
        cost_micros=0 if price is None else price.micros(usage),
    )


def most_prompt_tokens(request: ChatRequest) -> int:
    """Return an upper bound of the tokens that a provider may count for a request."""
    tools = request.tools
    return (
        REQUEST_TOKENS
        + sum(MESSAGE_TOKENS + _most_tokens(message) for message in request.messages)
        + (len(tools.encoded) + TOOL_TOKENS * len(tools.definitions) if tools else 0)
    )


def actual_spend(completion: Completion, price: Price | None, *, worst: Spend) -> Spend:
    """Return what a call used; the worst case where the provider does not say.

    Where the provider and the price differ, the higher cost counts.
    """
    usage = completion.usage
    if not usage.prompt:
        reported = completion.cost_micros or 0
        return Spend(tokens=worst.tokens, cost_micros=max(worst.cost_micros, reported))
    priced = 0 if price is None else price.micros(usage)
    return Spend(
        tokens=usage.prompt + usage.completion,
        cost_micros=max(priced, completion.cost_micros or 0),
    )


def failed_spend(error: BaseException, *, worst: Spend) -> Spend:
    """Return what a call without an answer may have used: nothing only where that is certain."""
    if not isinstance(error, ModelError):
        return worst
    if error.fault in _NOT_CHARGED:
        return NOTHING
    never_arrived = error.fault is ModelFault.CONNECTION and any(
        _never_arrived(cause) for cause in _causes(error)
    )
    return NOTHING if never_arrived else worst


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reservation:
    """Hold the worst case of one call until it is known what it used."""

    worst: Spend


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    worst: Spend
    granted: asyncio.Future[Reservation]


@dataclass(slots=True, kw_only=True)
class Budget:
    """Share the caps of one run between all calls in flight; belongs to one event loop.

    Attributes:
        max_cost_micros: cap on cost, or None.
        max_tokens: cap on prompt and completion tokens together, or None.
        spent: what is settled, with what the run used before it was resumed.
        reserved: worst cases of the calls in flight.
        folder: the run's folder, for the message that says how to go on.
    """

    max_cost_micros: int | None = None
    max_tokens: int | None = None
    spent: Spend = NOTHING
    folder: str = "FOLDER"
    reserved: Spend = NOTHING
    closed: str = ""
    _held: set[Reservation] = field(default_factory=set)
    _waiting: deque[_Waiting] = field(default_factory=deque)

    async def reserve(self, worst: Spend) -> Reservation:
        """Set the worst case of a call aside; waits its turn while others may free enough.

        Raises:
            BudgetExhausted: the caps don't allow it whatever those in flight turn out to cost.
        """
        waiting = _Waiting(worst=worst, granted=asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._serve()
        try:
            return await waiting.granted
        except asyncio.CancelledError:
            self._give_up(waiting)
            raise

    def settle(self, reservation: Reservation, actual: Spend) -> None:
        """Replace a reservation by what the call used; more than the worst case closes the budget.

        Raises:
            ValueError: the reservation is settled already, or another budget's.
        """
        if reservation not in self._held:
            raise ValueError("this reservation is not held; each one is settled once")
        self._held.remove(reservation)
        self.reserved = self.reserved.plus(reservation.worst.negated())
        self.spent = self.spent.plus(actual)
        if actual.exceeds(reservation.worst):
            self.closed = (
                f"a call used {_shown(actual)}, more than its worst case of "
                f"{_shown(reservation.worst)}: the provider counts otherwise than it is asked"
            )
        self._serve()

    def _serve(self) -> None:
        """Answer those who wait, in their order, as far as it is certain."""
        while self._waiting:
            first = self._waiting[0]
            if first.granted.done():
                pass  # its task was cancelled and has not noticed yet
            elif self.closed or not self._within(self.spent.plus(first.worst)):
                first.granted.set_exception(BudgetExhausted(self._refusal(first.worst)))
            elif self._within(self.spent.plus(self.reserved).plus(first.worst)):
                first.granted.set_result(self._hold(first.worst))
            else:
                return
            self._waiting.popleft()

    def _hold(self, worst: Spend) -> Reservation:
        reservation = Reservation(worst=worst)
        self._held.add(reservation)
        self.reserved = self.reserved.plus(worst)
        return reservation

    def _give_up(self, waiting: _Waiting) -> None:
        """Take a cancelled call out; what it was granted meanwhile was never used."""
        granted = waiting.granted
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            self._serve()
        elif not granted.cancelled() and granted.exception() is None:
            self.settle(granted.result(), NOTHING)

    def _within(self, spend: Spend) -> bool:
        cost, tokens = self.max_cost_micros, self.max_tokens
        return (cost is None or spend.cost_micros <= cost) and (
            tokens is None or spend.tokens <= tokens
        )

    def _refusal(self, worst: Spend) -> str:
        cost, tokens = self.max_cost_micros, self.max_tokens
        caps = [] if cost is None else [f"${cost / _MICROS_A_DOLLAR:,.6f}"]
        caps += [] if tokens is None else [f"{tokens:,} tokens"]
        options = [] if cost is None else ["--max-cost N"]
        options += [] if tokens is None else ["--max-tokens N"]
        why = self.closed or f"the next call may use {_shown(worst)}"
        return (
            f"the budget is used up: {_shown(self.spent)} spent, the cap is "
            f"{' and '.join(caps) or 'none'}, and {why}; finished trials are kept: go on with "
            f"`plangate eval run --resume {self.folder} {' '.join(options)}` and a higher cap"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Let one model draw on a run's budget at its price.

    Raises:
        UnknownPriceError: a cost cap, and no price.
    """

    budget: Budget
    reference: ModelReference
    pricing: Price | None

    def __post_init__(self) -> None:
        if self.pricing is None and self.budget.max_cost_micros is not None:
            raise UnknownPriceError(self.reference.safe_text)

    def worst_of(self, request: ChatRequest) -> Spend:
        """Return the worst case of a request as the model's own options change it."""
        return worst_case(self.reference.applied_to(request), self.pricing)

    def actual_of(self, completion: Completion, *, worst: Spend) -> Spend:
        """Return what an answered call used."""
        return actual_spend(completion, self.pricing, worst=worst)


def _most_tokens(message: JsonObject) -> int:
    """Bound one message: its texts and names by their bytes, other parts by what they may count."""
    content = message.get("content")
    if not isinstance(content, list):
        return _text_tokens(message)
    rest = {**message, "content": None}
    return _text_tokens(rest) + sum(_part_tokens(part) for part in content)


def _part_tokens(part: JsonObject) -> int:
    kind = part.get("type")
    if kind == "text":
        return _text_tokens(part)
    return IMAGE_TOKENS if kind == "image_url" else max(DOCUMENT_TOKENS, _text_tokens(part))


def _text_tokens(value: JsonValue) -> int:
    """Bound a text by its bytes, or by those of the longer form some vocabularies read it in."""
    spelled = orjson.dumps(value)
    if spelled.isascii():
        return len(spelled)
    return max(len(spelled), len(unicodedata.normalize("NFKC", spelled.decode()).encode()))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _never_arrived(cause: BaseException) -> bool:
    """Say whether no connection was made: refused, unreachable, or a name without an address."""
    number = cause.errno if isinstance(cause, OSError) else None
    return number is not None and (number in _NEVER_ARRIVED or number < 0)  # below 0: the resolver


def _shown(spend: Spend) -> str:
    return f"${spend.cost_micros / _MICROS_A_DOLLAR:,.6f} and {spend.tokens:,} tokens"
