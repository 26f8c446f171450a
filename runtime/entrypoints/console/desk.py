"""Give panels what they all need: the client of whoever asks, and failures told as such."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import gradio as gr

from runtime.client import ClientError, Plangate, ProblemError
from runtime.entrypoints.console.markup import Html, escaped, note
from runtime.entrypoints.console.sessions import Session, Sessions

AT_ONCE: Final = 20
P = ParamSpec("P")
R = TypeVar("R")


class Desk:
    """Know who asks."""

    def __init__(self, sessions: Sessions) -> None:
        """Look people up where they are kept."""
        self._sessions = sessions

    def session(self, request: gr.Request) -> Session:
        """Return the session of a request.

        Raises:
            gr.Error: it has none any more.
        """
        found = self._sessions.of_handle(getattr(request, "username", None))
        if found is None:
            raise gr.Error("You are signed out; reload the page.", print_exception=False)
        return found

    def client(self, request: gr.Request) -> Plangate:
        """Return the client of whoever asks."""
        return self.session(request).client


def on(
    event: Callable[..., Any],
    act: Callable[..., Any],
    *,
    reads: Sequence[Any] = (),
    fills: Sequence[Any] = (),
    quietly: bool = False,
) -> None:
    """Let an event of a page do something; none of it is an API of the console's own.

    Args:
        event: of a part of the page, such as `button.click`.
        act: what is done; it takes what is read, and the request.
        reads: parts whose values it takes.
        fills: parts that it answers for.
        quietly: nothing shows that it goes on.
    """
    event(
        act,
        list(reads),
        list(fills),
        api_visibility="private",
        show_progress="hidden" if quietly else "minimal",
        concurrency_limit=AT_ONCE,
    )


def acting(function: Callable[P, R]) -> Callable[P, R]:
    """Let what the platform refuses be told at the page's edge; what stood there stays."""
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def following(*given: P.args, **named: P.kwargs) -> Any:  # noqa: ANN401  # as it was
            try:
                yield from function(*given, **named)
            except ClientError as error:
                raise _told(error) from None

        return following

    @wraps(function)
    def done(*given: P.args, **named: P.kwargs) -> R:
        try:
            return function(*given, **named)
        except ClientError as error:
            raise _told(error) from None

    return done


def shown(show: Callable[[], Html]) -> Html:
    """Return what there is to see, or in its place why it can't be seen."""
    try:
        return show()
    except ClientError as error:
        return failure(error)


def failure(error: ClientError) -> Html:
    """Return a failure as it stands in the place of what was asked for."""
    if isinstance(error, ProblemError) and error.code == "not_allowed":
        return note(f"You may not see this. {error.detail}", "wait")
    return note(str(error), "bad")


def first(items: Iterator[R], most: int) -> list[R]:
    """Return the first of a list."""
    return [item for item, _ in zip(items, range(most), strict=False)]


def _told(error: ClientError) -> gr.Error:
    text = error.detail if isinstance(error, ProblemError) else str(error)
    title = error.code if isinstance(error, ProblemError) else "No answer"
    return gr.Error(escaped(text), title=escaped(title), print_exception=False, duration=12)
