"""Widgets: places of the state that a person wants to see at a glance, bound one way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import gradio as gr

from runtime.client import ClientError
from runtime.client.documents.registry import RegistryOut
from runtime.entrypoints.console.changes import MISSING, at_pointer
from runtime.entrypoints.console.desk import Desk, failure, on
from runtime.entrypoints.console.markup import Html, document, element, note
from runtime.entrypoints.console.wording import NO_PROJECT

LOOK_S: Final = 4.0
MOST: Final = 24


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the widgets."""
    view = gr.HTML(elem_id="pg-widgets")
    places = gr.Textbox(
        label="Places of the state, one a line",
        info="A JSON pointer, and a title if you like: /counter/value = Counter. Empty: those that "
        "the environment declares.",
        lines=3,
        max_lines=12,
        elem_id="pg-places",
    )
    show_all = gr.Button("Show", elem_id="pg-show-places")

    def show(project: str | None, places: str, request: gr.Request) -> Html:
        if not project:
            return note(NO_PROJECT)
        try:
            client = desk.client(request)
            components = client.state.read(project)["components"]
            chosen = bound(places) or declared(client.registry.read(project))
        except ClientError as error:
            return failure(error)
        return widgets_view(components, chosen or usual(components))

    for trigger in (tab.select, show_all.click, gr.Timer(LOOK_S).tick):
        on(trigger, show, reads=[project, places], fills=[view], quietly=True)


def bound(text: str) -> list[tuple[str, str]]:
    """Return the pointers that a person wrote, each with its title.

    >>> bound("/counter/value = Counter")
    [('/counter/value', 'Counter')]
    """
    lines = [line.partition("=") for line in text.splitlines() if line.strip().startswith("/")]
    return [(at.strip(), title.strip() or at.strip()) for at, _, title in lines][:MOST]


def declared(registry: RegistryOut) -> list[tuple[str, str]]:
    """Return the places that the environment's plugin wants shown, each with its title."""
    return [(item["path"], item["title"]) for item in registry.get("widgets", ())][:MOST]


def usual(components: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the single values of the components, where nobody chose any and none is declared."""
    found = []
    for name, component in components.items():
        fields = component.items() if isinstance(component, dict) else [("", component)]
        for field, item in fields:
            if not isinstance(item, dict | list):
                found.append((f"/{name}/{field}".rstrip("/"), f"{name} {field}".strip()))
    return found[:MOST]


def widgets_view(components: object, places: Sequence[tuple[str, str]]) -> Html:
    """Return a card for each place."""
    if not places:
        return element("div", "Name places of the state below.", class_="pg-empty")
    cards = []
    for pointer, title in places:
        item = at_pointer(components, pointer)
        inner = document(item) if isinstance(item, dict | list) else element("strong", _text(item))
        parts = (element("h4", title), inner, element("p", pointer))
        cards.append(element("div", *parts, class_="pg-widget"))
    return element("div", *cards, class_="pg-widgets")


def _text(item: object) -> str:
    if item is MISSING:
        return "nothing there"
    if isinstance(item, bool):
        return "yes" if item else "no"
    return "none" if item is None else str(item)
