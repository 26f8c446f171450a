"""Tests of reading payloads and giving back results."""

from typing import Annotated

import pytest
from pydantic import Field, InstanceOf

from runtime.kit.json_value import JsonObject, JsonValue
from runtime.plugins.stdlib.effects.payloads import (
    NEWER_RELEASE_S,
    Payload,
    SecretReference,
    read_payload,
    result_of,
)
from runtime.ports.effect_failure import PermanentError, RetryableError
from tests.effects import a_call


class Sample(Payload):
    """A payload with a secret and a text."""

    text: Annotated[str, Field(max_length=20)] = ""
    key: InstanceOf[SecretReference] | str = ""
    keys: tuple[InstanceOf[SecretReference], ...] = ()


def test_inputs_are_filled_in() -> None:
    """What the action was executed with stands where the declaration points."""
    assert read_payload(Sample, a_call({"text": {"input": "/mail"}})).text == "ann@example.com"


def test_a_declared_secret_is_a_reference() -> None:
    """The value is not there: only the name is."""
    payload = read_payload(Sample, a_call({"key": {"secret": "crm", "prefix": "Bearer "}}))

    assert payload.key == SecretReference(secret="crm", prefix="Bearer ")  # noqa: S106  # a name


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"key": {"input": "/evil"}}, id="in a place for secrets"),
        pytest.param({"keys": [{"input": "/evil"}]}, id="in a list of them"),
        pytest.param({"text": {"input": "/evil"}}, id="elsewhere"),
        pytest.param({"input": "/all"}, id="as the whole"),
    ],
)
def test_an_input_can_not_name_a_secret(payload: JsonObject) -> None:
    """Whoever proposes inputs decides nothing about secrets."""
    evil: JsonValue = {"secret": "crm"}
    call = a_call(payload, inputs={"evil": evil, "all": {"key": evil}})

    with pytest.raises(PermanentError, match="can't be used"):
        read_payload(Sample, call)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"text": "hunter2" * 9}, "text: String should have at most"),
        ({"other": "hunter2", "text": 1}, "other: Extra inputs"),
        ({"key": {"secret": "HUNTER2"}}, "reference to a secret"),
        ({"key": {"secret": 1}}, "reference to a secret"),
        ({"key": {"secret": "a", "prefix": "x" * 65}}, "reference to a secret"),
        ({"text": {"secret": "a"}}, "text: Input should be a valid string"),
        ({"key": {"secret": "a", "other": "b"}}, "key"),
    ],
)
def test_a_payload_of_another_form_is_final_and_not_repeated(
    payload: JsonObject, problem: str
) -> None:
    """The declaration is wrong; what it holds stays out of the message."""
    with pytest.raises(PermanentError, match=problem) as raised:
        read_payload(Sample, a_call(payload))

    assert "hunter2" not in raised.value.reason


def test_members_of_a_newer_release_wait_for_it() -> None:
    """While workers are replaced one by one, a job of the new release finds an old one."""
    with pytest.raises(RetryableError, match=r"other: Extra inputs .* newer release") as raised:
        read_payload(Sample, a_call({"text": "a", "other": "hunter2"}))

    assert raised.value.after_s == NEWER_RELEASE_S
    assert "hunter2" not in raised.value.reason


def test_depth_is_bounded() -> None:
    """A payload that nests without end is refused."""
    deep: JsonValue = "x"
    for _ in range(40):
        deep = [deep]

    with pytest.raises(PermanentError, match="deeper"):
        read_payload(Sample, a_call({"text": deep}))


def test_nothing_is_written_back_unless_declared() -> None:
    """A result is a document for people first."""
    call = a_call({})

    result = result_of({"status": 200}, read_payload(Sample, call), call)

    assert (result.document, result.write_back) == ({"status": 200}, None)


def test_what_is_written_back_is_put_together_from_inputs_and_answer() -> None:
    """The inputs of the writing action are as declared, and nothing in them is read again."""
    call = a_call(
        {"write_back": {"id": {"input": "/id"}, "text": {"answer": "/text"}, "n": 1}},
        inputs={"id": {"answer": "/secret"}},
    )

    result = result_of({"text": {"input": "/id"}}, read_payload(Sample, call), call)

    assert result.write_back == {"id": {"answer": "/secret"}, "text": {"input": "/id"}, "n": 1}


def test_a_result_without_what_should_be_written_back_is_final() -> None:
    """The other side answered something else than was declared."""
    call = a_call({"write_back": {"text": {"answer": "/text"}}})

    with pytest.raises(PermanentError, match="answer has nothing at '/text'"):
        result_of({}, read_payload(Sample, call), call)
