"""A proposal is one of three documents, told apart by its kind."""

import pytest
from pydantic import TypeAdapter, ValidationError

from runtime.domain.proposal import Clarification, Decline, PlanProposal, Proposal
from runtime.kit.json_value import JsonObject
from tests.builders import a_plan

READ: TypeAdapter[Proposal] = TypeAdapter(Proposal)


@pytest.mark.parametrize(
    "proposal",
    [
        pytest.param(PlanProposal(plan=a_plan(), message="Done."), id="plan"),
        pytest.param(Clarification(question="Which?", choices=("a", "b")), id="clarification"),
        pytest.param(Decline(reason="Not mine."), id="decline"),
    ],
)
def test_a_proposal_survives_the_wire(proposal: Proposal) -> None:
    """What is written is read back as the same kind."""
    assert READ.validate_json(READ.dump_json(proposal)) == proposal


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"kind": "execute", "plan": {"steps": []}}, id="another kind"),
        pytest.param({"kind": "decline", "reason": ""}, id="no reason"),
        pytest.param({"kind": "clarification", "question": ""}, id="no question"),
        pytest.param({"kind": "decline", "reason": "x", "confirmed": True}, id="something more"),
    ],
)
def test_a_malformed_proposal_is_refused(document: JsonObject) -> None:
    """Nothing beyond the declared fields is read."""
    with pytest.raises(ValidationError):
        READ.validate_python(document)
