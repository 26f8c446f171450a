"""`browser.read`: open a page as a person would see it, and take its text back as data."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from runtime.kit.json_value import JsonObject
from runtime.plugins.effects import Effect, EffectCall, EffectResult, EffectTools
from runtime.plugins.stdlib.effects.answers import plain
from runtime.plugins.stdlib.effects.payloads import Payload, read_payload, result_of
from runtime.ports.effect_failure import RetryableError
from runtime.ports.page_reader import Page

MOST_TEXT_LETTERS: Final = 16_384


class BrowserPayload(Payload):
    """What `browser.read` is given.

    Attributes:
        url: the page; https, unless the operator allows more.
        timeout_s: until it has loaded.
        most_letters: how much of its text is kept.
    """

    url: Annotated[str, StringConstraints(min_length=1, max_length=4_096)]
    timeout_s: float = Field(default=30.0, gt=0, le=60)
    most_letters: int = Field(default=MOST_TEXT_LETTERS, ge=1, le=MOST_TEXT_LETTERS)


async def browser_read(call: EffectCall, tools: EffectTools) -> EffectResult:
    """Read the page.

    Raises:
        RetryableError: it did not answer, or this worker has no browser.
        PermanentError: it may not be opened.
    """
    payload = read_payload(BrowserPayload, call)
    if tools.pages is None:
        raise RetryableError("this worker has no browser; see PLANGATE_CHROMIUM")
    page = await tools.pages.read(payload.url, timeout_s=payload.timeout_s)
    return result_of(page_document(page, most_letters=payload.most_letters), payload, call)


def page_document(page: Page, *, most_letters: int) -> JsonObject:
    """Return what is kept of a page: text alone, with nothing that no database keeps."""
    text = plain(page.text)
    return {
        "url": plain(page.url)[:4_096],
        "status": page.status,
        "title": plain(page.title)[:500],
        "text": text[:most_letters],
        "cut": page.truncated or len(text) > most_letters,
    }


BROWSER_READ: Final = Effect(name="browser.read", handler=browser_read, start_to_close_s=90.0)
