"""Read a model reference: one line that names a model and says how to reach it.

`openai/gpt-4o-mini`, `openai/own?transport=http&api_base=http://127.0.0.1:9001/v1&retries=2`,
`plangate/noisy-oracle?rate=0.2`. References stand in command lines and reports, so they never hold
a key, only the name of the variable that does; no message here repeats a value that could be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from runtime.kit.json_value import JsonValue
from runtime.ports.chat_model import ChatRequest, TokenUsage

OFFLINE_PROVIDER: Final = "plangate"

_MODEL: Final = re.compile(r"[a-z0-9_.-]+/[^\s?&#]+", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,127}", re.ASCII)
_KEY_SHAPE: Final = re.compile(r"(?:AKIA|ASIA)[0-9A-Z]{16}|(?=[A-Z]*[0-9])[0-9A-Z]{20,}", re.ASCII)
_USER_INFO: Final = re.compile(r"(?<=://)[^/]*@")  # up to the last @: a password may hold one


_SHAPING: Final = frozenset({"max_tokens", "temperature", "tools"})


class ModelReferenceError(ValueError):
    """A model reference that can't be used; the message says how to write it."""


class Transport(StrEnum):
    """Say which adapter carries the requests."""

    LITELLM = "litellm"
    HTTP = "http"


class ToolMode(StrEnum):
    """Say whether the model is given tools or asked for JSON text."""

    NATIVE = "native"
    JSON = "json"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Hold what tokens cost, in millionths of a US dollar a token: dollars a million tokens."""

    prompt: Decimal
    completion: Decimal

    def micros(self, usage: TokenUsage) -> int:
        """Return what tokens cost, rounded up.

        Cached tokens count in full: the price of a cache is the provider's secret, a budget wants
        the upper bound.
        """
        exact = usage.prompt * self.prompt + usage.completion * self.completion
        return int(exact.to_integral_value(rounding=ROUND_CEILING))


FREE: Final = Price(prompt=Decimal(0), completion=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Hold the options of a model that is not ours, read and checked.

    Attributes:
        transport: the adapter.
        tools: `auto` lets the adapter decide.
        api_base: where the server is; None is the provider's own address.
        api_key_env: the variable that holds the key; None is the provider's usual one.
        temperature: takes the place of the request's, as do the next two.
        max_tokens: upper bound of an answer.
        timeout_s: how long one attempt may take.
        retries: how often the caller should try again; adapters try once.
        connections: how many requests may be in flight to the server.
        price_in: US dollars per million prompt tokens, which is micros a token.
        price_out: the same for completion tokens.
    """

    transport: Transport = Transport.LITELLM
    tools: ToolMode = ToolMode.AUTO
    api_base: str | None = None
    api_key_env: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: float | None = None
    retries: int | None = None
    connections: int = 128
    price_in: Decimal | None = None
    price_out: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReference:
    """Name a model and how to reach it.

    Attributes:
        text: the reference as written.
        model: `provider/name`.
        options: as written, for the handlers of `plangate/` models.
        settings: the options, read; defaults for `plangate/` models, but for `tools`.
    """

    text: str
    model: str
    options: Mapping[str, str] = field(default_factory=dict)
    settings: ModelSettings = field(default_factory=ModelSettings)

    @property
    def provider(self) -> str:
        """Return what stands before the first slash."""
        return self.model.partition("/")[0]

    @property
    def model_name(self) -> str:
        """Return what stands after the first slash: the name that the provider knows."""
        return self.model.partition("/")[2]

    @property
    def offline(self) -> bool:
        """Say whether the model answers inside this process."""
        return self.provider == OFFLINE_PROVIDER

    @property
    def safe_text(self) -> str:
        """Return the reference without the credentials of its address, for reports."""
        base = self.settings.api_base
        if base is None or not _USER_INFO.search(base):
            return self.text
        safe = {**self.options, "api_base": _USER_INFO.sub("", base)}
        written = (f"{name}={quote(value, safe=':/')}" for name, value in safe.items())
        return f"{self.model}?{'&'.join(written)}"

    @property
    def identity(self) -> str:
        """Return what answers: the model, and the options that shape what it says.

        Where it is reached, by whose key, how patiently and at what price is not part of it, so
        that everybody may read it.
        """
        shaping = {
            name: value
            for name, value in sorted(self.options.items())
            if self.offline or name in _SHAPING
        }
        written = "&".join(f"{name}={quote(value)}" for name, value in shaping.items())
        return f"{self.model}?{written}" if written else self.model

    def applied_to(self, request: ChatRequest) -> ChatRequest:
        """Return the request with the reference's own numbers in place of the caller's."""
        own: dict[str, JsonValue] = {
            name: value
            for name in ("temperature", "max_tokens", "timeout_s")
            if (value := getattr(self.settings, name)) is not None
        }
        return replace(request, **own) if own else request

    @property
    def price(self) -> Price | None:
        """Return the reference's own price; None when it names none."""
        price_in, price_out = self.settings.price_in, self.settings.price_out
        if price_in is None or price_out is None:
            return None
        return Price(prompt=price_in, completion=price_out)

    def cost_micros(self, usage: TokenUsage) -> int | None:
        """Return what tokens cost by the reference's prices, rounded up; None without any."""
        return None if self.price is None else self.price.micros(usage)


