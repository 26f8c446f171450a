"""Render the dashboard's own pages with the style of the reports; everything shown is escaped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from harness.dashboard.card import RunCard, RunState
from harness.dashboard.choice import MOST_SHOWN, WORDS, Choice, models_of
from harness.dashboard.live import View
from harness.dashboard.trends import MOST_MODELS, trends_of
from harness.reporting import wording

DIGEST_CHARS: Final = 16
_STYLE: Final = (
    ("harness.reporting", "tokens.css"),
    ("harness.reporting", "page.css"),
    ("harness.reporting", "figures.css"),
    ("harness.reporting", "charts.css"),
    ("harness.dashboard", "dashboard.css"),
)
_SCRIPT: Final = (("harness.reporting", "theme.js"), ("harness.dashboard", "dashboard.js"))
_TONES: Final = {
    "pass": "stable",
    "regression": "regression",
    "governance": "regression",
    "damaged": "regression",
    "inconclusive": "unverifiable",
    "infrastructure": "unverifiable",
    "stopped": "unverifiable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Hold a file that pages load; its digest is in its address, so it may be kept for ever."""

    address: str
    media_type: str
    content: bytes


@cache
def style() -> Asset:
    """Return the style sheet of all pages."""
    return _asset("dashboard", "css", media_type="text/css", parts=_STYLE)


@cache
def script() -> Asset:
    """Return the script of all pages."""
    return _asset("dashboard", "js", media_type="text/javascript", parts=_SCRIPT)


def home_page(
    view: View, choice: Choice, *, store: str, root: str = "", tracked: bool = True
) -> str:
    """Return the list of runs.

    Args:
        view: everything that is known.
        choice: the filters.
        store: the store's address, without a login; empty: it is not told.
        root: the address below which the pages are, without its last slash.
        tracked: there is a store that can be asked again.
    """
    taken = [card for card in view.cards if choice.takes(card)]
    shown = taken if choice.all else taken[:MOST_SHOWN]
    trends = trends_of(view.cards, view.store.champions)
    if choice.model:
        trends = tuple(trend for trend in trends if trend.model == choice.model)
    ended = (card for card in shown if card.state is not RunState.RUNNING)
    comparable = [card for card in ended if card.folder is not None and card.models]
    return _rendered(
        "home.html.jinja",
        {
            "view": view,
            "choice": choice,
            "cards": shown,
            "taken": len(taken),
            "models": models_of(view.cards),
            "words": WORDS,
            "trends": trends[:MOST_MODELS],
            "trends_left_out": max(0, len(trends) - MOST_MODELS),
            "preset": _preset(comparable),
            "champions": view.store.champions,
            "store": store,
            "tracked": tracked,
            "root": root,
        },
    )


def message_page(title: str, sentences: tuple[str, ...], *, root: str = "") -> str:
    """Return a page that says one thing, with the way back."""
    return _rendered("message.html.jinja", {"title": title, "sentences": sentences, "root": root})


def with_way_back(page: str, *, root: str = "") -> str:
    """Put a link to the list on top of a report; its style and script stay byte for byte."""
    way = f'<header><p class="origin"><a href="{escape(root)}/">All runs</a></p></header>'
    return page.replace("<body>", f"<body>\n{way}", 1)


def _preset(comparable: list[RunCard]) -> tuple[str | None, str | None]:
    """Return base and head that are chosen at first: the latest run, and the one to beat.

    That is the latest earlier one with the same key, or any earlier one.
    """
    if not comparable:
        return None, None
    head, *earlier = comparable
    keys = {model.key for model in head.models}
    same = (card for card in earlier if keys & {model.key for model in card.models})
    base = next(same, earlier[0] if earlier else None)
    return (None if base is None else base.folder), head.folder


def _rendered(template: str, facts: Mapping[str, object]) -> str:
    assets = {"style": style().address, "script": script().address}
    return _environment().get_template(template).render(**assets, **facts)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("harness.dashboard"), PackageLoader("harness.reporting")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "points": wording.points,
        "points_interval": wording.points_interval,
        "interval": wording.interval,
        "dollars": wording.dollars,
        "duration": wording.duration,
        "count": wording.count,
        "segments": _segments,
        "tone": lambda word: _TONES.get(word, ""),
        "day": _day,
    }
    environment.globals["plural"] = wording.plural
    return environment


def _segments(name: str) -> str:
    """Spell a run's name in an address; the slash before a base run stays."""
    return quote(name, safe="/")


def _day(created: str) -> str:
    """Return day and minute of an ISO 8601 text.

    >>> _day("2026-03-02T10:00:00+00:00")
    '2026-03-02 10:00'
    """
    return created[:16].replace("T", " ")


def _asset(name: str, kind: str, *, media_type: str, parts: tuple[tuple[str, str], ...]) -> Asset:
    texts = [
        (files(package) / "templates" / part).read_text(encoding="utf-8").strip()
        for package, part in parts
    ]
    content = "\n".join(texts).encode()
    digest = hashlib.sha256(content).hexdigest()[:DIGEST_CHARS]
    return Asset(address=f"/assets/{name}-{digest}.{kind}", media_type=media_type, content=content)
