"""Usage: what a project has used of what it may, of the engine's limits and of models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import gradio as gr

from runtime.client import Plangate
from runtime.entrypoints.console.desk import Desk, on, shown
from runtime.entrypoints.console.markup import (
    NOTHING,
    Html,
    chip,
    element,
    instant,
    joined,
    note,
    table,
)
from runtime.entrypoints.console.wording import NO_PROJECT, kind_of, money

LIMITS: Final = {"Limit": "", "Of": "", "Used": "num", "May": "num", "": "", "Status": "",
                 "Exhausted (UTC)": "", "Resets (UTC)": ""}  # fmt: skip
MODELS: Final = {"Budget": "", "Of": "", "Used": "num", "Reserved": "num", "May": "num", "": "",
                 "Resets (UTC)": ""}  # fmt: skip
NEARLY: Final = 0.8


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the panel."""
    view = gr.HTML(elem_id="pg-usage")

    def show(project: str | None, request: gr.Request) -> Html:
        if not project:
            return note(NO_PROJECT)
        client = desk.client(request)
        return joined(
            (
                element("p", "Actions", class_="pg-section"),
                shown(lambda: limits_view(client, project)),
                element("p", "Models", class_="pg-section"),
                shown(lambda: models_view(client, project)),
            )
        )

    on(tab.select, show, reads=[project], fills=[view])


def limits_view(client: Plangate, project: str) -> Html:
    """Return the use of each limit of the engine."""
    found = client.projects.read_usage(project)["limits"]
    rows = [
        (item["measure"], _subject(item), item["used"], _most(item["limit"]),
         bar(item["used"], item["limit"]), chip(item["status"], kind_of(item["status"])),
         instant(item["exhausted_at"]), instant(item["resets_at"]))
        for item in found
    ]  # fmt: skip
    return table(LIMITS, rows, empty="No limits.")


def models_view(client: Plangate, project: str) -> Html:
    """Return the use of each budget of models, and which models are asked."""
    found = client.models.read_project_model_usage(project)["budgets"]
    use = client.models.read_project_models(project)
    rows = [
        (item["measure"], _subject(item), _told(item, "used"), _told(item, "reserved"),
         _told(item, "limit"), bar(item["used"] + item["reserved"], item["limit"]),
         instant(item["resets_at"]))
        for item in found
    ]  # fmt: skip
    asked = element("p", "Asked: ", *_chips(use["asked"]))
    return joined((asked, table(MODELS, rows, empty="No budgets.")))


def bar(used: int, limit: int | None) -> Html:
    """Return how full a budget is, as a bar; nothing where there is no end."""
    if not limit:
        return Html("")
    share = min(used / limit, 1.0)
    kind = " pg-bad" if share >= 1 else " pg-wait" if share >= NEARLY else ""
    told = f"{share:.0%} used"
    inner = element("i", style=f"width: {share:.1%}")
    return element("div", inner, class_=f"pg-bar{kind}", role="img", aria_label=told)


def _subject(item: Mapping[str, Any]) -> str:
    whole = item["subject"] is None or item["scope"] in {"organization", "project"}
    return str(item["scope"] if whole else f"{item['scope']} {item['subject']}")


def _most(limit: int | None) -> str:
    return NOTHING if limit is None else str(limit)


def _told(item: Mapping[str, Any], name: str) -> str:
    amount = item[name]
    if amount is None:
        return NOTHING
    return money(amount) if "cost" in item["measure"] or item["measure"] == "money" else str(amount)


def _chips(names: Iterable[str]) -> list[Html]:
    return [chip(name) for name in names] or [chip("none", "wait")]
