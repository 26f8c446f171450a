"""Settings of which models organizations may name, beside the platform's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runtime.settings.reading import listed

CHAT_MODEL: Final = "PLANGATE_CHAT_MODEL"
MODELS_ALLOWED: Final = "PLANGATE_MODELS_ALLOWED"
MODEL_BASES: Final = "PLANGATE_MODEL_BASES"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOfferSettings:
    """Say what conversations ask, and what organizations may name.

    Attributes:
        chat: reference of the model that conversations ask where nobody names another, from
            `PLANGATE_CHAT_MODEL`; empty: the platform's own.
        allowed: exact references, models without options, or `provider/*`, with commas between
            them, from `PLANGATE_MODELS_ALLOWED`; none: the platform's own model, and those that
            answer in its own process.
        bases: addresses with commas between them, from `PLANGATE_MODEL_BASES`, below which an
            organization's reference may name its server by `api_base`; none: nowhere.
    """

    chat: str = ""
    allowed: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()


def read_model_offers(told: Mapping[str, str]) -> ModelOfferSettings:
    """Read the part of models; whoever opens them judges each entry."""
    return ModelOfferSettings(
        chat=told.get(CHAT_MODEL, "").strip(),
        allowed=listed(told, MODELS_ALLOWED),
        bases=listed(told, MODEL_BASES),
    )
