"""The trace: what was decided of late, and each decision in full."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from runtime.client import ClientError
from runtime.entrypoints.console.desk import Desk, acting, failure, first, on
from runtime.entrypoints.console.markup import Html, chip, document, instant, note, table
from runtime.entrypoints.console.wording import NO_PROJECT, kind_of

MOST: Final = 50
COLUMNS: Final = {"Outcome": "id", "Status": "", "Refusal": "", "State": "", "Cost": "num",
                  "When (UTC)": ""}  # fmt: skip


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the trace."""
    view = gr.HTML(elem_id="pg-outcomes")
    chosen = gr.Dropdown(label="Outcome in full", choices=[], elem_id="pg-outcome")
    whole = gr.HTML(elem_id="pg-outcome-whole")

    def show(project: str | None, request: gr.Request) -> list[Any]:
        if not project:
            return [note(NO_PROJECT), gr.skip()]
        try:
            found = first(desk.client(request).outcomes.list(project), MOST)
        except ClientError as error:
            return [failure(error), gr.skip()]
        rows = [
            (item["id"], chip(item["status"], kind_of(item["status"])),
             item["refusal_code"] or "", f"{item['before_version']} → {item['after_version']}",
             item["cost"], instant(item["created_at"]))
            for item in found
        ]  # fmt: skip
        choices = [(f"{item['number']}: {item['status']}", item["id"]) for item in found]
        listed = table(COLUMNS, rows, empty="Nothing was executed yet.")
        return [listed, gr.Dropdown(choices=choices)]

    @acting
    def show_whole(project: str, outcome: str | None, request: gr.Request) -> Html:
        if not outcome:
            return Html("")
        return document(desk.client(request).outcomes.read(project, outcome))

    on(tab.select, show, reads=[project], fills=[view, chosen])
    on(chosen.input, show_whole, reads=[project, chosen], fills=[whole])
