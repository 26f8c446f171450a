"""Ask the platform what the chat needs: a conversation's turns, and what a plan would come to."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from runtime.client import ClientError, Plangate, ProblemError
from runtime.client.documents.approvals import VotedApprovalOut
from runtime.client.documents.conversations import FileIn, MessageIn, TurnOut
from runtime.client.documents.kinds import Mode
from runtime.client.documents.shared import OutcomeOut, PlanIn
from runtime.entrypoints.console.chat_view import stage
from runtime.entrypoints.console.desk import first
from runtime.entrypoints.console.plan_card import PlanView, needs
from runtime.entrypoints.console.wording import CONFIRM

MOST_TURNS: Final = 100
OPEN: Final = frozenset({"proposed", "refused"})
_USUAL_MIME: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Hold a turn's plan with what executing it now would come to.

    Attributes:
        confirm: the digest that a confirmation has to name; None: it takes none.
        approval: the request that was made for it, which others granted or may grant yet.
    """

    view: PlanView
    confirm: str | None = None
    approval: str | None = None
    granted: bool = False


class Chat:
    """Talk in one project, as one person."""

    def __init__(self, client: Plangate, project: str) -> None:
        """Keep as whom, and where."""
        self._client = client
        self.project = project

    def conversations(self) -> list[tuple[str, str]]:
        """Return the person's own conversations, the newest first, as they are chosen."""
        found = first(self._client.conversations.list(self.project), 50)
        return [(item["title"] or f"Of {item['created_at'][:10]}", item["id"]) for item in found]

    def begin(self, message: str) -> str:
        """Begin a conversation, called after its first words."""
        title = " ".join(message.split())[:60]
        return self._client.conversations.create(self.project, title=title or None)["id"]

    def turns(self, conversation: str | None) -> list[TurnOut]:
        """Return what was said."""
        if conversation is None:
            return []
        return first(self._client.conversations.list_turns(self.project, conversation), MOST_TURNS)

    def said(self, conversation: str, message: MessageIn) -> Iterator[str]:
        """Say something, and yield what goes on until it is answered.

        Raises:
            ClientError: it is not answered; the turn that failed is stored, and says why.
        """
        say = self._client.conversations.say_stream
        with say(self.project, conversation, **message) as events:
            for event in events:
                told = orjson.loads(event.data)
                if event.kind == "error" and "turn" not in told:
                    raise problem_of(told)
                if "model" in told and "attempt" in told:
                    yield stage(event.kind, told["model"], told["attempt"])

    def judged(self, turn: TurnOut) -> Judged | None:
        """Return a turn's plan as its card shows it; None: it has none."""
        proposal = turn["proposal"]
        if proposal is None or proposal["kind"] != "plan":
            return None
        plan, titles = proposal["plan"], self._titles()
        if turn["status"] not in OPEN:
            outcome = self._outcome(turn["outcome"])
            return Judged(view=self._view(turn, plan, outcome=outcome, titles=titles))
        return self._foreseen(turn, plan, titles)

    def execute(self, turn: TurnOut, *, confirm: str | None, approval: str | None) -> OutcomeOut:
        """Execute a turn's plan."""
        return self._client.conversations.execute_turn(
            self.project, turn["conversation"], turn["id"], confirm=confirm, approval=approval
        )

    def reject(self, turn: TurnOut, *, reason: str) -> None:
        """Say no to it."""
        where = (self.project, turn["conversation"], turn["id"])
        self._client.conversations.reject_turn(*where, reason=reason)

    def edit(self, turn: TurnOut, plan: PlanIn) -> None:
        """Put a plan in the place of the model's."""
        where = (self.project, turn["conversation"], turn["id"])
        self._client.conversations.edit_turn(*where, plan=plan)

    def exported(self, turn: TurnOut) -> str:
        """Return it as a golden scenario."""
        where = (self.project, turn["conversation"], turn["id"])
        return self._client.conversations.export_turn(*where)["yaml"]

    def _foreseen(self, turn: TurnOut, plan: PlanIn, titles: dict[str, str]) -> Judged:
        """Simulate an open plan, with the consent that is there or that approving gives."""
        asked = self._asked(turn)
        approval = None if asked is None else asked["id"]
        outcome: OutcomeOut | None
        confirm = None
        try:
            outcome = self._client.plans.simulate(self.project, plan=plan, approval=approval)
            if needs(outcome) == CONFIRM:
                confirm = outcome["plan_digest"]
                outcome = self._client.plans.simulate(
                    self.project, plan=plan, approval=approval, confirm=confirm
                )
        except ProblemError:
            outcome = None  # who may not simulate sees the plan alone
        return Judged(
            view=self._view(turn, plan, outcome=outcome, titles=titles),
            confirm=confirm,
            approval=approval,
            granted=asked is not None and asked["status"] == "granted",
        )

    def _asked(self, turn: TurnOut) -> VotedApprovalOut | None:
        """Return what the turn's last execution asked others for, if it still counts."""
        outcome = self._outcome(turn["outcome"])
        approval = None if outcome is None else outcome.get("approval")
        if not approval:
            return None
        try:
            found = self._client.approvals.read(self.project, approval)
        except ProblemError:
            return None
        return found if found["status"] in {"pending", "granted"} else None

    def _view(
        self, turn: TurnOut, plan: PlanIn, *, outcome: OutcomeOut | None, titles: dict[str, str]
    ) -> PlanView:
        before = {} if outcome is None else self._components(outcome["before"]["version"])
        return PlanView(
            plan=plan,
            status=turn["status"],
            outcome=outcome,
            titles=titles,
            before=before,
            edited=turn["edited"],
        )

    def _titles(self) -> dict[str, str]:
        try:
            found = self._client.registry.read(self.project)
        except ClientError:
            return {}
        named = {str(item["id"]): str(item.get("title") or item["id"]) for item in found["actions"]}
        return {name.partition("@")[0]: title for name, title in named.items()} | named

    def _outcome(self, outcome: str | None) -> OutcomeOut | None:
        if outcome is None:
            return None
        try:
            return self._client.outcomes.read(self.project, outcome)
        except ClientError:
            return None

    def _components(self, version: int) -> object:
        try:
            return self._client.state.read(self.project, version=version)["components"]
        except ClientError:
            return {}


def message_of(text: str, files: list[str], mode: Mode | None) -> MessageIn:
    """Return what is sent; the files are read and removed from this machine's own folder."""
    message: MessageIn = {"message": text, "attachments": [_file(Path(name)) for name in files]}
    if mode is not None:
        message["mode"] = mode
    return message


def problem_of(document: dict[str, Any]) -> ProblemError:
    """Return a problem that came as an event."""
    return ProblemError(
        document,
        status=int(document.get("status", 500)),
        code=str(document.get("code", "internal")),
        detail=str(document.get("detail", "")),
        places=(),
        retry_after_s=None,
    )


def _file(path: Path) -> FileIn:
    body = path.read_bytes()
    path.unlink(missing_ok=True)
    mime = mimetypes.guess_type(path.name)[0] or _USUAL_MIME
    return {"name": path.name, "mime": mime, "base64": base64.b64encode(body).decode()}
