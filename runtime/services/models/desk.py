"""Offer the use cases of models in one place."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.services.models.asking import Asking
from runtime.services.models.effect_charges import EffectCharges
from runtime.services.models.usages import ModelUsages
from runtime.services.models.uses import ModelUses


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDesk:
    """Offer the use cases by what they are about.

    Attributes:
        asking: models are asked.
        uses: how they are is read and replaced.
        usages: what was used of what may be.
        effects: models that jobs ask are charged.
    """

    asking: Asking
    uses: ModelUses
    usages: ModelUsages
    effects: EffectCharges
