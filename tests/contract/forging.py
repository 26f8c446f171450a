"""Forge bearer tokens: each maker returns an attack, which takes a `World` and returns a token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256

from tests.contract.identity_world import ORGANIZATION_CLAIM, World
from tests.servers.signing import Json, SigningKey, a_key, compact, encoded

Attack = Callable[[World], str]


def good(world: World) -> str:
    """Return a token that is believed: what every attack starts from."""
    return world.issuer.token()


def header(**changes: Any) -> Attack:  # noqa: ANN401  # headers are any JSON
    """Change the header, and sign that honestly."""

    def attack(world: World) -> str:
        honest = {"alg": "ES256", "kid": world.key.kid, "typ": "JWT"}
        changed = {name: value for name, value in {**honest, **changes}.items() if value != ""}
        return compact(changed, world.issuer.claims(), world.key)

    return attack


def claims(**changes: Any) -> Attack:  # noqa: ANN401  # claims are any JSON
    """Change the claims, and sign that honestly."""
    return lambda world: world.issuer.token(**changes)


def times(**offsets_s: int) -> Attack:
    """Set time claims relative to now, and sign that honestly."""
    return lambda world: world.issuer.token(
        **{name: world.now_s + offset for name, offset in offsets_s.items()}
    )


def signed_by(key: Callable[[World], SigningKey], **changes: Any) -> Attack:  # noqa: ANN401  # as above
    """Sign honest claims by some key, and change the header."""

    def attack(world: World) -> str:
        used = key(world)
        honest: Json = {"alg": used.algorithm, "kid": used.kid, "typ": "JWT"}
        return compact({**honest, **changes}, world.issuer.claims(), used)

    return attack


def raw(header_text: bytes | None = None, claims_text: bytes | None = None) -> Attack:
    """Sign bytes of our choice as header or claims."""

    def attack(world: World) -> str:
        honest = {"alg": "ES256", "kid": world.key.kid}
        return compact(header_text or honest, claims_text or world.issuer.claims(), world.key)

    return attack


def unsigned(algorithm: str) -> Attack:
    """Claim that no signature is needed."""
    return lambda world: compact({"alg": algorithm, "typ": "JWT"}, world.issuer.claims(), b"")


def confused(secret: Callable[[World], bytes], kid: Callable[[World], str]) -> Attack:
    """Sign by HMAC with something public as the shared secret."""

    def attack(world: World) -> str:
        head, body = {"alg": "HS256", "kid": kid(world)}, world.issuer.claims()
        message = b".".join(encoded(orjson.dumps(part)) for part in (head, body))
        return compact(head, body, hmac.digest(secret(world), message, hashlib.sha256))

    return attack


def edited(edit: Callable[[str], str]) -> Attack:
    """Change the text of a good token."""
    return lambda world: edit(good(world))


def with_signature(signature: Callable[[World, bytes], bytes]) -> Attack:
    """Put another signature under honest parts."""

    def attack(world: World) -> str:
        message = good(world).rpartition(".")[0].encode()
        return message.decode() + "." + encoded(signature(world, message)).decode()

    return attack


def other_claims(world: World) -> str:
    """Put the claims of another person under the signature of this one."""
    head, _, signature = good(world).split(".")
    body = encoded(orjson.dumps(world.issuer.claims(sub="person-2"))).decode()
    return f"{head}.{body}.{signature}"


def of_another_issuer(world: World) -> str:
    """Let a trusted issuer speak for the organization of another one, by its own key."""
    return world.other.signed(world.issuer.claims(), key=world.other.keys[0])


def under_another_issuer(world: World) -> str:
    """Let a trusted issuer speak in the name of another one, by its own key."""
    return world.issuer.signed({**world.issuer.claims(), "iss": world.other.url})


def embedded_key(world: World) -> str:
    """Bring one's own key along in the header."""
    own = a_key("own")
    head = {"alg": "ES256", "kid": "own", "jwk": own.jwk}
    return compact(head, world.issuer.claims(), own)


def fetched_key(name: str) -> Attack:
    """Ask to fetch the key from a server of one's own."""

    def attack(world: World) -> str:
        head = {"alg": "ES256", "kid": "key-1", name: world.other.url + "/evil"}
        return compact(head, world.issuer.claims(), world.other.keys[0])

    return attack


def in_der(world: World, message: bytes) -> bytes:
    """Return a true signature in the encoding of certificates."""
    private: Any = world.key.private
    signature: bytes = private.sign(message, ECDSA(SHA256()))
    return signature


def named_organization(value: Any) -> Attack:  # noqa: ANN401  # any JSON
    """Name an organization in the claim of the issuer that may."""
    return lambda world: world.shared.token(**{ORGANIZATION_CLAIM: value})


def without_last_bits(text: str) -> str:
    """Spell the same signature in a second way: its last letter carries four unused bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def twice(name: str) -> Attack:
    """Say a claim twice, and sign that."""

    def attack(world: World) -> str:
        body = orjson.dumps(world.issuer.claims())
        again = b',"%s":%s}' % (name.encode(), orjson.dumps(world.issuer.claims()[name]))
        return raw(claims_text=body[:-1] + again)(world)

    return attack
