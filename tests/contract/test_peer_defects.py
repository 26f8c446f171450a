"""deepeval's ToolCorrectness shows the defects that GOALS lists, and the matcher does not.

Documentation by execution: should a release of deepeval mend one of them, the test that shows it
fails, and its line in the documentation goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harness.matching.alignment import align
from harness.matching.compiled import compile_plan
from harness.scenario import ExpectedPlan
from runtime.public import Step

Call = tuple[str, dict[str, Any]]


class Deepeval:
    """Score calls with deepeval's metric, offline."""

    def __init__(self) -> None:
        metrics = pytest.importorskip(
            "deepeval.metrics",
            reason="deepeval is not installed; `pip install plangate[eval]` un-skips this",
            exc_type=ImportError,
        )
        models = pytest.importorskip("deepeval.models")
        self.cases = pytest.importorskip("deepeval.test_case")
        self.metric = metrics.ToolCorrectnessMetric

        class Silent(models.DeepEvalBaseLLM):  # type: ignore[misc,name-defined]  # no types at hand
            """Be the model that the metric asks for and never uses."""

            def load_model(self) -> object:
                return self

            def generate(self, *_: object, **__: object) -> str:
                raise AssertionError("the metric is deterministic and asked a model")

            async def a_generate(self, *_: object, **__: object) -> str:
                raise AssertionError("the metric is deterministic and asked a model")

            def get_model_name(self) -> str:
                return "silent"

        self.model = Silent()

    def score(self, expected: Sequence[Call], actual: Sequence[Call], **options: object) -> float:
        """Return the metric's score."""
        metric = self.metric(model=self.model, async_mode=False, **options)
        value: float = metric.measure(
            self.cases.LLMTestCase(
                input="x",
                actual_output="y",
                tools_called=[self._call(*call) for call in actual],
                expected_tools=[self._call(*call) for call in expected],
            ),
            _show_indicator=False,
        )
        return value

    def _call(self, name: str, inputs: dict[str, Any]) -> object:
        return self.cases.ToolCall(name=name, input_parameters=inputs)


@pytest.fixture
def deepeval(monkeypatch: pytest.MonkeyPatch) -> Deepeval:
    """Import deepeval, without a key for any model."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return Deepeval()


def matches(expected: Sequence[Call], actual: Sequence[Call], *, mode: str = "exact") -> bool:
    """Ask the matcher."""
    steps = [{"action": name, "inputs": inputs} for name, inputs in expected]
    plan = compile_plan(ExpectedPlan.model_validate({"mode": mode, "steps": steps}))
    return align(plan, [Step(action=name, inputs=inputs) for name, inputs in actual]).matches


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("expected", "actual", "theirs", "right"),
    [
        pytest.param(
            [("refund", {"amount": 20})],
            [("refund", {"amount": 2000})],
            1.0,
            False,
            id="peer-01: wrong argument values",
        ),
        pytest.param(
            [("read", {})],
            [("read", {}), ("delete_all", {})],
            1.0,
            False,
            id="peer-02: an extra dangerous call",
        ),
        pytest.param(
            [("ping", {}), ("ping", {})],
            [("ping", {}), ("ping", {})],
            0.5,
            True,
            id="peer-03: a correct repeated call",
        ),
    ],
)
def test_default_metric_is_wrong_and_the_matcher_right(
    deepeval: Deepeval,
    expected: list[Call],
    actual: list[Call],
    theirs: float,
    right: bool,  # noqa: FBT001  # a column of the table
) -> None:
    """Its defaults pass unsafe plans and halve a right one."""
    assert deepeval.score(expected, actual) == theirs
    assert matches(expected, actual) is right


@pytest.mark.filterwarnings("ignore")
def test_metric_needs_a_key_to_compare_two_calls(deepeval: Deepeval) -> None:
    """peer-04: without a model it can't even be constructed; the matcher needs nothing."""
    with pytest.raises(Exception, match=r"(?i)api.?key"):
        deepeval.metric()
    assert matches([("read", {})], [("read", {})])


@pytest.mark.filterwarnings("ignore")
def test_even_the_strictest_metric_holds_true_equal_to_one(deepeval: Deepeval) -> None:
    """peer-09's kind: Python's equality decides there, JSON's here."""
    strict = {
        "evaluation_params": [deepeval.cases.ToolCallParams.INPUT_PARAMETERS],
        "should_exact_match": True,
    }
    expected, actual = [("set", {"enabled": True})], [("set", {"enabled": 1})]
    assert deepeval.score(expected, actual, **strict) == 1.0
    assert not matches(expected, actual)
