"""Judge which model references organizations may name: what the operator offers, and no more.

An operator's own references may say anything. One that an organization writes goes out under the
platform's keys and from its network: so it chooses no address beyond those allowed, no variable of
the environment, and no price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors.models import ModelUseRefusedError
from runtime.domain.model_use import ModelUse
from runtime.ports.model_reference import (
    ModelReference,
    ModelReferenceError,
    Transport,
    parse_model_reference,
)
from runtime.services.models.addresses import BaseAddress, covered

EVERY: Final = "/*"
_OPTIONS: Final = frozenset({"api_base", "temperature", "tools", "transport"})
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+(?:[/:@][A-Za-z0-9_.-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Hold what an operator offers.

    Attributes:
        own: the platform's own references, which everybody may use.
        allowed: exact references, models without options, or `provider/*`.
        bases: addresses below which an organization's own servers may be.
    """

    own: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    bases: tuple[BaseAddress, ...] = ()

    def refusal(self, text: str) -> str | None:
        """Return why a reference can't be used; None: it can."""
        if text in self.own or (text in self.allowed and not text.endswith(EVERY)):
            return None
        try:
            reference = parse_model_reference(text)
        except ModelReferenceError as error:
            return f"can't be read ({error})"
        if reference.offline:
            return None
        return self._unoffered(reference) or self._strange(reference)

    def require(self, use: ModelUse) -> None:
        """Refuse settings that name a model which is not offered.

        Raises:
            ModelUseRefusedError: the first such model, and what is offered.
        """
        for place, text in enumerate(use.models):
            problem = self.refusal(text)
            if problem is not None:
                raise ModelUseRefusedError(
                    where=f"models/{place}", problem=problem, advice=self._advice()
                )

    def usable(self, references: Iterable[str]) -> tuple[str, ...]:
        """Return the references that may be used now, whatever was allowed when they were set."""
        return tuple(text for text in references if self.refusal(text) is None)

    def _unoffered(self, reference: ModelReference) -> str | None:
        names = {reference.model, f"{reference.provider}{EVERY}"}
        if names.isdisjoint(self.allowed):
            return f"names the model '{reference.model[:120]}', which is not offered"
        if not _NAME.fullmatch(reference.model_name):
            return "names a model by something like an address"
        return None

    def _strange(self, reference: ModelReference) -> str | None:
        settings = reference.settings
        if strange := sorted(set(reference.options) - _OPTIONS):
            return f"has the option '{strange[0]}', which only an operator may set"
        if settings.api_base is None:
            return None
        if settings.transport is not Transport.HTTP:
            return "names an address without transport=http"
        if not covered(settings.api_base, self.bases):
            return "names an address (api_base) that is not allowed"
        return None

    def _advice(self) -> str:
        named = dict.fromkeys(map(_without_options, self.allowed[:20]))
        offered = ", ".join(named) or "the platform's own and plangate/… models only"
        return (
            f"offered: {offered}; an operator allows more by PLANGATE_MODELS_ALLOWED, and "
            "addresses by PLANGATE_MODEL_BASES"
        )


def _without_options(text: str) -> str:
    """Return `provider/name` of what is allowed: addresses and keys are the operator's own."""
    return text.partition("?")[0]
