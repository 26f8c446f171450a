"""The chat: say what is wanted, see the plan, and decide about it.

Consent binds to the plan that is shown: what is confirmed is the digest on the card.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import gradio as gr
import orjson

from runtime.client import ClientError
from runtime.client.documents.conversations import MessageIn, TurnOut
from runtime.client.documents.kinds import Mode
from runtime.client.documents.shared import OutcomeOut
from runtime.entrypoints.console.chat_calls import OPEN, Chat, Judged, message_of
from runtime.entrypoints.console.chat_view import log
from runtime.entrypoints.console.desk import Desk, acting, failure, on
from runtime.entrypoints.console.markup import Html, note
from runtime.entrypoints.console.plan_card import empty_card, outcome_note, plan_card
from runtime.entrypoints.console.wording import NO_PROJECT

MODES: Final = [
    ("My own", ""),
    ("Interactive", "interactive"),
    ("Assisted", "assisted"),
    ("Autonomous", "autonomous"),
]
FILES: Final = ["image", ".pdf", ".txt", ".csv", ".json", ".md"]
Held: TypeAlias = dict[str, Any]
"""What the card shows: the turn, the digest to confirm, and the approval that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Hold the parts of the panel that change."""

    project: gr.Dropdown
    conversation: gr.Dropdown
    log: gr.HTML
    mode: gr.Radio
    box: gr.MultimodalTextbox
    told: gr.HTML
    card: gr.HTML
    approve: gr.Button
    reject: gr.Button
    edit: gr.Button
    reason: gr.Textbox
    editor: gr.Group
    plan: gr.Code
    save: gr.Button
    export: gr.Button
    scenario: gr.Code
    held: gr.State

    def looks(self) -> list[Any]:
        """Return what a new look of a conversation fills."""
        return [self.log, *self.cards()]

    def cards(self) -> list[Any]:
        """Return what a new look of a plan fills."""
        return [self.told, self.card, self.approve, self.reject, self.edit, self.editor,
                self.export, self.held]  # fmt: skip


def panel(desk: Desk, project: gr.Dropdown) -> None:
    """Build the chat."""
    parts = _built(project)
    _wire_talk(desk, parts)
    _wire_consent(desk, parts)


def _built(project: gr.Dropdown) -> Parts:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=340):
            conversation = gr.Dropdown(
                label="Conversation", choices=[("New conversation", "")], value="",
                elem_id="pg-conversation",
            )  # fmt: skip
            talk = gr.HTML(log([]), elem_id="pg-log")
            box = gr.MultimodalTextbox(
                label="Message", show_label=False, placeholder="What should be done?  Enter sends.",
                file_types=FILES, file_count="multiple", sources=["upload"], elem_id="pg-box",
                interactive=False, max_lines=8,
            )  # fmt: skip
            mode = gr.Radio(MODES, value="", label="Mode of this turn; it can only lower yours")
        with gr.Column(scale=5, min_width=340):
            told = gr.HTML(elem_id="pg-told")
            card = gr.HTML(empty_card(), elem_id="pg-card")
            with gr.Row():
                approve = gr.Button(
                    "Approve and run", variant="primary", interactive=False, scale=2, min_width=150,
                    elem_id="pg-approve",
                )  # fmt: skip
                edit = gr.Button("Edit", interactive=False, min_width=80, elem_id="pg-edit")
                reject = gr.Button(
                    "Reject", variant="stop", interactive=False, min_width=80, elem_id="pg-reject"
                )
            reason = gr.Textbox(
                label="Reason, if you reject it", lines=1, max_lines=3, elem_id="pg-reason"
            )
            with gr.Group(visible=False) as editor:
                plan = gr.Code(
                    label="The plan, as JSON", language="json", lines=10, elem_id="pg-plan"
                )
                save = gr.Button("Use this plan instead", elem_id="pg-save")
            with gr.Accordion("Keep this turn as a golden scenario", open=False):
                export = gr.Button("Export", interactive=False, elem_id="pg-export")
                scenario = gr.Code(label="Scenario", language="yaml", lines=6, interactive=False)
    return Parts(
        project=project, conversation=conversation, log=talk, mode=mode, box=box, told=told,
        card=card, approve=approve, reject=reject, edit=edit, reason=reason, editor=editor,
        plan=plan, save=save, export=export, scenario=scenario, held=gr.State({}),
    )  # fmt: skip


def _wire_talk(desk: Desk, parts: Parts) -> None:
    @acting
    def open_project(project: str | None, request: gr.Request) -> list[Any]:
        if not project:
            closed = gr.MultimodalTextbox(interactive=False)
            none = gr.Dropdown(choices=[("New conversation", "")], value="")
            return [none, closed, log([]), *_no_plan(NO_PROJECT)]
        chat = Chat(desk.client(request), project)
        found = chat.conversations()
        newest = found[0][1] if found else ""
        chosen = gr.Dropdown(choices=[("New conversation", ""), *found], value=newest)
        return [chosen, gr.MultimodalTextbox(interactive=True), *_look(chat, newest)]

    @acting
    def open_conversation(project: str | None, conversation: str, request: gr.Request) -> list[Any]:
        if not project:
            return [log([]), *_no_plan(NO_PROJECT)]
        return _look(Chat(desk.client(request), project), conversation)

    @acting
    def say(
        project: str | None, conversation: str, mode: Mode | None, box: Held, request: gr.Request
    ) -> Iterator[list[Any]]:
        text, files = (box.get("text") or "").strip(), box.get("files") or []
        if not project or not (text or files):
            raise gr.Error("Choose a project and write a message.", print_exception=False)
        chat = Chat(desk.client(request), project)
        message = message_of(text, files, mode or None)
        stays = [gr.skip()] * len(parts.cards())
        yield from _said(chat, conversation, message, stays)

    looks = parts.looks()
    where = [parts.project, parts.conversation]
    opened = [parts.conversation, parts.box, *looks]
    on(parts.project.change, open_project, reads=[parts.project], fills=opened)
    on(parts.conversation.input, open_conversation, reads=where, fills=looks)
    on(
        parts.box.submit, say, reads=[*where, parts.mode, parts.box],
        fills=[parts.conversation, parts.box, *looks], quietly=True,
    )  # fmt: skip


def _wire_consent(desk: Desk, parts: Parts) -> None:
    @acting
    def approve(project: str, held: Held, request: gr.Request) -> list[Any]:
        chat, turn = Chat(desk.client(request), project), held["turn"]
        done = chat.execute(turn, confirm=held["confirm"], approval=held["approval"])
        return _look(chat, turn["conversation"], done=done)

    @acting
    def reject(project: str, held: Held, reason: str, request: gr.Request) -> list[Any]:
        chat, turn = Chat(desk.client(request), project), held["turn"]
        chat.reject(turn, reason=reason)
        return ["", *_look(chat, turn["conversation"])]

    def edit(held: Held) -> list[Any]:
        text = orjson.dumps(held["turn"]["proposal"]["plan"], option=orjson.OPT_INDENT_2).decode()
        return [gr.Group(visible=True), text]

    @acting
    def save(project: str, held: Held, text: str, request: gr.Request) -> list[Any]:
        try:
            plan = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise gr.Error(f"This is no JSON: {error}", print_exception=False) from None
        chat, turn = Chat(desk.client(request), project), held["turn"]
        chat.edit(turn, plan)
        return _look(chat, turn["conversation"])

    @acting
    def export(project: str, held: Held, request: gr.Request) -> str:
        return Chat(desk.client(request), project).exported(held["turn"])

    where, looks = [parts.project, parts.held], parts.looks()
    on(parts.approve.click, approve, reads=where, fills=looks)
    on(parts.reject.click, reject, reads=[*where, parts.reason], fills=[parts.reason, *looks])
    on(parts.edit.click, edit, reads=[parts.held], fills=[parts.editor, parts.plan])
    on(parts.save.click, save, reads=[*where, parts.plan], fills=looks)
    on(parts.export.click, export, reads=where, fills=[parts.scenario])


def _said(
    chat: Chat, conversation: str, message: MessageIn, stays: list[Any]
) -> Iterator[list[Any]]:
    """Yield what fills the panel while a message is answered, and in the end."""
    text = message["message"]
    talk = conversation or chat.begin(text)
    turns = chat.turns(talk)
    known = gr.skip()
    if not conversation:
        choices = [("New conversation", ""), *chat.conversations()]
        known = gr.Dropdown(choices=choices, value=talk)
    yield [known, gr.MultimodalTextbox(value=None), log(turns, asked=text, doing="..."), *stays]
    try:
        for doing in chat.said(talk, message):
            yield [gr.skip(), gr.skip(), log(turns, asked=text, doing=doing), *stays]
    except ClientError as error:
        told, *card = _look(chat, talk)
        yield [gr.skip(), gr.skip(), told, failure(error), *card[1:]]
        return
    yield [gr.skip(), gr.skip(), *_look(chat, talk)]


def _look(chat: Chat, conversation: str, *, done: OutcomeOut | None = None) -> list[Any]:
    """Return what fills the panel: the conversation, and the plan of its last turn."""
    turns = chat.turns(conversation or None)
    card = _no_plan() if not turns else _card(chat, turns[-1], done)
    return [log(turns), *card]


def _card(chat: Chat, turn: TurnOut, done: OutcomeOut | None) -> list[Any]:
    judged = chat.judged(turn)
    if judged is None:
        return _no_plan(turn=turn)
    open_ = turn["status"] in OPEN
    held = {"turn": turn, "confirm": judged.confirm, "approval": judged.approval}
    label = "Run with this approval" if judged.granted else "Approve and run"
    can = gr.Button(interactive=open_)
    return [
        _told(judged, done), plan_card(judged.view), gr.Button(label, interactive=open_), can, can,
        gr.Group(visible=False), gr.Button(interactive=True), held,
    ]  # fmt: skip


def _told(judged: Judged, done: OutcomeOut | None) -> Html:
    """Say what came of the plan, or what it waits for."""
    if done is not None:
        return outcome_note(done)
    if judged.granted:
        return note("Others agreed to this very plan. It runs once you say so.", "good")
    if judged.approval is not None:
        return note(f"It waits for the approval of others ({judged.approval}).", "wait")
    if judged.confirm is not None:
        return note("It takes your confirmation: approving confirms the digest below.", "wait")
    return Html("")


def _no_plan(text: str | None = None, *, turn: TurnOut | None = None) -> list[Any]:
    card = empty_card() if text is None else empty_card(text)
    held = {} if turn is None else {"turn": turn, "confirm": None, "approval": None}
    off = gr.Button(interactive=False)
    exports = gr.Button(interactive=turn is not None and turn["proposal"] is not None)
    return ["", card, gr.Button("Approve and run", interactive=False), off, off,
            gr.Group(visible=False), exports, held]  # fmt: skip
