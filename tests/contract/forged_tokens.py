"""List forged bearer tokens: how each is made, and for which reason it must be refused.

`tests/contract/test_identity_providers.py` runs them all. Source: RFC 8725, RFC 7519 §4, RFC 7515
§4, OpenID Connect Core 1.0 §3.1.3.7.
"""

from __future__ import annotations

from typing import Final

import orjson

from runtime.domain.identity import IdentityRefusal as No
from tests.contract.forging import (
    Attack,
    claims,
    confused,
    edited,
    embedded_key,
    fetched_key,
    header,
    in_der,
    named_organization,
    of_another_issuer,
    other_claims,
    raw,
    signed_by,
    times,
    twice,
    under_another_issuer,
    unsigned,
    with_signature,
    without_last_bits,
)
from tests.servers.identity_provider import AUDIENCE, CLIENT_ID
from tests.servers.signing import a_key

FORM: Final[dict[str, tuple[Attack, No]]] = {
    "empty": (lambda world: "", No.MALFORMED),
    "no token at all": (lambda world: "hunter2", No.MALFORMED),
    "the scheme still on it": (edited(lambda text: "Bearer " + text), No.MALFORMED),
    "line end": (edited(lambda text: text + "\n"), No.MALFORMED),
    "NUL": (edited(lambda text: text + "\0"), No.MALFORMED),
    "lone surrogate": (edited(lambda text: text + "\ud800"), No.MALFORMED),
    "two parts": (edited(lambda text: text.rpartition(".")[0]), No.MALFORMED),
    "four parts": (edited(lambda text: text + ".x"), No.MALFORMED),
    "five parts, encrypted": (lambda world: "e30.e30.e30.e30.e30", No.MALFORMED),
    "padded": (edited(lambda text: text + "=="), No.MALFORMED),
    "header cut": (edited(lambda text: text[4:]), No.MALFORMED),
    "header of impossible length": (
        edited(lambda text: "abcde." + text.partition(".")[2]),
        No.MALFORMED,
    ),
    "header with unused bits": (edited(lambda text: "e31." + text.partition(".")[2]), No.MALFORMED),
    "second spelling of the signature": (edited(without_last_bits), No.SIGNATURE),
    "header is no JSON": (raw(b"alg=none"), No.MALFORMED),
    "header is a list": (raw(b'["ES256"]'), No.MALFORMED),
    "header says alg twice": (raw(b'{"alg":"none","alg":"ES256"}'), No.MALFORMED),
    "claims are no JSON": (raw(claims_text=b"sub=person-1"), No.MALFORMED),
    "claims are a list": (raw(claims_text=b"[]"), No.MALFORMED),
    "claims hold NaN": (raw(claims_text=b'{"exp":NaN}'), No.MALFORMED),
    "claims are not UTF-8": (raw(claims_text=b'{"sub":"\xff"}'), No.MALFORMED),
    "claims are too deep": (raw(claims_text=b'{"a":' * 400 + b"1" + b"}" * 400), No.MALFORMED),
    "claims say sub twice": (twice("sub"), No.MALFORMED),
    "claims say exp twice": (twice("exp"), No.MALFORMED),
    "claims hold a number beyond doubles": (
        raw(claims_text=b'{"exp":1' + b"0" * 400 + b"}"),
        No.MALFORMED,
    ),
    "above 16 kB": (claims(padding="x" * 16_384), No.OVERSIZED),
    "megabytes": (lambda world: "x" * 5_000_000, No.OVERSIZED),
}

