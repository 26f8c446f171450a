"""Describe how the body of a delivery becomes a plan: a document without code or template language.

The actions are written down by who makes the hook, never by who sends. Inputs are constants, parts
of the body by JSON Pointer, or CEL expressions over it. Of CEL there is only what takes time in
proportion to its text and the body: no macro that walks a list, no regular expression. Compiled and
applied by `engine.hook_mapping`.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_pointer import PointerError, parse
from runtime.kit.json_value import JsonValue

MOST_STEPS: Final = 10
MOST_INPUTS: Final = 50
MOST_EXPRESSION_LETTERS: Final = 500
MOST_LETTERS_TOGETHER: Final = 2_000
"""Of all expressions of a mapping: what they cost grows with it, and with the body."""
MOST_MENTIONS: Final = 10
"""How often one expression may name the body, which may be copied each time."""
MOST_MENTIONS_TOGETHER: Final = 50
MOST_SUMS: Final = 8
"""How many `+` they may have together: each may double a list."""
MOST_SOURCES: Final = 100
MOST_BODY_BYTES: Final = 64_000
"""What a body may have for all of that to take no more than a moment."""
MOST_POINTER_LETTERS: Final = 500
MOST_MAPPING_BYTES: Final = 16_384
BODY: Final = "body"
"""What expressions call the body of the delivery."""
FUNCTIONS: Final = frozenset({"contains", "double", "endsWith", "has", "int", "size", "startsWith",
                              "string"})  # fmt: skip

_TEXT: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_UNCLEAR: Final = ("\\", "`", '"""', "'''", "\n", "\r", "\0")
_NAMED: Final = re.compile(rf"\b{BODY}\b")
_CALLED: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(")


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _pointer(text: str) -> str:
    try:
        parse(text)
    except PointerError as error:
        raise ValueError(str(error)) from None
    return text


def _constant(value: JsonValue) -> JsonValue:
    canonical_text(value)  # raises for what has none
    return value


def _expression(text: str) -> str:
    """Return an expression that costs no more than its text says.

    A macro such as `map` is an identifier before a bracket, as a function is: so all of them are
    found here, once texts are taken out, and texts have one reading only.
    """
    if any(item in text for item in _UNCLEAR):
        raise ValueError(
            "an expression has an escape, a raw name, a text of three quotes or a line break; "
            "expected one line with plain texts"
        )
    bare = _TEXT.sub("''", text)
    if "//" in bare or "{" in bare:
        raise ValueError("an expression has a comment or a map, expected neither")
    mentions = len(_NAMED.findall(bare))
    if mentions > MOST_MENTIONS:
        raise ValueError(
            f"an expression mentions the body {mentions} times, at most {MOST_MENTIONS} may be"
        )
    strange = sorted(set(_CALLED.findall(bare)) - FUNCTIONS - {"in"})
    if strange:
        raise ValueError(
            f"an expression calls {', '.join(strange)}; it may call {', '.join(sorted(FUNCTIONS))}"
        )
    return text


Expression = Annotated[
    str,
    Field(min_length=1, max_length=MOST_EXPRESSION_LETTERS),
    AfterValidator(_expression),
]


class Constant(_Document):
    """Give an input the same value each time."""

    value: Annotated[JsonValue, AfterValidator(_constant)]


class Part(_Document):
    """Give an input what the body has at a place.

    Attributes:
        pointer: where (RFC 6901); empty for the body as a whole.
        optional: leave the input out where there is nothing, instead of refusing the delivery.
    """

    pointer: Annotated[str, Field(max_length=MOST_POINTER_LETTERS), AfterValidator(_pointer)]
    optional: bool = False


class Computed(_Document):
    """Give an input what a CEL expression makes of the body."""

    cel: Expression


Source = Constant | Part | Computed


class MappedStep(_Document):
    """Call one action; what it is given comes from the body, which one it is does not."""

    action: Annotated[str, Field(min_length=1, max_length=200)]
    inputs: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=200)], Source],
        Field(max_length=MOST_INPUTS),
    ] = Field(default_factory=dict)


class HookMapping(_Document):
    """Say when a delivery acts, and by which plan.

    Attributes:
        when: a CEL expression; false passes a delivery over, and what is not a boolean refuses it.
        steps: of the plan, in order.
        atomic: all steps or none.
    """

    when: Expression | None = None
    steps: Annotated[tuple[MappedStep, ...], Field(min_length=1, max_length=MOST_STEPS)]
    atomic: bool = False

    @property
    def expressions(self) -> tuple[str, ...]:
        """Return every expression, as often as it stands there."""
        sources = (source for step in self.steps for source in step.inputs.values())
        inputs = (source.cel for source in sources if isinstance(source, Computed))
        return (*(() if self.when is None else (self.when,)), *inputs)

    def text(self) -> str:
        """Return its canonical spelling."""
        return canonical_text(self.model_dump(mode="json"))

    @model_validator(mode="after")
    def _within_bounds(self) -> Self:
        size_bytes = len(self.text().encode())
        bare = [_TEXT.sub("''", rule) for rule in self.expressions]
        bounds = (
            ("bytes", size_bytes, MOST_MAPPING_BYTES),
            ("inputs", sum(len(step.inputs) for step in self.steps), MOST_SOURCES),
            ("characters in expressions", sum(map(len, self.expressions)), MOST_LETTERS_TOGETHER),
            (
                "mentions of the body",
                sum(len(_NAMED.findall(rule)) for rule in bare),
                MOST_MENTIONS_TOGETHER,
            ),
            ("sums", sum(rule.count("+") for rule in bare), MOST_SUMS),
        )
        for what, found, most in bounds:
            if found > most:
                raise ValueError(f"the mapping has {found} {what}, at most {most} may be")
        return self
