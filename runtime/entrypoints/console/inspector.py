"""The state: as it is, how it came to be, and what leads where; with what the agent knows of it."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from runtime.client import ClientError, Plangate
from runtime.entrypoints.console import memory, registry, trace, widgets
from runtime.entrypoints.console.changes import changes
from runtime.entrypoints.console.desk import Desk, acting, failure, first, on, shown
from runtime.entrypoints.console.markup import (
    Html,
    chip,
    document,
    element,
    instant,
    joined,
    note,
    table,
)
from runtime.entrypoints.console.wording import NO_PROJECT

LOOK_S: Final = 4.0
MOST: Final = 100
TIMELINE: Final = {"Version": "num", "What": "", "Changes": "num", "By": "id", "When (UTC)": ""}


def inspector(desk: Desk, project: gr.Dropdown) -> None:
    """Build the tab of the state."""
    with gr.Tab("State", id="state") as tab, gr.Tabs():
        with gr.Tab("Live", id="live"):
            _live(desk, project, tab)
        with gr.Tab("Timeline", id="timeline") as timeline:
            _timeline(desk, project, timeline)
        with gr.Tab("Trace", id="trace") as traced:
            trace.panel(desk, project, traced)
        with gr.Tab("Widgets", id="widgets") as bound:
            widgets.panel(desk, project, bound)
        with gr.Tab("Registry", id="registry") as known:
            registry.panel(desk, project, known)
        with gr.Tab("Memory", id="memory") as kept:
            memory.panel(desk, project, kept)


def live_view(client: Plangate, project: str | None) -> Html:
    """Return the state as it is."""
    if not project:
        return note(NO_PROJECT)

    def show() -> Html:
        found = client.state.read(project)
        head = element(
            "p", chip(f"version {found['version']}", "good"), " ",
            element("span", found["digest"], class_="pg-muted"),
        )  # fmt: skip
        return joined((head, document(found["components"])))

    return shown(show)


def _live(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    view = gr.HTML(elem_id="pg-live")
    clock = gr.Timer(LOOK_S)

    def show(project: str | None, request: gr.Request) -> Html:
        return live_view(desk.client(request), project)

    for trigger in (tab.select, project.change, clock.tick):
        on(trigger, show, reads=[project], fills=[view], quietly=True)


def _timeline(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=340):
            view = gr.HTML(elem_id="pg-timeline")
        with gr.Column(scale=4, min_width=320):
            with gr.Row():
                before = gr.Number(label="From version", precision=0, minimum=0, elem_id="pg-from")
                after = gr.Number(label="To version", precision=0, minimum=0, elem_id="pg-to")
            compare = gr.Button("Show the difference", elem_id="pg-compare")
            diff = gr.HTML(elem_id="pg-diff")
            back = gr.Number(
                label="Go back to version", precision=0, minimum=0, elem_id="pg-back",
                info="Its state becomes a new version; nothing of the history goes.",
            )  # fmt: skip
            revert = gr.Button("Revert", variant="stop", elem_id="pg-revert")
            told = gr.HTML(elem_id="pg-reverted")

    def show(project: str | None, request: gr.Request) -> list[Any]:
        return _versions(desk.client(request), project)

    @acting
    def difference(
        project: str | None, before: float | None, after: float | None, request: gr.Request
    ) -> Html:
        client = desk.client(request)
        if not project or before is None or after is None:
            raise gr.Error("Name the two versions to compare.", print_exception=False)
        found = client.state.compare_states(project, before=int(before), after=int(after))
        stood = client.state.read(project, version=int(before))["components"]
        return changes(found["diff"], stood)

    @acting
    def go_back(project: str, version: float | None, request: gr.Request) -> list[Any]:
        if version is None:
            raise gr.Error("Name the version to go back to.", print_exception=False)
        done = desk.client(request).state.revert(project, version=int(version))
        text = f"Version {done['reverted_to']} stands again, as version {done['after']['version']}."
        return [note(text, "good"), *show(project, request)]

    filled = [view, before, after]
    on(tab.select, show, reads=[project], fills=filled)
    on(compare.click, difference, reads=[project, before, after], fills=[diff])
    on(revert.click, go_back, reads=[project, back], fills=[told, *filled])


def _versions(client: Plangate, project: str | None) -> list[Any]:
    """Return the timeline, and which versions are compared unless others are named."""
    if not project:
        return [note(NO_PROJECT), gr.skip(), gr.skip()]
    try:
        found = first(client.state.list_snapshots(project), MOST)
    except ClientError as error:
        return [failure(error), gr.skip(), gr.skip()]
    newest = found[0]["version"] if found else 0
    rows = [
        (
            item["version"],
            chip(item["cause"]),
            len(item["diff"]),
            item["principal"],
            instant(item["created_at"]),
        )
        for item in found
    ]
    return [table(TIMELINE, rows, empty="No version yet."), max(newest - 1, 0), newest]
