"""What libraries would print is handed on, and nothing of it reaches the terminal."""

from __future__ import annotations

import pytest
from celery.utils.log import get_logger  # type: ignore[import-untyped]  # ships no types
from kombu.log import get_logger as kombu_logger

from runtime.adapters.celery.hub_consumer import libraries_told


def test_errors_of_libraries_are_handed_on_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Without their tracebacks, and not however long; warnings are told in words of our own."""
    told: list[str] = []
    with libraries_told(told.append):
        get_logger("celery.worker").error("it %s\n  badly", "failed")
        get_logger("celery.worker").warning("it may fail")
        kombu_logger("kombu.transport").error("x" * 1_000)

    assert told[0] == "it failed badly"
    assert [len(line) for line in told] == [15, 300]
    assert capsys.readouterr().err == ""


def test_nothing_is_handed_on_afterwards() -> None:
    """What others do with these libraries is theirs."""
    told: list[str] = []
    with libraries_told(told.append):
        pass

    get_logger("celery.worker").error("later")

    assert told == []
