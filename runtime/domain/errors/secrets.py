"""Secrets that can't be had from who keeps them; no message repeats a value."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class SecretError(DomainError):
    """Base of all that keeps a secret from being read."""

    code = "secret"

    def __init__(self, *, reference: str, problem: str, advice: str) -> None:
        """Name the reference (never its value), what is wrong and what to do."""
        self.reference = reference
        self.problem = problem
        self.advice = advice
        super().__init__(f"secret {reference}: {problem}; {advice}")


class SecretMissingError(SecretError):
    """Nothing is kept there, or not in that version."""

    code = "secret_missing"


class SecretDeniedError(SecretError):
    """Who keeps it does not give it to this server, even after a fresh login."""

    code = "secret_denied"


class SecretThrottledError(SecretError):
    """Who keeps it was asked too often."""

    code = "secret_throttled"

    def __init__(
        self, *, reference: str, problem: str, advice: str, retry_after_s: float | None = None
    ) -> None:
        """Say also after how long it may be asked again; None: it did not say."""
        super().__init__(reference=reference, problem=problem, advice=advice)
        self.retry_after_s = retry_after_s


class SecretUnavailableError(SecretError):
    """Who keeps it can't be asked now: down, sealed, not reached, or too slow."""

    code = "secret_unavailable"


class SecretMalformedError(SecretError):
    """What is kept there is not what the reference says: no such field, damaged, too large."""

    code = "secret_malformed"
