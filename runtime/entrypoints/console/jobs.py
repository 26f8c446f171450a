"""The jobs of a project: what waits, runs, or was given up; cancelled or tried again from here."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from runtime.client import ClientError, Plangate
from runtime.entrypoints.console.desk import Desk, acting, failure, first, on
from runtime.entrypoints.console.markup import chip, instant, note, table
from runtime.entrypoints.console.wording import NO_PROJECT, kind_of

MOST: Final = 100
COLUMNS: Final = {"Job": "id", "Name": "", "Status": "", "Cause": "", "Attempts": "num",
                  "Made (UTC)": ""}  # fmt: skip
STATUSES: Final = [
    ("All", ""),
    *((name.capitalize(), name) for name in ("waiting", "running", "done", "dead", "cancelled")),
    ("Quarantined", "quarantined"),
]


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the panel."""
    wanted = gr.Radio(STATUSES, value="", label="Of which status")
    view = gr.HTML(elem_id="pg-jobs")
    with gr.Row():
        chosen = gr.Dropdown(label="Job", choices=[], elem_id="pg-job", scale=3)
        cancel = gr.Button("Cancel", variant="stop")
        redrive = gr.Button("Try again")
    told = gr.HTML(elem_id="pg-job-told")

    def show(project: str | None, wanted: str, request: gr.Request) -> list[Any]:
        if not project:
            return [note(NO_PROJECT), gr.Dropdown(choices=[])]
        return _listed(desk.client(request), project, wanted)

    @acting
    def stop(project: str, job: str | None, wanted: str, request: gr.Request) -> list[Any]:
        client = desk.client(request)
        done = client.jobs.cancel(project, _chosen(job))
        return [note(f"The job is {done['status']}.", "good"), *_listed(client, project, wanted)]

    @acting
    def again(project: str, job: str | None, wanted: str, request: gr.Request) -> list[Any]:
        client = desk.client(request)
        done = client.jobs.redrive_job(project, _chosen(job))
        return [note(f"The job is {done['status']}.", "good"), *_listed(client, project, wanted)]

    for trigger in (tab.select, wanted.change):
        on(trigger, show, reads=[project, wanted], fills=[view, chosen])
    on(cancel.click, stop, reads=[project, chosen, wanted], fills=[told, view, chosen])
    on(redrive.click, again, reads=[project, chosen, wanted], fills=[told, view, chosen])


def _listed(client: Plangate, project: str, wanted: str) -> list[Any]:
    try:
        status: Any = wanted or None
        found = first(client.jobs.list(project, status=status), MOST)
    except ClientError as error:
        return [failure(error), gr.Dropdown(choices=[], value=None)]
    rows = [
        (item["id"], item["name"], chip(item["status"], kind_of(item["status"])),
         item["cause"] or "", item["attempts"], instant(item["created_at"]))
        for item in found
    ]  # fmt: skip
    choices = [(f"{item['name']} · {item['status']} · {item['id']}", item["id"]) for item in found]
    return [table(COLUMNS, rows, empty="No jobs."), gr.Dropdown(choices=choices, value=None)]


def _chosen(job: str | None) -> str:
    if not job:
        raise gr.Error("Choose a job first.", print_exception=False)
    return job
