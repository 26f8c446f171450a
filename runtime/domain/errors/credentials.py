"""Credentials that are not believed, or can't be judged."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError
from runtime.domain.identity import IdentityRefusal


class TokenMalformedError(DomainError):
    """A text that is not a token; the message never repeats it."""

    code = "token_malformed"

    def __init__(self, *, problem: str) -> None:
        """Say what is wrong with it, in words of our own."""
        self.problem = problem
        super().__init__(f"the token is not readable: {problem}; copy it again, or make a new one")


class CredentialRefusedError(DomainError):
    """A credential that opens nothing; unknown, malformed, expired and revoked look alike."""

    code = "token_refused"

    def __init__(self) -> None:
        """Say what to bring, and nothing of what was wrong."""
        super().__init__(
            "no credential that opens this; send a valid token as 'Authorization: Bearer', "
            "or log in again"
        )


class CredentialUnverifiableError(DomainError):
    """A credential that can't be judged now, because whoever vouches for it does not answer."""

    code = "credential_unverifiable"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("whoever vouches for the credential does not answer; try again")


class AuthenticationBusyError(DomainError):
    """Too many credentials that nobody knows are being looked up; those that are known go on."""

    code = "authentication_busy"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("too many unknown credentials are being looked up; try again")


class IdentityRefusedError(DomainError):
    """A bearer token or a login that was not believed; the message repeats nothing of either."""

    code = "identity_refused"

    def __init__(self, *, reason: IdentityRefusal, detail: str) -> None:
        """Name the check that failed and what it expected, in words of our own."""
        self.reason = reason
        self.detail = detail
        super().__init__(f"the identity is refused ({reason.value}): {detail}; {reason.advice}")


class LoginClosedError(DomainError):
    """Nobody can log in with a browser here."""

    code = "login_closed"

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__(
            "this platform has no identity provider or no public address to return to; set "
            "PLANGATE_ISSUERS and PLANGATE_PUBLIC_URL, or send a token"
        )
