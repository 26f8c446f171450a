"""The offline judge reads the prompt of every judge, and looks at words alone."""

from __future__ import annotations

import orjson
import pytest

from harness.models.keyword_judge import KeywordJudge
from runtime.public import ChatRequest, ModelError, canonical_text

SETTING = {
    "answer": "clarification",
    "context": "There are two halls, north and south.",
    "right answers": "a question about thermostat",
}


def prompted(text: str, answer: str = "clarification") -> ChatRequest:
    """Build the part of a judge's prompt that it looks for."""
    setting = canonical_text({**SETTING, "answer": answer})
    content = f"Test Case:\nInput:\n{setting} \n\nActual Output:\n{canonical_text(text)} \n\nEnd"
    return ChatRequest(messages=({"role": "user", "content": content},))


@pytest.mark.parametrize(
    ("text", "answer", "score"),
    [
        pytest.param("North or south?", "clarification", 8, id="names the candidates"),
        pytest.param("North or south.", "clarification", 2, id="no question"),
        pytest.param("North or south.", "decline", 8, id="a decline need not ask"),
        pytest.param("Which one?", "clarification", 2, id="names nothing"),
        pytest.param("Are you sure about the north?", "clarification", 2, id="an empty phrase"),
    ],
)
async def test_words_decide(text: str, answer: str, score: int) -> None:
    """Weak on purpose, and always the same."""
    found = await KeywordJudge().answer("keyword-judge", prompted(text, answer), {})

    document = orjson.loads(found.text)
    assert document["score"] == score
    assert document["reason"]
    assert found.cost_micros == 0


async def test_another_prompt_has_no_answer() -> None:
    """It is no planner."""
    request = ChatRequest(messages=({"role": "user", "content": "Set the counter to 3."},))

    with pytest.raises(ModelError, match="no prompt of a judge"):
        await KeywordJudge().answer("keyword-judge", request, {})


async def test_options_are_refused() -> None:
    """There is nothing to choose."""
    with pytest.raises(ValueError, match="takes no options, got rate"):
        await KeywordJudge().answer("keyword-judge", prompted("x"), {"rate": "1"})
