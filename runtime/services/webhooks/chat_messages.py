"""Spell an event as a message for people: for Slack's and for Microsoft Teams' incoming webhooks.

What tenants wrote can't mention anybody, link anywhere or end the text it stands in.
Sources: Slack's "Formatting text for app surfaces", the Adaptive Cards schema 1.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from runtime.domain.webhook import EventToSend
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.webhooks.wording import Said, said

_SLACK_TEXT: Final = 2_900
"""Below the 3,000 that a section may have, escaped."""
_SLACK_SENTENCE: Final = 2_500
_SLACK_FACT: Final = 500
_UNMARKED: Final = MappingProxyType(
    str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b", "`": "'"})
)
_CARD_TYPE: Final = "application/vnd.microsoft.card.adaptive"
_CARD_SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"


def slack_message(event: EventToSend, data: JsonObject, *, time: str) -> JsonObject:
    """Return a message of Slack: a sentence, and below it what else there is to say."""
    words = said(event.type, data)
    text = _for_slack(words.sentence, most=_SLACK_SENTENCE)
    facts = [f"{_for_slack(name)}: {_for_slack(value)}" for name, value in _facts(words, event)]
    return {
        "text": text,
        "blocks": [
            {"type": "section", "text": _markdown(f"*{_for_slack(words.title)}*\n{text}")},
            {"type": "context", "elements": [_markdown(_bounded([*facts, time]))]},
        ],
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def teams_message(event: EventToSend, data: JsonObject, *, time: str) -> JsonObject:
    """Return a message of Teams: a card of plain runs of text, in which nothing is marked up."""
    words = said(event.type, data)
    facts = [f"{name}: {value}" for name, value in _facts(words, event)]
    return {
        "type": "message",
        "summary": words.title,
        "attachments": [
            {
                "contentType": _CARD_TYPE,
                "contentUrl": None,
                "content": {
                    "$schema": _CARD_SCHEMA,
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "fallbackText": words.title,
                    "body": [
                        _runs(words.title, look={"weight": "Bolder", "size": "Medium"}),
                        _runs(words.sentence, look={}),
                        *(_runs(text, look={"isSubtle": True, "size": "Small"}) for text in facts),
                        _runs(time, look={"isSubtle": True, "size": "Small"}),
                    ],
                },
            }
        ],
    }


def _facts(words: Said, event: EventToSend) -> Iterator[tuple[str, str]]:
    yield from words.facts.items()
    yield "event", f"{event.type} {event.id}"


def _for_slack(text: str, *, most: int = _SLACK_FACT) -> str:
    """Escape what begins a link, a mention or an entity, and part names from their `@`.

    What is too long ends before the letter that no longer fits, so that no escape is cut in two.
    """
    escaped = text.translate(_UNMARKED)
    if len(escaped) <= most:
        return escaped
    kept, size = "", 0
    for letter in text:
        spelled = letter.translate(_UNMARKED)
        size += len(spelled)
        if size >= most:
            break
        kept += spelled
    return kept + "…"


def _markdown(text: str) -> JsonObject:
    """Return a text in which only what we mark is marked; `verbatim` finds no names or links."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _bounded(parts: list[str]) -> str:
    """Return as many parts as fit, whole ones only."""
    text = parts[0]
    for part in parts[1:]:
        if len(text) + len(part) < _SLACK_TEXT:
            text += f"  ·  {part}"
    return text


def _runs(text: str, *, look: Mapping[str, JsonValue]) -> JsonObject:
    return {
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": text, **look}],
    }
