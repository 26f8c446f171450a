"""Address a request by its content: equal requests, equal address; a digest a part says what moved.

The address leaves out what no provider is sent or what changes no answer: labels and timeout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, TypeVar

import orjson

from runtime.public import ChatRequest, JsonObject, ToolSet

PART_CHARS: Final = 16
MOST_KEPT: Final = 1_024

_Key = TypeVar("_Key", bound=Hashable)

_CHANGED: Final = (
    ("model", "the model reference changed"),
    ("system", "the prompt changed (its rules, the components or the scenario's state)"),
    ("tools", "the tools changed (the environment's actions)"),
    ("messages", "the message changed (or an answer that the conversation repeats)"),
    ("sampling", "temperature or max_tokens changed"),
    ("seed", "the trial's seed changed (the run's --seed)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Name a request by what is in it.

    Attributes:
        whole: SHA-256 over all parts, in hex; what calls are found by.
        model, system, tools, messages, sampling, seed: short digests of the parts, to say which
            of them changed.
    """

    whole: str
    model: str
    system: str
    tools: str
    messages: str
    sampling: str
    seed: str

    def parts(self) -> dict[str, str]:
        """Return the digests by the name of their part."""
        return {name: getattr(self, name) for name, _ in _CHANGED}

    def changes(self, earlier: Address) -> tuple[str, ...]:
        """Say what is different in this request from an earlier one."""
        return tuple(
            sentence for name, sentence in _CHANGED if getattr(self, name) != getattr(earlier, name)
        )


class Addresser:
    """Compute the addresses of one model's requests; keeps the digests of what repeats."""

    def __init__(self, reference: str) -> None:
        """Name the model by its reference without credentials."""
        self._reference = _sha256(reference.encode())
        self._tools: dict[ToolSet, str] = {}
        self._texts: dict[str, str] = {}

    def address(self, request: ChatRequest) -> Address:
        """Return the address of a request."""
        system, messages = self._split(request.messages)
        tools = self._tools_digest(request.tools)
        sampling = _digest([request.temperature, request.max_tokens])
        seed = _digest(request.seed)
        whole = _sha256(f"{self._reference}{system}{tools}{messages}{sampling}{seed}".encode())
        return Address(
            whole=whole,
            model=self._reference[:PART_CHARS],
            system=system[:PART_CHARS],
            tools=tools[:PART_CHARS],
            messages=messages[:PART_CHARS],
            sampling=sampling[:PART_CHARS],
            seed=seed[:PART_CHARS],
        )

    def _split(self, messages: tuple[JsonObject, ...]) -> tuple[str, str]:
        """Digest the system text and the rest; the text is long and comes with every trial."""
        first = messages[0] if messages else {}
        text = first.get("content")
        if first.get("role") != "system" or len(first) > 2 or not isinstance(text, str):  # noqa: PLR2004  # role and content
            return _digest(None), _digest(messages)
        known = self._texts.get(text)
        if known is None:
            known = _kept(self._texts, text, _sha256(text.encode()))
        return known, _digest(messages[1:])

    def _tools_digest(self, tools: ToolSet) -> str:
        known = self._tools.get(tools)
        if known is None:
            spelled = orjson.dumps(tools.definitions, option=orjson.OPT_SORT_KEYS)
            known = _kept(self._tools, tools, _sha256(spelled))
        return known


def _kept(found: dict[_Key, str], key: _Key, digest: str) -> str:
    if len(found) >= MOST_KEPT:
        found.clear()
    found[key] = digest
    return digest


def _digest(value: object) -> str:
    return _sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
