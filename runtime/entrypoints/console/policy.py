"""What-if of policy: how decisions of the past would turn out under rules that are not in force."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from runtime.client.documents.policies import PolicySimulationOut
from runtime.entrypoints.console.desk import Desk, acting, on, shown
from runtime.entrypoints.console.markup import Html, chip, document, joined, note, pairs, table
from runtime.entrypoints.console.wording import NO_PROJECT

FLIPS: Final = {"Action": "id", "By": "id", "Times": "num", "Before": "", "After": ""}
SAMPLE: Final = """package tenant.project

import rego.v1

deny contains {"message": "more than 100 is not for us", "remedy": "set less"} if {
    input.action.name == "counter.set"
    input.inputs.value > 100
}
"""


def panel(desk: Desk, project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the panel."""
    active = gr.HTML(elem_id="pg-active-policy")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=340):
            level = gr.Radio(["project", "organization"], value="project", label="In place of")
            text = gr.Code(SAMPLE, label="Rules, in Rego", lines=14, elem_id="pg-rego")
            replay = gr.Button("What if?", variant="primary", elem_id="pg-whatif")
        with gr.Column(scale=5, min_width=340):
            found = gr.HTML(elem_id="pg-flips")

    def show(project: str | None, request: gr.Request) -> Html:
        if not project:
            return note(NO_PROJECT)
        client = desk.client(request)
        return shown(lambda: document(client.policies.read_active_project_policy(project)))

    @acting
    def what_if(project: str, level: Any, text: str, request: gr.Request) -> Html:  # noqa: ANN401  # a choice
        client = desk.client(request)
        return simulation_view(
            client.policies.simulate(
                project, level=level, modules=[{"path": "what_if.rego", "text": text}]
            )
        )

    on(tab.select, show, reads=[project], fills=[active])
    on(replay.click, what_if, reads=[project, level, text], fills=[found])


def simulation_view(found: PolicySimulationOut) -> Html:
    """Return how many decisions would change, and which."""
    counts = pairs(
        {
            "Decisions replayed": found["decisions"],
            "Newly denied": found["newly_denied"],
            "Newly allowed": found["newly_allowed"],
            "Otherwise different": found["changed"],
        }
    )
    rows = [
        (item["action"], item["principal"], item["times"], _answer(item["before"]),
         _answer(item["after"]))
        for item in found["flips"]
    ]  # fmt: skip
    return joined((counts, table(FLIPS, rows, empty="Every decision would be the same.")))


def _answer(answer: Any) -> Html:  # noqa: ANN401  # as the API spells it
    allowed = bool(answer.get("allow"))
    return chip("allowed" if allowed else "denied", "good" if allowed else "bad")
