"""Deliveries to inbound hooks that are not acted on."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError
from runtime.domain.errors.credentials import CredentialRefusedError


class DeliveryRefusedError(CredentialRefusedError):
    """A delivery that no secret of the hook signed; no such hook looks just the same."""

    code = "delivery_refused"

    def __init__(self) -> None:
        """Say what is expected, and nothing of what was wrong."""
        DomainError.__init__(
            self,
            "no hook that takes this delivery; check its address, its secret and the signature "
            "over the body as it is sent",
        )


class DeliveryStaleError(DomainError):
    """A delivery that was signed too long ago, or too far in the future."""

    code = "delivery_stale"

    def __init__(self, *, window_s: int) -> None:
        """Say how far off an instant may be."""
        self.window_s = window_s
        super().__init__(
            f"the delivery was signed more than {window_s} s from now; sign it anew, and check "
            "the clock of the sender"
        )


class DeliveryUnfitError(DomainError):
    """A delivery whose body the mapping of the hook can't turn into a plan; nothing was done."""

    code = "delivery_unfit"

    def __init__(self, *, place: str, problem: str) -> None:
        """Name the place in the mapping, and what is wrong there; no value of the body."""
        self.place = place
        self.problem = problem
        super().__init__(f"the delivery does not fit the hook's mapping: {place}: {problem}")


class DeliveryUncertainError(DomainError):
    """A repetition of which nobody can tell any more whether it acted before, so it does not."""

    code = "delivery_uncertain"

    def __init__(self, *, delivery: str) -> None:
        """Name the delivery."""
        self.delivery = delivery
        super().__init__(
            f"delivery '{delivery}' was tried before, and whether it acted is not known any more; "
            "look at the outcomes of the project, and send it under another id if it did not"
        )
