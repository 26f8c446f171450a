"""Be Celery's consumer in its own thread: keep the connection, drop what nobody can read.

It prints no message and no address with a password; what happens is told in words of our own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from celery.utils.log import base_logger  # type: ignore[import-untyped]  # ships no types
from celery.worker import state  # type: ignore[import-untyped]  # as above
from celery.worker.consumer import Consumer  # type: ignore[import-untyped]  # as above
from kombu.log import get_logger
from kombu.message import Message
from typing_extensions import override

LONGEST_RETRY_S: Final = 2.0
"""Between two tries to reach the broker."""
_MOST_LETTERS: Final = 300


class Hooks(Protocol):
    """Take note of what becomes of the connection; called in the consumer's thread."""

    def connected(self, consumer: HubConsumer) -> None:
        """Take note that messages come from now on."""
        ...

    def lost(self, reason: str) -> None:
        """Take note that none come for now; acknowledgements of what came are void."""
        ...

    def unreadable(self, problem: str) -> None:
        """Take note of a message that was dropped."""
        ...


class HubConsumer(Consumer):  # type: ignore[misc]  # as above
    """Consume for `JobConsumer`, and try for ever to reach the broker."""

    def __init__(self, *args: object, hooks: Hooks, **kwargs: object) -> None:
        self._hooks = hooks
        super().__init__(*args, **kwargs)

    @override
    def on_ready(self) -> None:
        super().on_ready()
        self._hooks.connected(self)

    @override
    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however long it takes; told to end, stop trying."""

        def failed(error: BaseException, interval_s: float) -> None:
            del interval_s
            self._hooks.lost(type(error).__name__)

        return conn.ensure_connection(
            failed,
            None,
            interval_start=0.2,
            interval_step=0.2,
            interval_max=LONGEST_RETRY_S,
            callback=state.maybe_shutdown,
        )

    @override
    def on_connection_error_after_connected(self, exc: BaseException) -> None:
        self._hooks.lost(type(exc).__name__)
        super().on_connection_error_after_connected(exc)

    @override
    def on_connection_error_before_connected(self, exc: BaseException) -> None:
        self._hooks.lost(type(exc).__name__)

    @override
    def on_decode_error(self, message: Message, exc: BaseException) -> None:
        self._dropped(message, f"its body is none ({type(exc).__name__})")

    @override
    def on_unknown_message(self, body: object, message: Message) -> None:
        self._dropped(message, "it is none of Celery's")

    @override
    def on_unknown_task(self, body: object, message: Message, exc: BaseException) -> None:
        self._dropped(message, "it asks for something else")

    @override
    def on_invalid_task(self, body: object, message: Message, exc: BaseException) -> None:
        self._dropped(message, f"it has no form that is taken ({type(exc).__name__})")

    def _dropped(self, message: Message, problem: str) -> None:
        self._hooks.unreadable(problem)
        message.ack_log_error(base_logger, self.connection_errors)  # type: ignore[no-untyped-call]


class _Told(logging.Handler):
    """Hand on what libraries would print, in one line, without tracebacks."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._tell = tell

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._tell(" ".join(record.getMessage().split())[:_MOST_LETTERS])


@contextmanager
def libraries_told(tell: Callable[[str], None]) -> Iterator[None]:
    """Hand on errors of Celery and kombu while the block runs, instead of printing them."""
    handler = _Told(tell)
    loggers = (base_logger, get_logger("kombu"))
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagated in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagated
