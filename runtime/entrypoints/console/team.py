"""The team: who may do what in the project, and the tokens that act."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from runtime.client import ClientError, Plangate
from runtime.client.documents.kinds import Mode, ProjectRole
from runtime.entrypoints.console.desk import Desk, acting, failure, first, on, shown
from runtime.entrypoints.console.markup import Html, chip, element, instant, joined, note, table
from runtime.entrypoints.console.wording import NO_PROJECT

MOST: Final = 200
MEMBERS: Final = {"Name": "", "Role": "", "Mode": "", "More roles": "", "Member": "id"}
TOKENS: Final = {"Name": "", "Begins with": "id", "Scopes": "", "Last used (UTC)": "",
                 "Expires (UTC)": "", "Token": "id"}  # fmt: skip
ROLES: Final = ["viewer", "operator", "admin"]
MODES: Final = ["interactive", "assisted", "autonomous"]


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the panel."""
    view = gr.HTML(elem_id="pg-members")
    with gr.Row():
        member = gr.Dropdown(label="Member", choices=[], scale=3, elem_id="pg-member")
        role = gr.Dropdown(ROLES, label="Role", value="viewer")
        mode = gr.Dropdown(MODES, label="Mode", value="interactive")
    with gr.Row():
        put = gr.Button("Add or change", variant="primary")
        remove = gr.Button("Remove from the project", variant="stop")
    tokens = gr.HTML(elem_id="pg-tokens")
    with gr.Row():
        token = gr.Dropdown(label="Token", choices=[], scale=3, elem_id="pg-token")
        revoke = gr.Button("Revoke", variant="stop")
    filled = [view, member, tokens, token]

    def show(project: str | None, request: gr.Request) -> list[Any]:
        return _listed(desk.client(request), project)

    @acting
    def change(
        project: str,
        member: str | None,
        role: ProjectRole,
        mode: Mode,
        request: gr.Request,
    ) -> list[Any]:
        client = desk.client(request)
        client.memberships.put(project, _chosen(member), role=role, mode=mode)
        return _listed(client, project)

    @acting
    def take_out(project: str, member: str | None, request: gr.Request) -> list[Any]:
        client = desk.client(request)
        client.memberships.delete(project, _chosen(member))
        return _listed(client, project)

    @acting
    def end_token(project: str, token: str | None, request: gr.Request) -> list[Any]:
        client = desk.client(request)
        client.tokens.revoke(_chosen(token))
        return _listed(client, project)

    on(tab.select, show, reads=[project], fills=filled)
    on(put.click, change, reads=[project, member, role, mode], fills=filled)
    on(remove.click, take_out, reads=[project, member], fills=filled)
    on(revoke.click, end_token, reads=[project, token], fills=filled)


def _listed(client: Plangate, project: str | None) -> list[Any]:
    if not project:
        return [note(NO_PROJECT), gr.Dropdown(choices=[]), "", gr.Dropdown(choices=[])]
    names = _names(client)
    members = [(f"{name} · {at[-6:]}", at) for at, name in names.items()]
    try:
        opening = [item for item in first(client.tokens.list(), MOST) if not item["revoked_at"]]
        tokens = _tokens_view(opening)
    except ClientError as error:
        opening, tokens = [], failure(error)
    choices = [(item["name"], item["id"]) for item in opening]
    return [
        shown(lambda: _members_view(client, project, names)),
        gr.Dropdown(choices=members),
        joined((element("p", "Tokens", class_="pg-section"), tokens)),
        gr.Dropdown(choices=choices, value=None),
    ]


def _names(client: Plangate) -> dict[str, str]:
    """Return who is called how, as far as the person may see that."""
    try:
        found = first(client.members.list(), MOST)
    except ClientError:
        return {}
    return {item["id"]: item["display_name"] for item in found}


def _members_view(client: Plangate, project: str, names: dict[str, str]) -> Html:
    rows = [
        (names.get(item["member"], item["member"]), chip(item["role"], "good"), item["mode"],
         ", ".join(item["extra_roles"]), item["member"])
        for item in first(client.memberships.list(project), MOST)
    ]  # fmt: skip
    return table(MEMBERS, rows, empty="Nobody is a member; owners may do everything.")


def _tokens_view(found: list[Any]) -> Html:
    rows = [
        (item["name"], item["shown"], f"{len(item['scopes'])} scopes",
         instant(item["last_used_at"]), instant(item["expires_at"]), item["id"])
        for item in found
    ]  # fmt: skip
    return table(TOKENS, rows, empty="No tokens.")


def _chosen(item: str | None) -> str:
    if not item:
        raise gr.Error("Choose one first.", print_exception=False)
    return item
