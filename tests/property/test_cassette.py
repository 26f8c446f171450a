"""Laws of cassettes: what is recorded comes back, in the same bytes, without what is secret."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cassette.address import Addresser
from harness.cassette.redaction import presentable, presentable_arguments
from harness.cassette.shelf import Shelf
from harness.cassette.tape import Call, line_of, read_line
from harness.trial import TrialKey
from runtime.public import ChatRequest, Completion, JsonValue, TokenUsage, ToolCall

TEXTS = st.text(alphabet=st.characters(), max_size=30)
CREDENTIALS = st.from_regex(r"sk-[A-Za-z0-9_]{16,30}", fullmatch=True)
COUNTS = st.integers(0, 2**40)
COMPLETIONS = st.builds(
    Completion,
    text=TEXTS,
    tool_calls=st.lists(st.builds(ToolCall, id=TEXTS, name=TEXTS, arguments=TEXTS), max_size=3).map(
        tuple
    ),
    finish_reason=TEXTS,
    usage=st.builds(TokenUsage, prompt=COUNTS, completion=COUNTS, cached=COUNTS),
    cost_micros=st.none() | COUNTS,
    model=TEXTS,
    refusal=TEXTS,
)
PLAIN = st.text(alphabet="abc de.", max_size=6)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=6,
)


def recorded(completion: Completion, *, scenario: str = "a", index: int = 0) -> Call:
    """Build a call with a completion as a model gives it."""
    request = ChatRequest(messages=({"role": "user", "content": scenario},), seed=index)
    return Call(
        key=TrialKey(scenario=scenario, model="test/a", index=index),
        position=0,
        address=Addresser("test/a").address(request),
        completion=presentable(completion),
        latency_s=0.5,
    )


@given(COMPLETIONS)
def test_any_completion_comes_back_from_its_line(completion: Completion) -> None:
    """Half characters and control characters neither break a line nor change on the way."""
    call = recorded(completion)
    line = line_of(call.document())

    assert Call.from_document(read_line(line)) == call
    assert line_of(Call.from_document(read_line(line)).document()) == line
    assert line.count(b"\n") == 1


@given(COMPLETIONS)
def test_what_is_presentable_stays_as_it_is(completion: Completion) -> None:
    """A resumed run records the same bytes as the first."""
    once = presentable(completion)

    assert presentable(once) == once


@given(DOCUMENTS, CREDENTIALS)
def test_arguments_that_are_json_stay_json_without_the_credential(
    document: JsonValue, credential: str
) -> None:
    """Only the value with the credential is another one."""
    written = json.dumps({"kept": document, "note": f"use {credential} now"})

    assert json.loads(presentable_arguments(written)) == {
        "kept": document,
        "note": "use [redacted] now",
    }


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 2), COMPLETIONS),
        min_size=1,
        max_size=6,
        unique_by=lambda item: item[:2],
    ),
    st.randoms(use_true_random=False),
)
def test_a_shelf_holds_what_was_recorded_in_any_order_and_any_portions(
    items: list[tuple[str, int, Completion]], random: Random
) -> None:
    """Recording at once and recording piece by piece make the same files."""
    calls = [recorded(answer, scenario=name, index=index) for name, index, answer in items]
    environments, native_tools = dict.fromkeys("abc", "e"), {"test/a": True}
    with tempfile.TemporaryDirectory() as folder:
        whole, pieces = Shelf(Path(folder) / "whole"), Shelf(Path(folder) / "pieces")
        whole.merge(calls, environments=environments, native_tools=native_tools)
        for call in random.sample(calls, len(calls)):
            pieces.merge([call], environments=environments, native_tools=native_tools)

        files = [shelf.folder / "test-a" / "e.jsonl" for shelf in (whole, pieces)]
        assert files[0].read_bytes() == files[1].read_bytes()
        found = Shelf(whole.folder).trials("test/a")
    assert found == {(call.key.scenario, call.key.index): (call,) for call in calls}
