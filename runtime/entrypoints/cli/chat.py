"""Declare `plangate chat`: talk to the agent of a project, and decide about what it proposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
import typer

from runtime.client.documents.conversations import TurnOut
from runtime.client.documents.shared import OutcomeOut
from runtime.entrypoints.cli.client import REFUSED, Document, plain
from runtime.entrypoints.cli.console import Api, whole_command
from runtime.entrypoints.cli.naming import project_id
from runtime.entrypoints.cli.outcomes import CONFIRMATION, outcome_lines

app = typer.Typer(
    name="chat",
    subcommand_metavar="",
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

_SAID: Final = {
    "asking": "asking {model}",
    "repairing": "{model} is asked to mend its answer",
    "falling_back": "asking {model} instead",
}
Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [the demo of `plangate dev`]"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """Hold with whom is talked, and whether plans are executed without asking."""

    api: Api
    project: str
    conversation: str
    yes: bool


@whole_command(app)
def chat(
    api: Api,
    *,
    project: Project = None,
    once: Annotated[
        str | None, typer.Option(metavar="MESSAGE", help="Say this, and end with its outcome.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Confirm and execute what is proposed, unasked.")
    ] = False,
) -> None:
    """Talk to the agent of a project: see what it proposes and would change, then decide.

    Nothing is executed before you say so. Without --once it goes on until the input ends.
    """
    where = project_id(api, project)
    made = api.platform.conversations.create(where)
    talk = _Talk(api=api, project=where, conversation=made["id"], yes=yes)
    if once is None:
        for message in _messages():
            _answered(talk, message)
        return
    if not _answered(talk, once):
        raise typer.Exit(REFUSED)


def _messages() -> Iterator[str]:
    """Read what a person says until the input ends."""
    while True:
        try:
            yield typer.prompt("you", err=True)
        except typer.Abort:
            return


def _answered(talk: _Talk, message: str) -> bool:
    """Say something, show the answer, and see to its plan; return whether a plan was executed."""
    turn = _said(talk, message)
    if turn is None:
        return False
    proposal: Any = turn["proposal"]
    if proposal is None or proposal["kind"] != "plan":
        _show(talk, turn, None, lines=_spoken(proposal))
        return False
    simulated = talk.api.platform.conversations.simulate_turn(
        talk.project, talk.conversation, turn["id"]
    )
    if not talk.api.as_json:
        typer.echo("\n".join([*_steps(proposal), "it would come to", *outcome_lines(simulated)]))
    if not (talk.yes or typer.confirm("execute it?", err=True)):
        talk.api.platform.conversations.reject_turn(talk.project, talk.conversation, turn["id"])
        talk.api.say("rejected; nothing was done")
        return False
    outcome = _executed(talk, turn, simulated)
    _show(talk, turn, outcome, lines=list(outcome_lines(outcome)))
    return outcome["status"] == "done"


def _said(talk: _Talk, message: str) -> TurnOut | None:
    """Say something and follow how it is answered; None where there is no proposal."""
    conversations = talk.api.platform.conversations
    with conversations.say_stream(talk.project, talk.conversation, message=message) as events:
        for event in events:
            told = orjson.loads(event.data)
            if event.kind == "proposal":
                turn: TurnOut = told
                return turn
            if event.kind == "error":
                talk.api.say(plain(f"no proposal: {told['detail']}"))
            elif event.kind in _SAID:
                talk.api.say(plain(_SAID[event.kind].format(model=told["model"])))
    return None


def _executed(talk: _Talk, turn: TurnOut, simulated: OutcomeOut) -> OutcomeOut:
    """Execute a turn's plan; who saw it and said yes has confirmed that very plan."""
    codes = {step["refusal"]["code"] for step in simulated["steps"] if step["refusal"]}
    confirm = simulated["plan_digest"] if CONFIRMATION in codes else None
    return talk.api.platform.conversations.execute_turn(
        talk.project, talk.conversation, turn["id"], confirm=confirm
    )


def _show(talk: _Talk, turn: TurnOut, outcome: OutcomeOut | None, *, lines: list[str]) -> None:
    if talk.api.as_json:
        talk.api.print_json({"turn": turn, "outcome": outcome})
    else:
        typer.echo("\n".join(lines))


def _steps(proposal: Document) -> list[str]:
    return [
        plain(f"{number}. {step['action']} {orjson.dumps(step['inputs']).decode()}")
        for number, step in enumerate(proposal["plan"]["steps"], start=1)
    ]


def _spoken(proposal: Document | None) -> list[str]:
    """Say what the agent asks, or why it says no."""
    if proposal is None:
        return ["no proposal"]
    if proposal["kind"] == "decline":
        return [plain(proposal["reason"])]
    return [plain(proposal["question"]), *(plain(f"- {item}") for item in proposal["choices"])]
