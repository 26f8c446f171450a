"""The registry: which components and actions there are, as the environment declares them."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from runtime.client import Plangate
from runtime.entrypoints.console.desk import Desk, on, shown
from runtime.entrypoints.console.markup import Html, chip, document, element, joined, note, table
from runtime.entrypoints.console.wording import NO_PROJECT

COLUMNS: Final = {"Action": "id", "Title": "", "Description": "", "Risk": "", "Cost": "num"}
_RISKS: Final = {"low": "good", "medium": "wait", "high": "bad"}


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the registry."""
    view = gr.HTML(elem_id="pg-registry")

    def show(project: str | None, request: gr.Request) -> Html:
        return registry_view(desk.client(request), project)

    on(tab.select, show, reads=[project], fills=[view])


def registry_view(client: Plangate, project: str | None) -> Html:
    """Return actions as a table, and components as they are declared."""
    if not project:
        return note(NO_PROJECT)

    def show() -> Html:
        found = client.registry.read(project)
        components = (
            element("details", element("summary", str(item.get("id"))), document(item))
            for item in found["components"]
        )
        return joined(
            (
                element("p", chip(found["environment"], "good"), " of ", found["plugin"]),
                table(COLUMNS, list(map(_row, found["actions"])), empty="No actions."),
                element("p", "Components", class_="pg-section"),
                *components,
            )
        )

    return shown(show)


def _row(action: dict[str, Any]) -> tuple[object, ...]:
    permission = action.get("permission") or {}
    risk = str(permission.get("risk", "low"))
    return (
        action["id"],
        action.get("title", ""),
        action.get("description", ""),
        chip(risk, _RISKS.get(risk, "plain")),
        action.get("cost", 0),
    )
