"""`browser.visit`: use a page as a person would, in one sitting, and take its text back as data.

A gesture may do something outside that nothing can undo, so a visit is begun at most once: what
fails before the first gesture is tried again, what fails after it is for a person to look at.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from runtime.plugins.effects import Effect, EffectCall, EffectResult, EffectTools
from runtime.plugins.stdlib.effects.browser_read import BrowserPayload, page_document
from runtime.plugins.stdlib.effects.payloads import read_payload, result_of
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.page_reader import Gesture, GestureKind

MOST_GESTURES: Final = 20
MOST_SCROLL_PX: Final = 100_000

Selector = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ClickForm(_Form):
    """Click the one element that a selector finds."""

    do: Literal["click"]
    at: Selector

    def gesture(self) -> Gesture:
        """Return it as the browser takes it."""
        return Gesture(kind=GestureKind.CLICK, at=self.at)


class TypeForm(_Form):
    """Type a text into the one field that a selector finds."""

    do: Literal["type"]
    at: Selector
    text: Annotated[str, StringConstraints(max_length=2_000)]

    def gesture(self) -> Gesture:
        """Return it as the browser takes it."""
        return Gesture(kind=GestureKind.TYPE, at=self.at, text=self.text)


class ScrollForm(_Form):
    """Scroll the page; negative is up."""

    do: Literal["scroll"]
    down_px: int = Field(ge=-MOST_SCROLL_PX, le=MOST_SCROLL_PX)

    def gesture(self) -> Gesture:
        """Return it as the browser takes it."""
        return Gesture(kind=GestureKind.SCROLL, down_px=self.down_px)


class VisitPayload(BrowserPayload):
    """What `browser.visit` is given.

    Attributes:
        gestures: what is done on the page, in order.
    """

    gestures: Annotated[
        tuple[Annotated[ClickForm | TypeForm | ScrollForm, Field(discriminator="do")], ...],
        Field(max_length=MOST_GESTURES),
    ] = ()


async def browser_visit(call: EffectCall, tools: EffectTools) -> EffectResult:
    """Open the page and make the gestures.

    Raises:
        RetryableError: nothing was done: it did not answer, or this worker has no browser.
        PermanentError: it may not be opened, a gesture can't be made, or an earlier attempt may
            have made some.
    """
    payload = read_payload(VisitPayload, call)
    if tools.pages is None:
        raise RetryableError("this worker has no browser; see PLANGATE_CHROMIUM")
    if payload.gestures and call.crashes:
        raise PermanentError(
            "an earlier attempt was lost and may have made its gestures; look at the page, then "
            "ask for the visit again"
        )
    gestures = tuple(form.gesture() for form in payload.gestures)
    page = await tools.pages.visit(payload.url, gestures, timeout_s=payload.timeout_s)
    return result_of(page_document(page, most_letters=payload.most_letters), payload, call)


BROWSER_VISIT: Final = Effect(name="browser.visit", handler=browser_visit, start_to_close_s=90.0)
