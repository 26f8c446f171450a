"""Name one secret, or all below a place: what spaces are made of, and what rotations tell of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.domain.secret_reference import SecretRef, SecretReferenceError, read_reference

_BELOW: Final = "/"
_PROBE: Final = "x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Cover one secret in all its versions and fields, or every one below a place.

    Attributes:
        scheme: of the references.
        path: of the secret; of a place it ends in `/`.
        below: it is a place.
    """

    scheme: str
    path: str
    below: bool

    def covers(self, reference: SecretRef) -> bool:
        """Return whether a reference is of it.

        >>> read_prefix("vault://kv/shop/").covers(read_reference("vault://kv/shop/crm#key"))
        True
        >>> read_prefix("vault://kv/shop/").covers(read_reference("vault://kv/shopping/crm#key"))
        False
        """
        if reference.scheme != self.scheme:
            return False
        if self.below:
            return reference.path.startswith(self.path)
        return reference.path == self.path

    def overlaps(self, other: Prefix) -> bool:
        """Return whether a secret can be of both."""
        if self.scheme != other.scheme:
            return False
        if self.below and other.path.startswith(self.path):
            return True
        return (other.below and self.path.startswith(other.path)) or self.path == other.path

    def text(self) -> str:
        """Return it as it is written."""
        return f"{self.scheme}://{self.path}"


def read_prefix(text: str) -> Prefix:
    """Read a place that ends in `/`, or a reference; its field and version are not looked at.

    Raises:
        SecretReferenceError: it is neither, or all that somebody keeps; nothing is repeated.
    """
    if not text.endswith(_BELOW):
        reference = read_reference(text)
        return Prefix(scheme=reference.scheme, path=reference.path, below=False)
    probe = read_reference(text + _PROBE)
    path = probe.path.removesuffix(_PROBE)
    if probe.stage is not None:  # which may end in a slash itself
        raise SecretReferenceError("a place has no stage, as in awssm://shop/")
    if not path.strip(_BELOW):
        raise SecretReferenceError("a place names more than who keeps secrets, as in vault://kv/")
    return Prefix(scheme=probe.scheme, path=path, below=True)
