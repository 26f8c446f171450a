"""Wire the harness: model references become contenders, scenarios become the oracle's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from harness.cassette.player import Player
from harness.cassette.shelf import Shelf
from harness.models.answer_key import AnswerKey, CallAnswer, GoldenAnswer, ask_call, decline_call
from harness.models.attentive import Attentive
from harness.models.keyword import Keyword
from harness.models.noisy_oracle import NoisyOracle, noise_rate
from harness.models.oracle import Oracle
from harness.prepared import PreparedScenario
from harness.replay import Contender
from harness.settings import HarnessSettings, released_version
from harness.trial import TrialKey
from runtime.public import (
    ChatModel,
    DeclarationError,
    ModelError,
    ModelReference,
    ModelReferenceError,
    OfflineProvider,
    Patience,
    Price,
    Sampling,
    admit_installed,
    open_chat_model,
    parse_model_reference,
    price_of,
)

MEASURED_LABEL = "model under test"
OFFLINE_LABELS: Mapping[str, str] = {
    "oracle": "offline: answers with the golden plan; the ceiling, not a model",
    "noisy-oracle": "offline: the golden plan with seeded faults; proves that the gate notices",
    "attentive": "offline: golden answers as far as the prompt allows; proves that prompts count",
    "keyword": "offline: rule-based keyword matching; the baseline to beat",
}


class ConfigurationError(Exception):
    """A request that can't be carried out as it stands; exit code 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingWishes:
    """Hold what the command line asks of every model; a reference's own options win."""

    max_tokens: int = 1024
    timeout_s: float = 60.0
    retries: int = 3
    repairs: int = 2


def admit_plugins(settings: HarnessSettings) -> None:
    """Let this process import what `PLANGATE_PLUGINS` admits; unset, each that is installed.

    Raises:
        ConfigurationError: the list can't be read.
    """
    try:
        admit_installed(settings.environ)
    except DeclarationError as error:
        raise ConfigurationError(str(error)) from error


def open_contenders(
    references: Sequence[str],
    scenarios: Sequence[PreparedScenario],
    *,
    environ: Mapping[str, str],
    wishes: SamplingWishes,
    prices: Mapping[str, Price] | None = None,
) -> dict[str, Contender]:
    """Open every model once.

    Args:
        references: models as the command line names them.
        scenarios: what the oracle knows the answers of.
        environ: where keys are looked up.
        wishes: how to ask.
        prices: of models whose own reference names none, by reference.

    Raises:
        ConfigurationError: a reference that can't be read, is given twice, or lacks its key; a
            price of a model that is not asked.
    """
    told = dict(prices or {})
    known = {name for text in references for name in (text, _base(text))}
    if unasked := sorted(set(told) - known):
        raise ConfigurationError(
            f"--price {unasked[0]}: that is none of the models of this run, {', '.join(references)}"
        )
    providers = _offline_providers(scenarios)
    contenders: dict[str, Contender] = {}
    for text in references:
        try:
            reference = _checked(text)
            priced = _priced(text, told.get(text, told.get(_base(text))))
            model = open_chat_model(priced, environ=environ, offline_providers=providers)
            price = price_of(priced)
        except (ModelReferenceError, ModelError, ValueError) as error:
            raise ConfigurationError(f"model {_named(text)}: {_fault(text, error)}") from None
        entered = Contender(
            reference=reference.safe_text,
            label=label_of(reference),
            model=model,
            sampling=_sampling(reference, wishes),
            conditions=conditions_of(reference, wishes, price=price),
            price=price,
        )
        _enter(contenders, entered)
    return contenders


def _offline_providers(scenarios: Sequence[PreparedScenario]) -> dict[str, OfflineProvider]:
    key = answer_key(scenarios)
    return {
        "oracle": Oracle(key=key),
        "noisy-oracle": NoisyOracle(key=key),
        "attentive": Attentive(key=key),
        "keyword": Keyword(),
    }


def _enter(contenders: dict[str, Contender], contender: Contender) -> None:
    if contender.reference in contenders:
        raise ConfigurationError(f"model '{contender.reference}' is given twice")
    contenders[contender.reference] = contender


