"""The memory: facts that the agent is told of this person, in this project, in each turn."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr
import orjson

from runtime.client import ClientError, Plangate
from runtime.client.documents.conversations import FactIn
from runtime.entrypoints.console.desk import Desk, acting, failure, on
from runtime.entrypoints.console.markup import Html, chip, instant, note, table, value
from runtime.entrypoints.console.wording import NO_PROJECT

COLUMNS: Final = {"Fact": "", "Value": "", "From": "", "Since (UTC)": "", "Until (UTC)": ""}
HOUR_S: Final = 3_600


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the memory."""
    view = gr.HTML(elem_id="pg-facts")
    with gr.Row():
        key = gr.Textbox(label="Fact", placeholder="usual_room", max_lines=1)
        said = gr.Textbox(label="Value (JSON, or a text)", placeholder="B 12", max_lines=4)
        hours = gr.Number(label="For so many hours (0: until deleted)", precision=0, minimum=0)
    with gr.Row():
        put = gr.Button("Remember", variant="primary")
        forget = gr.Button("Forget")

    def show(project: str | None, request: gr.Request) -> Html:
        return facts_view(desk.client(request), project)

    @acting
    def remember(
        project: str, key: str, said: str, hours: float | None, request: gr.Request
    ) -> list[Any]:
        client = desk.client(request)
        body: FactIn = {"value": spelled(said)}
        if hours:
            body["ttl_s"] = int(hours) * HOUR_S
        client.conversations.put_fact(project, key, **body)
        return ["", "", facts_view(client, project)]

    @acting
    def drop(project: str, key: str, request: gr.Request) -> list[Any]:
        client = desk.client(request)
        client.conversations.delete_fact(project, key)
        return ["", facts_view(client, project)]

    on(tab.select, show, reads=[project], fills=[view])
    on(put.click, remember, reads=[project, key, said, hours], fills=[key, said, view])
    on(forget.click, drop, reads=[project, key], fills=[key, view])


def facts_view(client: Plangate, project: str | None) -> Html:
    """Return the facts."""
    if not project:
        return note(NO_PROJECT)
    try:
        found = list(client.conversations.list_facts(project))
    except ClientError as error:
        return failure(error)
    rows = [
        (item["key"], value(item["value"]), chip(item["provenance"]["source"]),
         instant(item["provenance"]["at"]), instant(item["expires_at"]))
        for item in found
    ]  # fmt: skip
    return table(COLUMNS, rows, empty="Nothing is remembered of you here.")


def spelled(text: str) -> Any:  # noqa: ANN401  # any JSON
    """Return what a person wrote: as JSON if it is one, else as a text.

    >>> spelled("12"), spelled("B 12")
    (12, 'B 12')
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
