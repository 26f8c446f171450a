"""An address names what is asked: nothing more, nothing less, and says which part moved."""

from __future__ import annotations

import pytest

from harness.cassette.address import MOST_KEPT, Addresser
from runtime.public import ChatRequest, JsonValue, ToolSet
from tests.unit.harness.cassette.builders import SET_TOOL, a_request

TOLD = {
    "system": "the prompt changed",
    "tools": "the tools changed",
    "messages": "the message changed",
    "sampling": "temperature or max_tokens changed",
    "seed": "the trial's seed changed",
}
OTHER_SYSTEM = (
    {"role": "system", "content": "You plan well."},
    {"role": "user", "content": "Set it to 3."},
)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        pytest.param("system", a_request(messages=OTHER_SYSTEM), id="another prompt"),
        pytest.param("tools", a_request(tools=ToolSet(())), id="no tools"),
        pytest.param("messages", a_request("Set it to 4."), id="another message"),
        pytest.param("sampling", a_request(temperature=None), id="the provider's temperature"),
        pytest.param("sampling", a_request(max_tokens=10), id="a shorter answer"),
        pytest.param("seed", a_request(seed=8), id="another seed"),
        pytest.param("seed", a_request(seed=None), id="no seed"),
    ],
)
def test_a_changed_part_changes_the_address_and_is_named(part: str, other: ChatRequest) -> None:
    """Whoever reads of a stale recording knows what to look at."""
    addresser = Addresser("test/a")
    before, after = addresser.address(a_request()), addresser.address(other)

    (change,) = after.changes(before)

    assert after.whole != before.whole
    assert change.startswith(TOLD[part])


@pytest.mark.parametrize(
    "same",
    [
        pytest.param({"timeout_s": 1.0}, id="another patience"),
        pytest.param({"labels": {"scenario": "x"}}, id="other labels"),
        pytest.param({"tools": ToolSet((dict(reversed(SET_TOOL.items())),))}, id="order of keys"),
    ],
)
def test_what_no_provider_sees_is_not_in_the_address(same: dict[str, JsonValue]) -> None:
    """A recording holds whatever it was made under."""
    addresser = Addresser("test/a")

    assert addresser.address(a_request(**same)) == addresser.address(a_request())


def test_another_model_has_other_addresses() -> None:
    """One model's answers are never another's."""
    (change,) = (
        Addresser("test/a").address(a_request()).changes(Addresser("test/b").address(a_request()))
    )

    assert change == "the model reference changed"
    assert (
        Addresser("test/a").address(a_request()).whole
        != Addresser("test/b").address(a_request()).whole
    )


@pytest.mark.parametrize(
    "first",
    [
        pytest.param({"role": "user", "content": "You plan."}, id="no system text"),
        pytest.param({"role": "system", "content": [{"type": "text", "text": "x"}]}, id="parts"),
        pytest.param({"role": "system", "content": "You plan.", "name": "x"}, id="more fields"),
    ],
)
def test_a_first_message_of_another_form_is_addressed_whole(first: dict[str, JsonValue]) -> None:
    """Nothing of it is left out."""
    addresser = Addresser("test/a")
    usual = a_request()
    other = a_request(messages=(first, *usual.messages[1:]))
    without = a_request(messages=usual.messages[1:])

    wholes = {addresser.address(item).whole for item in (usual, other, without)}

    assert len(wholes) == 3


def test_what_is_kept_of_repeated_texts_is_bounded() -> None:
    """A long run does not fill the memory, and forgetting changes no address."""
    addresser = Addresser("test/a")
    before = addresser.address(a_request())
    for number in range(MOST_KEPT + 1):
        addresser.address(
            a_request(messages=({"role": "system", "content": f"{number}"},), tools=ToolSet(()))
        )

    assert len(addresser._texts) <= MOST_KEPT  # noqa: SLF001  # the bound is on what is kept
    assert addresser.address(a_request()) == before
