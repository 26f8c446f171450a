"""Show a plan before it runs: its steps, what they would change and cost, and who refuses what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runtime.client.documents.shared import OutcomeOut, PlanIn, Refusal, Step, StepOutcome
from runtime.entrypoints.console.changes import MISSING, changes
from runtime.entrypoints.console.markup import Html, chip, element, joined, note, pairs, value
from runtime.entrypoints.console.wording import APPROVE, CONFIRM, GUARDS, STEP_WORDS

EMPTY: Final = "A plan that the agent proposes appears here, before anything of it runs."
_HEADLINES: Final = {
    "proposed": ("Proposed plan", "waits for you", "wait"),
    "refused": ("Proposed plan", "was refused, nothing changed", "bad"),
    "executed": ("Executed plan", "executed", "good"),
    "rejected": ("Rejected plan", "rejected", "plain"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """Hold what a card shows.

    Attributes:
        status: of the turn.
        outcome: what executing it now would come to, or what came of it.
        titles: of actions, by id with and without version.
        before: the components of the state before the first step.
        edited: a person replaced the model's plan.
    """

    plan: PlanIn
    status: str
    outcome: OutcomeOut | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    before: object = MISSING
    edited: bool = False


def plan_card(view: PlanView) -> Html:
    """Return the card of a plan."""
    title, state, kind = _HEADLINES.get(view.status, ("Plan", view.status, "plain"))
    head = [element("h3", title), chip(state, kind)]
    if view.edited:
        head.append(chip("edited by a person"))
    steps = element("ol", *_steps(view), class_="pg-steps")
    parts = [element("div", *head, class_="pg-card-head"), steps]
    if view.outcome is not None:
        parts.append(_foot(view.outcome))
    return element("section", *parts, class_="pg-card", aria_label=title)


def empty_card(text: str = EMPTY) -> Html:
    """Return what stands where there is no plan."""
    return element("div", text, class_="pg-empty")


def needs(outcome: OutcomeOut) -> str | None:
    """Return what an outcome waits for: a confirmation, an approval, or nothing that helps."""
    code = None if outcome["refusal"] is None else outcome["refusal"]["code"]
    return code if code in {CONFIRM, APPROVE} else None


def _steps(view: PlanView) -> Iterator[Html]:
    told = [] if view.outcome is None else view.outcome["steps"]
    for number, step in enumerate(view.plan["steps"]):
        yield _step(view, step, told[number] if number < len(told) else None, number + 1)


def _step(view: PlanView, step: Step, told: StepOutcome | None, number: int) -> Html:
    action = str(step["action"])
    named = view.titles.get(told["action"] if told else action) or view.titles.get(action, action)
    head = [
        element("span", number, class_="pg-number"),
        element("b", named),
        element("span", told["action"] if told else action, class_="pg-action"),
    ]
    parts: list[Html] = []
    if told is not None:
        word, kind = STEP_WORDS.get(told["status"], (told["status"], "plain"))
        executed = view.status == "executed" and told["status"] == "done"
        head.append(chip("done" if executed else word, kind))
    inputs = step.get("inputs") or {}
    if inputs:
        parts.append(_part("Inputs", pairs({name: value(item) for name, item in inputs.items()})))
    if told is not None:
        parts.extend(_told(view, told))
    return element("li", element("div", *head, class_="pg-step-head"), *parts)


def _told(view: PlanView, told: StepOutcome) -> Iterator[Html]:
    refusal = told.get("refusal")
    if told["status"] == "done":
        diff = told.get("diff", [])
        yield _part("Changes", changes(diff, view.before if told["index"] == 0 else MISSING))
        effects = told.get("side_effects", [])
        if effects:
            yield _part("Side effects afterwards", joined(chip(name) for name in effects))
    if refusal is not None:
        yield refusal_view(refusal)
    if told["status"] == "done":
        yield element("div", _guards(None), class_="pg-part")
    elif told["status"] == "refused":
        yield _part("Guards", _guards(refusal))


def refusal_view(refusal: Refusal) -> Html:
    """Return why something is refused, and what would make it pass."""
    waits = refusal["code"] in {CONFIRM, APPROVE}
    lines = [
        element("div", element("b", refusal["code"]), " by ", refusal["guard"]),
        element("div", "Expected: ", refusal["expected"]),
    ]
    if refusal.get("found") is not None:
        lines.append(element("div", "Found: ", value(refusal.get("found"))))
    lines.append(element("div", "To pass: ", refusal["remedy"]))
    return element("div", *lines, class_=f"pg-refusal{' pg-wait' if waits else ''}")


def _guards(refusal: Refusal | None) -> Html:
    items = []
    stopped = None if refusal is None else refusal["guard"]
    for name, told in GUARDS.items():
        if name == stopped:
            items.append(element("li", chip(f"✗ {told}", "bad")))
            break
        items.append(element("li", chip(f"✓ {told}", "good")))
    if stopped is not None and stopped not in GUARDS:
        items = [element("li", chip(f"✗ {stopped}", "bad"))]
    listed = element("ul", *items, class_="pg-guards")
    if stopped is not None:
        return listed
    passed = element("summary", f"All {len(items)} guards pass")
    return element("details", passed, listed, class_="pg-guards-fold")


def _part(title: str, inner: Html) -> Html:
    return element("div", element("h4", title), inner, class_="pg-part")


def _foot(outcome: Mapping[str, Any] | OutcomeOut) -> Html:
    before, after = outcome["before"]["version"], outcome["after"]["version"]
    moved = f"version {before}" if before == after else f"version {before} → {after}"
    return element(
        "div",
        element("span", f"Cost {outcome['cost']} units"),
        element("span", f"State {moved}"),
        element("span", "Digest ", element("code", outcome["plan_digest"][:23], "…")),
        class_="pg-card-foot",
    )


def outcome_note(outcome: OutcomeOut) -> Html:
    """Return in a sentence what came of an execution."""
    if outcome["status"] == "done":
        version = outcome["after"]["version"]
        return note(f"Executed. The state is at version {version}; cost {outcome['cost']}.", "good")
    refusal = outcome["refusal"]
    why = outcome["status"] if refusal is None else f"{refusal['code']}: {refusal['remedy']}"
    waits = outcome.get("approval")
    if waits:
        return note(f"It waits for the approval of others ({waits}). {why}", "wait")
    return note(f"Not executed. {why}", "bad")
