"""Tests of how much is remembered."""

from __future__ import annotations

import pytest

from runtime.domain.secret_reference import read_reference
from runtime.domain.secret_value import SecretValue, SecretValueError
from runtime.ports.secret_provider import Fetched
from runtime.services.secrets.cache import RETIRED_S, SecretCache
from runtime.services.secrets.classes import SecretClass


def test_the_values_that_were_fetched_first_make_room() -> None:
    """Memory is bounded; what goes is overwritten."""
    cache = SecretCache(most_kept=2)
    keys = [(None, read_reference(f"vault://kv/s{number}")) for number in range(3)]
    values = [SecretValue(f"hunter{number}") for number in range(3)]
    for key, value in zip(keys, values, strict=True):
        cache.keep(
            key,
            Fetched(value=value, version="1"),
            kind=SecretClass.CREDENTIAL,
            now_s=0.0,
            draw=0.5,
        )
    assert [cache.fresh(key, 0.0) is not None for key in keys] == [False, True, True]

    cache.sweep(RETIRED_S)
    with pytest.raises(SecretValueError):
        values[0].text()
    assert values[1].text() == "hunter1"
