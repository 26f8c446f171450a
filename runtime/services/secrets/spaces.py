"""Hold which references each organization may name; all others are refused before anybody asks.

`PLANGATE_SECRET_SPACES` is JSON: `{"org_...": ["vault://kv/shop/", "awssm://shop/crm"]}`. What ends
in `/` covers what is below it, anything else is one secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from runtime.domain.errors import SecretDeniedError
from runtime.domain.secret_reference import SecretRef, SecretReferenceError
from runtime.services.secrets.prefixes import Prefix, read_prefix

_Organization = Annotated[str, StringConstraints(pattern=r"^org_[0-9A-Z]{26}$")]
_Prefixes = Annotated[list[str], Field(max_length=100)]
_DOCUMENT: Final = TypeAdapter(dict[_Organization, _Prefixes])


class SecretSpacesError(ValueError):
    """Spaces that can't be read."""


class SecretSpaces:
    """Know whose references are whose."""

    def __init__(self, prefixes: Mapping[str, tuple[Prefix, ...]]) -> None:
        """Keep the prefixes of each organization."""
        self._prefixes = prefixes

    def admit(self, organization: str | None, reference: SecretRef) -> None:
        """Let a reference pass; the platform itself (None) may name any.

        Raises:
            SecretDeniedError: it is outside of the organization's space.
        """
        if organization is None:
            return
        known = self._prefixes.get(organization, ())
        if not any(prefix.covers(reference) for prefix in known):
            raise SecretDeniedError(
                reference=reference.text(),
                problem=f"it is outside of the space of {organization}",
                advice="name one below its prefixes in PLANGATE_SECRET_SPACES, or add a prefix",
            )

    def touched(self, prefix: Prefix) -> Iterable[str]:
        """Yield the organizations that may name what a prefix covers, or a part of it."""
        for organization, known in self._prefixes.items():
            if any(prefix.overlaps(item) for item in known):
                yield organization


def read_spaces(text: str) -> SecretSpaces:
    """Read the variable; empty: organizations may name no reference.

    Raises:
        SecretSpacesError: it has not the form that this module describes, or two organizations
            share a secret.
    """
    try:
        document = _DOCUMENT.validate_json(text or "{}")
        found = {
            organization: tuple(map(read_prefix, prefixes))
            for organization, prefixes in document.items()
        }
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'][:2]))}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SecretSpacesError(f"no JSON of organizations and prefixes: {problems}") from None
    except SecretReferenceError as error:
        raise SecretSpacesError(f"a prefix can't be read: {error}") from None
    _refuse_shared(found)
    return SecretSpaces(found)


def _refuse_shared(found: Mapping[str, tuple[Prefix, ...]]) -> None:
    seen: list[tuple[str, Prefix]] = []
    for organization, prefixes in found.items():
        for prefix in prefixes:
            for other, taken in seen:
                if other != organization and taken.overlaps(prefix):
                    raise SecretSpacesError(
                        f"{organization} and {other} share {prefix.text()}; "
                        "a secret belongs to one organization"
                    )
        seen.extend((organization, prefix) for prefix in prefixes)