HEADERS: Final[dict[str, tuple[Attack, No]]] = {
    "alg none": (unsigned("none"), No.ALGORITHM),
    "alg None": (unsigned("None"), No.ALGORITHM),
    "alg nOnE": (unsigned("nOnE"), No.ALGORITHM),
    "alg none, signed all the same": (header(alg="none"), No.ALGORITHM),
    "alg missing": (header(alg=""), No.ALGORITHM),
    "alg is null": (header(alg=None), No.ALGORITHM),
    "alg is a list": (header(alg=["ES256"]), No.ALGORITHM),
    "alg in lower case": (header(alg="es256"), No.ALGORITHM),
    "HS256 with the RSA key as secret": (
        confused(lambda world: world.rsa.pem, lambda world: world.rsa.kid),
        No.ALGORITHM,
    ),
    "HS256 with the EC key as secret": (
        confused(lambda world: world.key.pem, lambda world: world.key.kid),
        No.ALGORITHM,
    ),
    "HS256 with the published key document as secret": (
        confused(lambda world: orjson.dumps(world.rsa.jwk), lambda world: world.rsa.kid),
        No.ALGORITHM,
    ),
    "HS256 with an empty secret": (
        confused(lambda world: b"", lambda world: world.key.kid),
        No.ALGORITHM,
    ),
    "an algorithm that the settings leave out": (
        signed_by(lambda world: world.rsa, alg="RS512"),
        No.ALGORITHM,
    ),
    "PS256 by an RSA key": (signed_by(lambda world: world.rsa, alg="PS256"), No.ALGORITHM),
    "RS256 said of an EC key": (header(alg="RS256"), No.ALGORITHM),
    "ES256 said of an RSA key": (
        signed_by(lambda world: world.rsa, alg="ES256"),
        No.ALGORITHM,
    ),
    "a curve of coins": (header(alg="ES256K"), No.ALGORITHM),
    "jku": (fetched_key("jku"), No.HEADER),
    "x5u": (fetched_key("x5u"), No.HEADER),
    "jwk": (embedded_key, No.HEADER),
    "x5c": (header(x5c=["MIIB"]), No.HEADER),
    "crit of what we do not know": (header(crit=["exp"], exp=1), No.HEADER),
    "crit, empty": (header(crit=[]), No.HEADER),
    "unencoded payload": (header(b64=False, crit=["b64"]), No.HEADER),
    "unencoded payload, not said to be critical": (header(b64=False), No.HEADER),
    "compressed": (header(zip="DEF"), No.HEADER),
    "encrypted and signed": (header(enc="A256GCM"), No.HEADER),
    "kid is a number": (header(kid=1), No.HEADER),
    "kid is null": (header(kid=None), No.HEADER),
    "kid is an object": (header(kid={"$ne": ""}), No.HEADER),
    "kid is very long": (header(kid="k" * 256), No.HEADER),
    "kid is a path": (header(kid="../../../../dev/null"), No.KEY_UNKNOWN),
    "kid is an address": (header(kid="http://127.0.0.1/keys"), No.KEY_UNKNOWN),
    "kid is SQL": (header(kid="x' UNION SELECT 'key"), No.KEY_UNKNOWN),
    "kid is a command": (header(kid="key-1|id"), No.KEY_UNKNOWN),
    "kid in another case": (header(kid="KEY-1"), No.KEY_UNKNOWN),
    "kid with a NUL": (header(kid="key-1\0"), No.KEY_UNKNOWN),
    "kid is empty": (raw(b'{"alg":"ES256","kid":""}'), No.KEY_UNKNOWN),
    "typ of a proof": (header(typ="dpop+jwt"), No.HEADER),
    "typ of a logout": (header(typ="logout+jwt"), No.HEADER),
    "typ is no text": (header(typ=["JWT"]), No.HEADER),
}

SIGNATURES: Final[dict[str, tuple[Attack, No]]] = {
    "no signature": (edited(lambda text: text.rpartition(".")[0] + "."), No.SIGNATURE),
    "zeros": (with_signature(lambda world, message: bytes(64)), No.SIGNATURE),
    "cut": (edited(lambda text: text[:-8]), No.SIGNATURE),
    "in DER": (with_signature(in_der), No.SIGNATURE),
    "of another message": (
        with_signature(lambda world, message: world.key.signature(message + b"x")),
        No.SIGNATURE,
    ),
    "other claims": (other_claims, No.SIGNATURE),
    "a stranger under the id of a key": (signed_by(lambda world: world.stranger), No.SIGNATURE),
    "an unknown key": (signed_by(lambda world: a_key("key-9")), No.KEY_UNKNOWN),
    "another trusted issuer's key": (of_another_issuer, No.SIGNATURE),
    "another trusted issuer's name": (under_another_issuer, No.SIGNATURE),
}

