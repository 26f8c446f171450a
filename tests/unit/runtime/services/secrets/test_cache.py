"""Tests of how much is remembered."""

from __future__ import annotations

import sys
from threading import Event, Thread

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


def test_what_was_dropped_is_remembered_within_bounds() -> None:
    """By its version alone, so that a change is known as one; its value is overwritten."""
    cache = SecretCache(most_kept=2)
    keys = [(None, read_reference(f"vault://kv/s{number}")) for number in range(3)]

    def keep(number: int, version: str) -> float | None:
        fetched = Fetched(value=SecretValue("hunter2"), version=version)
        kind = SecretClass.CREDENTIAL
        kept = cache.keep(keys[number], fetched, kind=kind, now_s=5.0, draw=0.5)
        return kept.given.changed_s

    for number in range(3):
        keep(number, "1")
        cache.drop(lambda _: True, now_s=1.0)
    assert [keep(0, "2"), keep(1, "1"), keep(2, "2")] == [None, None, 5.0]


def test_figures_are_read_by_another_thread_meanwhile() -> None:
    """Whatever the loop keeps and drops at that moment."""
    cache, ended, failed = SecretCache(most_kept=50), Event(), list[Exception]()
    keys = [(None, read_reference(f"vault://kv/s{number}")) for number in range(200)]

    def show() -> None:
        while not ended.is_set():
            try:
                cache.stale_ages_s(0.0)
            except (KeyError, RuntimeError) as error:
                failed.append(error)

    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = Thread(target=show)
    thread.start()
    for key in keys * 100:
        fetched = Fetched(value=SecretValue("hunter2"), version="1")
        cache.keep(key, fetched, kind=SecretClass.CREDENTIAL, now_s=0.0, draw=0.5)
    ended.set()
    thread.join()
    sys.setswitchinterval(usual_s)
    assert failed == []