def replayed_contenders(
    references: Sequence[str], shelf: Shelf, *, wishes: SamplingWishes
) -> dict[str, Contender]:
    """Open players of recorded calls in place of models: nothing is loaded that could connect.

    Raises:
        ConfigurationError: a reference that can't be read or is given twice.
        CassetteError: a damaged cassette.
    """
    contenders: dict[str, Contender] = {}
    for text in references:
        try:
            reference = _checked(text)
        except (ModelReferenceError, ValueError) as error:
            raise ConfigurationError(f"model {_named(text)}: {_fault(text, error)}") from None
        name = reference.safe_text
        player = Player(shelf=shelf, reference=name)
        entered = Contender(
            reference=name,
            label=label_of(reference),
            model=player.for_trial(TrialKey(scenario="", model=name, index=0)).model,
            sampling=_sampling(reference, wishes),
            conditions=conditions_of(reference, wishes, price=None),
            for_trial=player.for_trial,
        )
        _enter(contenders, entered)
    return contenders


def conditions_of(
    reference: ModelReference, wishes: SamplingWishes, *, price: Price | None
) -> dict[str, str]:
    """Say what must be equal before two runs of a model are compared."""
    asked = f"max_tokens {wishes.max_tokens}, repairs {wishes.repairs}"
    paid = "unknown" if price is None else f"{price.prompt:f} in, {price.completion:f} out"
    return {
        "sampling": asked,
        "prices": "none: offline" if reference.offline else paid,
        "versions": f"plangate {released_version()}",
    }


def _priced(text: str, price: Price | None) -> str:
    """Add a price to a reference as its own options would give it."""
    if price is None:
        return text
    return (
        f"{text}{'&' if '?' in text else '?'}"
        f"price_in={price.prompt:f}&price_out={price.completion:f}"
    )


async def close_all(models: Sequence[ChatModel]) -> None:
    """Release every model's connections, also when one of them fails to."""
    async with AsyncExitStack() as stack:
        for model in models:
            stack.push_async_callback(model.close)


def answer_key(scenarios: Sequence[PreparedScenario]) -> AnswerKey:
    """Write down the golden answer of every scenario."""
    return {item.scenario.id: golden_answer(item) for item in scenarios}


def golden_answer(prepared: PreparedScenario) -> GoldenAnswer:
    """Spell the golden plan, question or decline as tool calls."""
    book = prepared.sandbox.book
    return GoldenAnswer(
        calls=_golden_calls(prepared),
        tools={name: action.input_schema for name, action in book.actions.items()},
    )


def label_of(reference: ModelReference) -> str:
    """Say what a model is, so that no report passes an oracle off as a model."""
    if not reference.offline:
        return MEASURED_LABEL
    return OFFLINE_LABELS.get(reference.model_name, "offline")


def _base(text: str) -> str:
    """Return a reference without its options."""
    return text.partition("?")[0]


def _named(text: str) -> str:
    """Name a reference in a message without its options, which might hold what must not show."""
    return f"'{text.partition('?')[0]}'"


def _fault(text: str, error: Exception) -> str:
    """Return what is wrong, without the name where the error begins with it."""
    message = str(error)
    named = message.startswith(text.partition("?")[0])
    name, _, rest = message.partition(": ")
    return rest if named and " " not in name and rest else message


def _checked(text: str) -> ModelReference:
    reference = parse_model_reference(text)
    if reference.offline and reference.model_name in {"noisy-oracle", "attentive"}:
        noise_rate(reference.options)
    elif reference.offline and reference.options:
        raise ValueError(f"{reference.model} takes no options")
    return reference


def _golden_calls(prepared: PreparedScenario) -> tuple[CallAnswer, ...]:
    expect, names = prepared.scenario.expect, prepared.sandbox.book.names
    if prepared.golden is not None:
        return tuple(
            CallAnswer(tool=names[prepared.sandbox.prepared(step).action], arguments=step.inputs)
            for step in prepared.golden.steps
        )
    if expect.clarification is not None:
        slots = expect.clarification.asks_for
        wanted = ", ".join(slot.words[0] if slot.words else slot.slot for slot in slots)
        return (ask_call(f"Which {wanted or 'one'}?", tuple(slot.slot for slot in slots)),)
    return (decline_call("This can't be done here."),)


def _sampling(reference: ModelReference, wishes: SamplingWishes) -> Sampling:
    own = reference.settings
    patience = Patience(retries=wishes.retries if own.retries is None else own.retries)
    return replace(
        Sampling(),
        max_tokens=wishes.max_tokens,
        timeout_s=wishes.timeout_s if own.timeout_s is None else own.timeout_s,
        repairs=wishes.repairs,
        patience=patience,
    )