CLAIMS: Final[dict[str, tuple[Attack, No]]] = {
    "iss missing": (claims(iss=None), No.ISSUER),
    "iss unknown": (claims(iss="https://evil.test"), No.ISSUER),
    "iss with a slash more": (lambda world: claims(iss=world.issuer.url + "/")(world), No.ISSUER),
    "iss in upper case": (lambda world: claims(iss=world.issuer.url.upper())(world), No.ISSUER),
    "iss is a list": (lambda world: claims(iss=[world.issuer.url])(world), No.ISSUER),
    "aud missing": (claims(aud=None), No.CLAIM_MISSING),
    "aud of somebody else": (claims(aud="https://other.test"), No.AUDIENCE),
    "aud begins like ours": (claims(aud=AUDIENCE + "/more"), No.AUDIENCE),
    "aud is an empty list": (claims(aud=[]), No.AUDIENCE),
    "aud is a list without ours": (claims(aud=["a", "b"]), No.AUDIENCE),
    "aud is a number": (claims(aud=7), No.CLAIM_INVALID),
    "aud is an object": (claims(aud={AUDIENCE: True}), No.CLAIM_INVALID),
    "aud holds a number": (claims(aud=[AUDIENCE, 7]), No.CLAIM_INVALID),
    "aud is the client: an identity token": (claims(aud=CLIENT_ID), No.AUDIENCE),
    "several aud, made by another client": (
        claims(aud=[AUDIENCE, "https://other.test"], azp="other-client"),
        No.AUDIENCE,
    ),
    "sub missing": (claims(sub=None), No.CLAIM_MISSING),
    "sub is empty": (claims(sub=""), No.CLAIM_INVALID),
    "sub is a number": (claims(sub=1), No.CLAIM_INVALID),
    "sub is a list": (claims(sub=["person-1"]), No.CLAIM_INVALID),
    "sub is too long": (claims(sub="x" * 256), No.CLAIM_INVALID),
    "sub holds a NUL": (claims(sub="person-1\0"), No.CLAIM_INVALID),
    "sub holds a look-alike": (claims(sub="p\u0435rson-1"), No.CLAIM_INVALID),
    "email is a list": (claims(email=["a@b.test"]), No.CLAIM_INVALID),
    "email is no address": (claims(email="root"), No.CLAIM_INVALID),
    "email holds a line end": (claims(email="a@b.test\nBcc: c@d.test"), No.CLAIM_INVALID),
    "email verified by a word": (
        claims(email="a@b.test", email_verified="true"),
        No.CLAIM_INVALID,
    ),
    "organization missing": (lambda world: world.shared.token(), No.CLAIM_MISSING),
    "organization is no id": (named_organization("acme"), No.ORGANIZATION),
    "organization is another kind of id": (
        named_organization("tok_00000000000000000000000000"),
        No.ORGANIZATION,
    ),
    "organization in lower case": (
        named_organization("org_0000000000000000000000000a"),
        No.ORGANIZATION,
    ),
    "organization is a list": (
        named_organization(["org_00000000000000000000000000"]),
        No.ORGANIZATION,
    ),
}

TIMES: Final[dict[str, tuple[Attack, No]]] = {
    "exp missing": (claims(exp=None), No.CLAIM_MISSING),
    "exp past": (times(iat=-600, exp=-31), No.EXPIRED),
    "exp past by just the leeway": (times(iat=-600, exp=-30), No.EXPIRED),
    "exp is a text": (claims(exp="2999-01-01"), No.CLAIM_INVALID),
    "exp is true": (claims(exp=True), No.CLAIM_INVALID),
    "exp is negative": (claims(exp=-1), No.CLAIM_INVALID),
    "exp is 1e308": (claims(exp=1e308), No.CLAIM_INVALID),
    "exp after the year 9999": (claims(exp=253_402_300_800), No.CLAIM_INVALID),
    "iat missing": (claims(iat=None), No.CLAIM_MISSING),
    "iat in the future": (times(iat=31, exp=600), No.NOT_YET_VALID),
    "iat in the future, though nbf is past": (times(iat=31, nbf=0), No.NOT_YET_VALID),
    "iat is a text": (claims(iat="now"), No.CLAIM_INVALID),
    "nbf in the future": (times(nbf=31), No.NOT_YET_VALID),
    "nbf is a list": (claims(nbf=[0]), No.CLAIM_INVALID),
    "lasts a second above a day": (times(iat=0, exp=86_401), No.LIFETIME),
    "lasts for ever": (claims(exp=253_402_300_799), No.LIFETIME),
    "ends before it was issued": (times(iat=20, exp=10), No.LIFETIME),
}

FORGED: Final = {
    f"{group}: {name}": attack
    for group, attacks in {
        "form": FORM,
        "header": HEADERS,
        "signature": SIGNATURES,
        "claims": CLAIMS,
        "times": TIMES,
    }.items()
    for name, attack in attacks.items()
}
