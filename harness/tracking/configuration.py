"""Say what a contender is: the reference, how it is asked, and the digests of what it was shown.

Two runs of the same configuration share one logged model in the store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.results import Manifest
from runtime.public import digest, digest_bytes

READABLE_CHARS = 100
DIGEST_CHARS = 8
SHAPES_ANSWERS = frozenset({"prompt", "registry", "sampling"})
"""Of what must be equal to compare runs, the parts that a model's answers depend on."""
_OTHER = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Hold what makes one contender different from another.

    Attributes:
        model: the reference, with its sampling options.
        name: the registered model's name.
        parameters: everything else that may change an answer, by name.
    """

    model: str
    name: str
    parameters: dict[str, str]

    @property
    def digest(self) -> str:
        """Return a digest of it all."""
        return digest({"model": self.model, "parameters": self.parameters})


def configuration_of(manifest: Manifest, model: str) -> Configuration:
    """Return the configuration that a run asked a model with."""
    shown = {
        name: value
        for name, value in sorted(manifest.key(model).items())
        if name.rpartition(".")[2] in SHAPES_ANSWERS
    }
    return Configuration(
        model=model,
        name=registered_name(model),
        parameters={"max_tokens": str(manifest.max_tokens), **shown},
    )


def registered_name(model: str) -> str:
    """Return a name that any registry takes and that no other reference has.

    >>> registered_name("openai/gpt-4o-mini?temperature=0.2")
    'openai-gpt-4o-mini-temperature-0-2-303ced81'
    """
    readable = _OTHER.sub("-", model).strip("-")[:READABLE_CHARS] or "model"
    return f"{readable}-{digest_bytes(model.encode()).removeprefix('sha256:')[:DIGEST_CHARS]}"


def comparability_of(manifest: Manifest, model: str) -> str:
    """Return one digest over what must be equal to compare a model's figures with another run's."""
    return digest(manifest.key(model))
