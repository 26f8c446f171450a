"""Scripts are known by their digests, and keys of an organization stand together."""

from __future__ import annotations

from hashlib import sha1

from runtime.adapters.redis_rates.scripts import FORESEE, RESERVE, stem


def test_a_script_is_known_as_redis_knows_it() -> None:
    """By the SHA-1 of its text."""
    expected = sha1(RESERVE.text.encode(), usedforsecurity=False).hexdigest()

    assert RESERVE.digest == expected
    assert RESERVE.digest != FORESEE.digest


def test_the_names_of_two_organizations_differ() -> None:
    """One is no beginning of the other."""
    assert not stem("org_11").startswith(stem("org_1"))
