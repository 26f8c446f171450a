"""Models that can't be asked, or gave no usable answer."""

from __future__ import annotations

import math
from datetime import datetime

from runtime.domain.errors.base import DomainError


class ModelMissingError(DomainError):
    """No model is named for a project, or none of those named may be asked."""

    code = "model_missing"

    def __init__(self, *, project: str, problem: str) -> None:
        """Say whose model is missing, and why."""
        self.project = project
        super().__init__(
            f"project '{project[:80]}' has no model to ask: {problem}; name one in models of the "
            "project or of its organization, or ask the operator to set PLANGATE_MODEL"
        )


class ModelUseRefusedError(DomainError):
    """Settings of models that can't be used as they are."""

    code = "model_use_refused"

    def __init__(self, *, where: str, problem: str, advice: str) -> None:
        """Say which member can't be used, what is wrong with it and what to do."""
        self.where = where
        super().__init__(f"{where} {problem}; {advice}")


class ModelBudgetError(DomainError):
    """What is left of a budget does not cover what an answer may cost."""

    code = "model_budget_spent"

    def __init__(
        self,
        *,
        budget: str,
        used: int,
        limit: int,
        needs: int = 0,
        resets_at: datetime,
        now: datetime,
    ) -> None:
        """Name the budget, how much of it is used or reserved, and when it renews.

        Without `needs` nothing is left at all, whatever an answer may take.
        """
        self.budget = budget
        self.used = used
        self.limit = limit
        self.needs = needs
        self.resets_at = resets_at
        self.retry_after_s = max(1, math.ceil((resets_at - now).total_seconds()))
        renews = f"it renews at {resets_at.isoformat().replace('+00:00', 'Z')}"
        super().__init__(
            f"the budget of {budget} is used up, {used} of {limit}; {renews}, or have the limit "
            "raised"
            if not needs
            else f"the budget of {budget} has {used} of {limit} used or reserved, and this answer "
            f"may take {needs}; {renews}, or ask for less, or have the limit raised"
        )


class ModelPriceError(DomainError):
    """A budget of money is in force, and nobody knows what a model costs."""

    code = "model_price_unknown"

    def __init__(self, *, model: str) -> None:
        """Name the model."""
        self.model = model
        super().__init__(
            f"a budget of money is in force, and no price of the model '{model[:200]}' is known; "
            "name another model, lift the budget of money, or ask the operator to name the model "
            "with price_in and price_out"
        )


class GateRequiredError(DomainError):
    """A passed evaluation is demanded of a model, a prompt and a registry, and there is none."""

    code = "gate_required"

    def __init__(self, *, model: str, prompt: str, registry: str) -> None:
        """Name what has to be evaluated."""
        self.model = model
        self.prompt = prompt
        self.registry = registry
        super().__init__(
            f"no passed gate is known for model '{model[:200]}', prompt '{prompt[:80]}' and "
            f"registry '{registry[:80]}'; run `plangate eval run --gate` with them and upload its "
            "gate.json to /v1/organizations/{organization}/gates"
        )


class ModelFaultError(DomainError):
    """Every model that may be asked failed; the last fault is told."""

    code = "model_failed"

    def __init__(self, *, fault: str, detail: str, retry_after_s: float | None = None) -> None:
        """Say what went wrong, and when trying again may help."""
        self.fault = fault
        self.detail = detail
        self.retry_after_s = retry_after_s
        super().__init__(f"no model gave a usable answer: {fault}: {detail}")


class ModelTooSlowError(DomainError):
    """No answer came within the time that a turn may take."""

    code = "model_too_slow"

    def __init__(self, *, longest_s: float) -> None:
        """Say how long it was waited."""
        self.longest_s = longest_s
        super().__init__(
            f"no answer within {longest_s:g} s; ask for less, or have timeout_s of models raised"
        )
