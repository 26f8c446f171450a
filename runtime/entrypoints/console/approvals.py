"""The inbox of approvals: which plans of others wait for a yes, and saying it to what was shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import gradio as gr

from runtime.client import ClientError, Plangate
from runtime.client.documents.approvals import VotedApprovalOut
from runtime.entrypoints.console.desk import Desk, acting, failure, first, on
from runtime.entrypoints.console.markup import (
    Html,
    chip,
    element,
    instant,
    joined,
    note,
    pairs,
    table,
)
from runtime.entrypoints.console.plan_card import PlanView, plan_card
from runtime.entrypoints.console.wording import NO_PROJECT, kind_of

MOST: Final = 100
SHOWN: Final = 3
COLUMNS: Final = {"Request": "id", "Status": "", "Plan": "", "Of": "id", "Needs": "",
                  "Until (UTC)": ""}  # fmt: skip


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the inbox."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=6, min_width=340):
            status = gr.Radio(
                [("Waiting", "pending"), ("All", "")], value="pending", label="Which",
                elem_id="pg-approval-status",
            )  # fmt: skip
            view = gr.HTML(elem_id="pg-approvals")
        with gr.Column(scale=5, min_width=340):
            chosen = gr.Dropdown(label="Request", choices=[], elem_id="pg-approval")
            card = gr.HTML(elem_id="pg-approval-card")
            reason = gr.Textbox(label="Reason; it is kept for ever", elem_id="pg-approval-reason")
            with gr.Row():
                grant = gr.Button("Grant", variant="primary", elem_id="pg-grant")
                deny = gr.Button("Deny", variant="stop", elem_id="pg-deny")
            told = gr.HTML(elem_id="pg-voted")
    digest = gr.State("")

    def show(project: str | None, status: str, request: gr.Request) -> list[Any]:
        if not project:
            return [note(NO_PROJECT), gr.Dropdown(choices=[]), "", ""]
        return _listed(desk.client(request), project, status)

    @acting
    def open_one(project: str, approval: str | None, request: gr.Request) -> list[Any]:
        return _opened(desk.client(request), project, approval)

    filled = [view, chosen, card, digest]
    for trigger in (tab.select, status.change):
        on(trigger, show, reads=[project, status], fills=filled)
    on(chosen.input, open_one, reads=[project, chosen], fills=[card, digest])
    votes = [project, chosen, digest, reason, status]

    def granted(
        project: str, approval: str, digest: str, reason: str, status: str, request: gr.Request
    ) -> list[Any]:
        ballot = Ballot(verb="grant", approval=approval, digest=digest, reason=reason)
        return _voted(desk.client(request), project, ballot, status)

    def denied(
        project: str, approval: str, digest: str, reason: str, status: str, request: gr.Request
    ) -> list[Any]:
        ballot = Ballot(verb="deny", approval=approval, digest=digest, reason=reason)
        return _voted(desk.client(request), project, ballot, status)

    on(grant.click, granted, reads=votes, fills=[told, *filled])
    on(deny.click, denied, reads=votes, fills=[told, *filled])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """Hold what a person says to the plan that they were shown."""

    verb: Literal["grant", "deny"]
    approval: str | None
    digest: str
    reason: str


@acting
def _voted(client: Plangate, project: str, ballot: Ballot, status: str) -> list[Any]:
    if not ballot.approval or not ballot.digest:
        raise gr.Error("Choose a request first, and read its plan.", print_exception=False)
    ask = client.approvals.grant if ballot.verb == "grant" else client.approvals.deny
    done = ask(project, ballot.approval, plan_digest=ballot.digest, reason=ballot.reason)
    said = "yes" if ballot.verb == "grant" else "no"
    text = f"You said {said}; the request is {done['status']}."
    return [note(text, kind_of(done["status"])), *_listed(client, project, status)]


def _opened(client: Plangate, project: str, approval: str | None) -> list[Any]:
    """Return a request as it is shown, and the digest that a vote on it names."""
    if not approval:
        return ["", ""]
    found = client.approvals.read(project, approval)
    return [approval_view(found), found["plan_digest"]]


def approval_view(found: VotedApprovalOut) -> Html:
    """Return a request with its plan, who needs to say yes, and what was said."""
    needs = ", ".join(f"{item['count']} of {item['role'] or 'admin'}" for item in found["needs"])
    votes = [
        element("div", chip(item["kind"], kind_of(f"{item['kind']}ed")), " ", item["reason"])
        for item in found["votes"]
    ]
    head = pairs(
        {
            "Asked by": found["requester"],
            "Needs": needs,
            "Until": instant(found["expires_at"]),
            "Digest": element("code", found["plan_digest"], class_="pg-value"),
        }
    )
    card = plan_card(PlanView(plan=found["plan"], status=found["status"]))
    return joined((card, element("p", Html("&nbsp;")), head, *votes))


def _listed(client: Plangate, project: str, status: str) -> list[Any]:
    wanted: Any = status or None
    try:
        found = first(client.approvals.list(project, status=wanted), MOST)
    except ClientError as error:
        return [failure(error), gr.Dropdown(choices=[], value=None), "", ""]
    rows = [
        (item["id"], chip(item["status"], kind_of(item["status"])), _actions(item["plan"]["steps"]),
         item["requester"], f"{item['grants']} of {sum(at['count'] for at in item['needs'])}",
         instant(item["expires_at"]))
        for item in found
    ]  # fmt: skip
    choices = [
        (f"{_actions(item['plan']['steps'])} · {item['status']}", item["id"]) for item in found
    ]
    listed = table(COLUMNS, rows, empty="Nothing waits for anybody's yes.")
    return [listed, gr.Dropdown(choices=choices, value=None), "", ""]


def _actions(steps: Any) -> str:  # noqa: ANN401  # steps of the API's plan
    named = ", ".join(str(step["action"]) for step in steps[:SHOWN])
    return named if len(steps) <= SHOWN else f"{named} ..."
