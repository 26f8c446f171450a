"""The webhooks of a project: who is told of its events, how that goes, and trying one out."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from runtime.client import ClientError, Plangate
from runtime.entrypoints.console.desk import Desk, acting, failure, first, on
from runtime.entrypoints.console.markup import chip, instant, note, table
from runtime.entrypoints.console.wording import NO_PROJECT, kind_of

MOST: Final = 100
COLUMNS: Final = {"Webhook": "id", "Name": "", "Status": "", "Address": "", "Failures": "num",
                  "Failing since (UTC)": ""}  # fmt: skip


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the panel."""
    view = gr.HTML(elem_id="pg-webhooks")
    with gr.Row():
        chosen = gr.Dropdown(label="Webhook", choices=[], elem_id="pg-webhook", scale=3)
        ping = gr.Button("Ping")
        enable = gr.Button("Enable")
        disable = gr.Button("Disable", variant="stop")
    told = gr.HTML(elem_id="pg-webhook-told")

    def show(project: str | None, request: gr.Request) -> list[Any]:
        if not project:
            return [note(NO_PROJECT), gr.Dropdown(choices=[])]
        return _listed(desk.client(request), project)

    @acting
    def send_ping(project: str, webhook: str | None, request: gr.Request) -> list[Any]:
        client = desk.client(request)
        sent = client.webhooks.ping(project, _chosen(webhook))
        text = f"A ping is on its way as {sent['id']}; its delivery stands in the webhook's list."
        return [note(text, "good"), *_listed(client, project)]

    @acting
    def turn_on(project: str, webhook: str | None, request: gr.Request) -> list[Any]:
        client = desk.client(request)
        done = client.webhooks.enable(project, _chosen(webhook))
        return [note(f"It is {done['status']}.", "good"), *_listed(client, project)]

    @acting
    def turn_off(project: str, webhook: str | None, request: gr.Request) -> list[Any]:
        client = desk.client(request)
        done = client.webhooks.disable(project, _chosen(webhook))
        return [note(f"It is {done['status']}."), *_listed(client, project)]

    on(tab.select, show, reads=[project], fills=[view, chosen])
    for button, function in ((ping, send_ping), (enable, turn_on), (disable, turn_off)):
        on(button.click, function, reads=[project, chosen], fills=[told, view, chosen])


def _listed(client: Plangate, project: str) -> list[Any]:
    try:
        found = first(client.webhooks.list(project), MOST)
    except ClientError as error:
        return [failure(error), gr.Dropdown(choices=[], value=None)]
    rows = [
        (item["id"], item["name"], chip(item["status"], kind_of(item["status"])), item["url"],
         item["failures"], instant(item["failing_since"]))
        for item in found
    ]  # fmt: skip
    choices = [(f"{item['name']} · {item['status']}", item["id"]) for item in found]
    return [table(COLUMNS, rows, empty="No webhooks."), gr.Dropdown(choices=choices)]


def _chosen(webhook: str | None) -> str:
    if not webhook:
        raise gr.Error("Choose a webhook first.", print_exception=False)
    return webhook
