"""Show a conversation: what was said, what was answered, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from runtime.client.documents.conversations import AttachmentOut, TurnOut
from runtime.entrypoints.console.markup import Html, chip, element
from runtime.entrypoints.console.wording import STAGES, TURN_KINDS, money

BEGIN: Final = "Say what you want done. Nothing runs before you approve it."
ERASED: Final = "This text is not kept."


def log(turns: Sequence[TurnOut], *, asked: str | None = None, doing: str | None = None) -> Html:
    """Return a conversation, with what is being asked now.

    Args:
        turns: in their order.
        asked: the message that is not answered yet.
        doing: what is going on meanwhile.
    """
    lines = [line for turn in turns for line in _turn(turn)]
    if asked is not None:
        lines.append(element("div", asked, class_="pg-said"))
    if doing is not None:
        lines.append(element("div", doing, class_="pg-answered pg-busy", role="status"))
    if not lines:
        lines.append(element("div", BEGIN, class_="pg-empty"))
    return element(
        "div",
        element("div", *lines),
        class_="pg-log",
        role="log",
        aria_label="Conversation",
        tabindex="0",
    )


def stage(kind: str, model: str, attempt: int) -> str:
    """Say what goes on while a model is asked.

    >>> stage("asking", "plangate/keyword", 1)
    'asking plangate/keyword'
    """
    again = f" (attempt {attempt})" if attempt > 1 else ""
    return f"{STAGES.get(kind, kind)} {model}{again}"


def _turn(turn: TurnOut) -> Iterator[Html]:
    message = ERASED if turn["message"] is None else turn["message"]
    yield element("div", message, _files(turn["attachments"]), class_="pg-said")
    yield element("div", _answer(turn), _choices(turn), _meta(turn), class_="pg-answered")


def _files(files: Sequence[AttachmentOut]) -> Html:
    chips = (f"{item['name']} · {item['mime']} · {item['size_bytes']:,} bytes" for item in files)
    return element("div", *map(chip, chips), class_="pg-files") if files else Html("")


def _answer(turn: TurnOut) -> str:
    proposal = turn["proposal"]
    if proposal is None:
        problems = "; ".join(item["detail"] for item in turn["problems"])
        return problems or ("Being answered ..." if turn["status"] == "asking" else ERASED)
    if proposal["kind"] == "clarification":
        return proposal["question"]
    if proposal["kind"] == "decline":
        return proposal["reason"]
    steps = len(proposal["plan"]["steps"])
    told = f"I propose a plan of {steps} step{'s' if steps != 1 else ''}."
    return proposal.get("message") or told


def _choices(turn: TurnOut) -> Html:
    proposal = turn["proposal"]
    if proposal is None or proposal["kind"] != "clarification":
        return Html("")
    return element("div", *map(chip, proposal.get("choices", ())), class_="pg-files")


def _meta(turn: TurnOut) -> Html:
    parts: list[object] = []
    proposal = turn["proposal"]
    if proposal is None or proposal["kind"] == "plan":
        parts.append(chip(turn["status"], TURN_KINDS.get(turn["status"], "plain")))
    if turn["edited"]:
        parts.append(chip("edited"))
    if turn["dropped"]:
        parts.append(chip(f"ignored: {', '.join(turn['dropped'])}", "wait"))
    if turn["model"]:
        tokens = turn["usage"]["prompt"] + turn["usage"]["completion"]
        price = "" if turn["cost_micros"] is None else f" · {money(turn['cost_micros'])}"
        parts.append(element("span", f"{turn['model']} · {tokens} tokens{price}"))
    return element("div", *parts, class_="pg-meta")
