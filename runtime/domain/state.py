"""Hold a project's state: JSON by component id, a version and a canonical hash."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.kit.canonical_json import canonical_bytes, digest_bytes, parse
from runtime.kit.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Pair a state document with its canonical bytes and hash, so that none is computed twice.

    Attributes:
        components: state by component id; never mutate it, use `State.of` for a new one.
        version: grows by one with every step that changed something.
        canonical: RFC 8785 bytes of `components`.
        digest: `sha256:` over `canonical`.
    """

    components: JsonObject
    version: int
    canonical: bytes
    digest: str

    @classmethod
    def of(cls, components: JsonObject, *, version: int = 0) -> State:
        """Build a state and its hash from a document, of which it keeps its own canonical copy.

        So 25.0 and 25, which hash alike, are judged alike too: CEL tells int from double.

        Raises:
            CanonicalJsonError: something in the document is not JSON.
        """
        return cls.of_canonical(canonical_bytes(components), version=version)

    @classmethod
    def of_canonical(cls, canonical: bytes, *, version: int) -> State:
        """Build a state from bytes that `canonical_bytes` wrote for an object."""
        return cls(
            components=parse(canonical),
            version=version,
            canonical=canonical,
            digest=digest_bytes(canonical),
        )