def parse_model_reference(text: str) -> ModelReference:
    """Read a reference.

    Raises:
        ModelReferenceError: it is not `provider/model`, or an option is unknown or has no meaning.

    >>> reference = parse_model_reference("openai/own?tools=json&price_in=0.15&price_out=0.60")
    >>> reference.model_name, reference.settings.tools.value
    ('own', 'json')
    """
    model, _, query = text.partition("?")
    if not _MODEL.fullmatch(model):
        raise ModelReferenceError(
            f"model reference starts with {_USER_INFO.sub('', model)[:80]!r}, expected "
            "provider/model such as openai/gpt-4o-mini, then ?option=value&..."
        )
    options = _split(query, model=model)
    if model.startswith(f"{OFFLINE_PROVIDER}/"):
        shared = {name: value for name, value in options.items() if name == "tools"}
        settings = _settings(shared, model=model)
    else:
        settings = _settings(options, model=model)
    return ModelReference(
        text=text, model=model, options=MappingProxyType(options), settings=settings
    )


def _split(query: str, *, model: str) -> dict[str, str]:
    """Read `name=value&...`; a repeated name is an error, for readers would differ on it."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ModelReferenceError(
            f"{model}: the options can't be read, expected name=value&name=value"
        ) from None
    options = dict(pairs)
    if len(options) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ModelReferenceError(f"{model}: option {repeated!r} is given twice, expected once")
    return options


def _settings(options: Mapping[str, str], *, model: str) -> ModelSettings:
    read: dict[str, JsonValue] = {}
    for name, value in options.items():
        reader = _READERS.get(name)
        if reader is None:
            raise ModelReferenceError(
                f"{model}: unknown option {name[:40]!r}; known: {', '.join(sorted(_READERS))}"
            )
        try:
            read[name] = reader(value)
        except ValueError as problem:
            raise ModelReferenceError(f"{model}: option {name!r} {problem}") from None
    settings = ModelSettings(**read)
    if (settings.price_in is None) is not (settings.price_out is None):
        raise ModelReferenceError(
            f"{model}: only one of price_in and price_out is given, expected both or none"
        )
    if settings.transport is Transport.HTTP and not settings.api_base and model[:7] != "openai/":
        raise ModelReferenceError(
            f"{model}: transport=http needs api_base, the server's address up to /v1"
        )
    return settings


def _number(low: str, high: str) -> Callable[[str], Decimal]:
    """Return a reader of decimal numbers between two bounds, both included."""

    def read(text: str) -> Decimal:
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not Decimal(low) <= value <= Decimal(high):
            raise ValueError(f"is {text[:20]!r}, expected a number from {low} to {high}")
        return value

    return read


def _float(low: str, high: str) -> Callable[[str], float]:
    read = _number(low, high)
    return lambda text: float(read(text))


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(f"is {text[:20]!r}, expected a whole number from {low} to {high}")
        return int(text)

    return read


def _one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(text: str) -> StrEnum:
        try:
            return kind(text)
        except ValueError:
            known = ", ".join(kind)
            raise ValueError(f"is {text[:20]!r}, expected one of {known}") from None

    return read


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", text):
        raise ValueError("is no web address, expected http://host:port/v1 or https://host/v1")
    if parts.query or parts.fragment:
        raise ValueError(
            "has a query or a fragment, expected none: name the variable of a key in api_key_env"
        )
    return text.rstrip("/")


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text) or _KEY_SHAPE.fullmatch(text):
        raise ValueError(
            "is not the name of an environment variable such as OPENAI_API_KEY (it is not "
            "repeated here, for it may be a key); put the key into a variable and name that"
        )
    return text


_READERS: Final[Mapping[str, Callable[[str], JsonValue]]] = MappingProxyType(
    {
        "api_base": _address,
        "api_key_env": _variable,
        "connections": _integer(1, 10_000),
        "max_tokens": _integer(1, 10_000_000),
        "price_in": _number("0", "1000000"),
        "price_out": _number("0", "1000000"),
        "retries": _integer(0, 20),
        "temperature": _float("0", "2"),
        "timeout_s": _float("0.001", "3600"),
        "tools": _one_of(ToolMode),
        "transport": _one_of(Transport),
    }
)
