"""The role of who keeps secrets: turn a reference into a value, inside a worker only.

Implemented by `services.secrets.named`. A secret is made for hosts: whoever may name it in a
payload still can't send it elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Hold a secret while an effect uses it.

    Attributes:
        name: what references call it.
        value: never logged, stored or answered.
        hosts: the names that it may be sent to, in lower case; `*.example.com` is each below it.
        version: of the value, as who keeps it counts.
    """

    name: str
    value: str = field(repr=False)
    hosts: tuple[str, ...]
    version: str = ""

    def may_go_to(self, host: str) -> bool:
        """Return whether it was made for this host.

        >>> crm = Secret(name="crm", value="x", hosts=("api.example.com", "*.eu.example.com"))
        >>> [crm.may_go_to(host) for host in ("api.example.com", "a.eu.example.com", "example.com")]
        [True, True, False]
        """
        return any(
            host == known or (known.startswith("*.") and host.endswith(known[1:]))
            for known in self.hosts
        )


class SecretSource(Protocol):
    """Resolve references to secrets."""

    async def secret(self, name: str, *, organization: str) -> Secret:
        """Return one.

        Raises:
            PermanentError: the organization has no secret of that name.
            RetryableError: it can't be asked for now.
        """
        ...

    async def refused(self, secret: Secret, *, organization: str) -> Secret | None:
        """Return a newer value in the place of one that the other side refused.

        Returns:
            None where there is no newer one.

        Raises:
            PermanentError: as `secret` does.
            RetryableError: it can't be asked for now, or was rotated a moment ago.
        """
        ...
