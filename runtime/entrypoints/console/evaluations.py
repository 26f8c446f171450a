"""Evaluations of models: the verdicts that the platform has, and the way to its own pages of runs.

A browser that signed in here with a token has nothing that opens those pages: the console asks for
a link with what it keeps, and leads there.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import gradio as gr
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, RedirectResponse

from runtime.client import ClientError
from runtime.client.documents.gates import GateOut
from runtime.entrypoints.console.desk import Desk, first, on, shown
from runtime.entrypoints.console.door import session_of
from runtime.entrypoints.console.markup import Html, chip, element, instant, joined, table
from runtime.entrypoints.console.place import Place
from runtime.entrypoints.console.sessions import Sessions

MOST: Final = 100
PATH: Final = "/evaluations"
COLUMNS: Final = {"Model": "", "Environment": "", "Verdict": "", "Judged (UTC)": "", "Run": "id",
                  "Gate": "id"}  # fmt: skip


def panel(desk: Desk, _project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the panel; runs and verdicts are the organization's."""
    gr.HTML(_way())
    view = gr.HTML(elem_id="pg-gates")

    def show(request: gr.Request) -> Html:
        session = desk.session(request)
        organization = session.who["organization"]["id"]
        return shown(lambda: verdicts(first(session.client.gates.list(organization), MOST)))

    on(tab.select, show, fills=[view])


def verdicts(found: Sequence[GateOut]) -> Html:
    """Return the verdicts that were brought, in the order in which they are told."""
    rows = [
        (item["model"], item["environment"],
         chip(item["verdict"], "good" if item["passed"] else "bad"),
         instant(item["judged_at"]), item["run"], item["id"])
        for item in found
    ]  # fmt: skip
    title = element("p", "Verdicts that were brought here", class_="pg-section")
    empty = "No verdicts yet. Runs that are published bring them."
    return joined((title, table(COLUMNS, rows, empty=empty)))


def add_evaluations(app: FastAPI, *, sessions: Sessions, place: Place) -> None:
    """Give an app the way to the platform's pages of runs."""

    @app.get(PATH)
    async def lead(request: Request) -> Response:
        session = session_of(request.scope, sessions)
        if session is None:  # it ended since the door looked
            return PlainTextResponse("sign in first", HTTPStatus.UNAUTHORIZED)
        organization = session.who["organization"]["id"]
        try:
            made = await run_in_threadpool(session.client.evaluations.create_link, organization)
        except ClientError as error:
            return PlainTextResponse(str(error), HTTPStatus.BAD_GATEWAY)
        address = place.leading(made["url"] or "")
        return RedirectResponse(address, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})


def _way() -> Html:
    """Return the link to the runs; its address is below the console's own."""
    link = element(
        "a",
        "Compare models and runs",
        href=PATH.removeprefix("/"),
        target="_blank",
        rel="noopener",
        class_="pg-way",
    )
    told = "Opens in a tab of its own: rates side by side, each run's report, live."
    return joined((link, element("p", told, class_="pg-muted")))
