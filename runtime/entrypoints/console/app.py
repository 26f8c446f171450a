"""Put the console together: the page's head, its panels, and the door before them."""

from __future__ import annotations

import gradio as gr
from fastapi import FastAPI, Request

from runtime.entrypoints.console import (
    approvals,
    audit,
    chat,
    evaluations,
    jobs,
    policy,
    team,
    usage,
    webhooks,
)
from runtime.entrypoints.console.desk import Desk, acting, on
from runtime.entrypoints.console.door import Door, add_signing, session_of
from runtime.entrypoints.console.evaluations import add_evaluations
from runtime.entrypoints.console.inspector import inspector
from runtime.entrypoints.console.markup import Html, element, joined
from runtime.entrypoints.console.place import Place
from runtime.entrypoints.console.sessions import Session, Sessions
from runtime.entrypoints.console.theme import STYLE, SWITCH_THEME, THEME_SCRIPT, console_theme

MOST_FILE = "20mb"
TABS = (
    ("Approvals", "approvals", approvals.panel),
    ("Jobs", "jobs", jobs.panel),
    ("Webhooks", "webhooks", webhooks.panel),
    ("Usage", "usage", usage.panel),
    ("Models", "models", evaluations.panel),
    ("Team", "team", team.panel),
    ("Audit", "audit", audit.panel),
    ("Policy", "policy", policy.panel),
)
"""Panels that read when they are opened: title, id, and what builds them."""

SIGN_OUT = """() => {
  const form = document.createElement("form");
  form.method = "post"; form.action = "signout";
  document.body.append(form); form.submit();
}"""


def create_console(place: Place) -> Door:
    """Return the console as an app, which asks one platform."""
    sessions = Sessions()
    app = FastAPI(title="Plangate console", docs_url=None, redoc_url=None, openapi_url=None)
    add_signing(app, sessions=sessions, place=place)
    add_evaluations(app, sessions=sessions, place=place)

    def signed_in(request: Request) -> str | None:
        found = session_of(request.scope, sessions)
        return None if found is None else found.handle

    mounted = gr.mount_gradio_app(
        app,
        _pages(Desk(sessions)),
        path="/",
        auth_dependency=signed_in,
        footer_links=[],
        show_error=False,
        max_file_size=MOST_FILE,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        mcp_server=False,
        theme=console_theme(),
        css=STYLE,
        head=THEME_SCRIPT,
    )
    return Door(mounted, sessions=sessions, place=place)


def _pages(desk: Desk) -> gr.Blocks:
    with gr.Blocks(
        title="Plangate", analytics_enabled=False, fill_width=True, delete_cache=(600, 600)
    ) as pages:
        with gr.Row(elem_id="pg-head"):
            gr.HTML(_brand(), elem_id="pg-brand")
            project = gr.Dropdown(
                label="Project", choices=[], elem_id="pg-project", interactive=True,
                container=False,
            )  # fmt: skip
            who = gr.HTML(elem_id="pg-who")
            theme = gr.Button("Light / dark", size="md", elem_id="pg-theme")
            leave = gr.Button("Sign out", size="md", elem_id="pg-signout")
        with gr.Tabs(elem_id="pg-tabs"):
            with gr.Tab("Chat", id="chat"):
                chat.panel(desk, project)
            inspector(desk, project)
            for title, name, build in TABS:
                with gr.Tab(title, id=name) as tab:
                    build(desk, project, tab)

        @acting
        def begin(request: gr.Request) -> tuple[gr.Dropdown, Html]:
            session = desk.session(request)
            found = [
                (f"{item['name']} · {item['environment']}", item["id"])
                for item in session.client.projects.list()
                if item["archived_at"] is None
            ]
            chosen = found[0][1] if found else None
            return gr.Dropdown(choices=found, value=chosen), _who(session)

        on(pages.load, begin, fills=[project, who], quietly=True)
        theme.click(None, js=SWITCH_THEME, api_visibility="private")
        leave.click(None, js=SIGN_OUT, api_visibility="private")
    return pages  # type: ignore[no-any-return]  # gradio's `with` says Any


def _brand() -> Html:
    return element("div", element("i", aria_hidden="true"), "Plangate", class_="pg-brand")


def _who(session: Session) -> Html:
    member, organization = session.who["member"], session.who["organization"]
    return element(
        "div",
        joined((element("b", member["display_name"]), element("span", organization["name"]))),
        class_="pg-who",
    )
