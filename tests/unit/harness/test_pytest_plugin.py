"""The plugin is silent until a model is named; then scenario files become items."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SCENARIOS = """\
environment: counter
scenarios:
  - id: set-to-three
    reason: A number is set as it was said.
    when: {message: Set the counter to 3.}
    expect: {plan: {steps: [{action: counter.set, inputs: {value: 3}}]}}
  - id: weather
    reason: Other people's business is declined.
    when: {message: What is the weather like?}
    expect: {decline: true}
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Make a user's project with scenarios, rules and a strict configuration."""
    folder = pytester.mkdir("scenarios")
    (folder / "counter.yaml").write_text(SCENARIOS, encoding="utf-8")
    (folder / "gate.yaml").write_text("max_drop: 0.02\n", encoding="utf-8")
    (folder / "notes.txt").write_text("no scenario", encoding="utf-8")
    pytester.makeini(
        "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"
    )
    return pytester


def run_in(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in a new process with our plugin, and with nothing that costs time."""
    return project.runpytest_subprocess(
        "-p", "no:deepeval", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments, timeout=55
    )


def test_without_the_option_nothing_is_collected(project: pytest.Pytester) -> None:
    """A folder of scenarios is left alone, and no module of the harness is imported."""
    project.makeconftest(
        "import sys\n"
        "def pytest_terminal_summary(terminalreporter):\n"
        "    ours = ('harness', 'runtime')\n"
        "    loaded = sorted(name for name in sys.modules if name.startswith(ours))\n"
        "    terminalreporter.write_line(f'loaded: {loaded}')\n"
    )

    result = run_in(project, "scenarios")

    result.stdout.fnmatch_lines(["loaded: ['harness', 'harness.pytest_plugin']"])
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_help_tells_the_options(project: pytest.Pytester) -> None:
    """Whoever asks pytest learns how to name a model."""
    run_in(project, "--help").stdout.fnmatch_lines(["*--plangate-model=MODEL*"])


def test_each_scenario_is_an_item_for_each_model(project: pytest.Pytester) -> None:
    """Two scenarios and two models are four items; the rules file is none."""
    result = run_in(
        project, "scenarios", "--collect-only", "-q",
        "--plangate-model", "plangate/oracle", "--plangate-model", "plangate/keyword",
    )  # fmt: skip

    found = [line for line in result.outlines if "::" in line]
    assert found == [
        f"scenarios/counter.yaml::{scenario}[plangate/{model}]"
        for scenario in ("set-to-three", "weather")
        for model in ("oracle", "keyword")
    ]


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        pytest.param(("scenarios",), 2, id="a folder"),
        pytest.param(("scenarios/counter.yaml::weather[plangate/oracle]",), 1, id="a node id"),
        pytest.param(("scenarios", "-k", "three"), 1, id="a word of the name"),
    ],
)
def test_the_oracle_passes_where_warnings_are_errors(
    project: pytest.Pytester, arguments: tuple[str, ...], passed: int
) -> None:
    """What a model's library warns about never fails a scenario."""
    result = run_in(project, *arguments, "--plangate-model", "plangate/oracle")

    assert result.parseoutcomes()["passed"] == passed
    assert result.ret == pytest.ExitCode.OK


def test_a_bad_file_is_a_collection_error_with_its_line(project: pytest.Pytester) -> None:
    """The place of the fault is told, and the good file's scenarios are not hidden by it."""
    bad = project.path / "scenarios" / "bad.yaml"
    bad.write_text("environment: counter\nscenarios:\n  - id: 3\n", encoding="utf-8")

    result = run_in(project, "scenarios", "--plangate-model", "plangate/oracle")

    result.stdout.fnmatch_lines(["*scenarios/bad.yaml:3: *"])
    assert result.parseoutcomes()["errors"] == 1
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize("model", ["plangate/unknown", "plangate/oracle?rate=1"])
def test_a_model_that_can_not_be_opened_is_a_collection_error(
    project: pytest.Pytester, model: str
) -> None:
    """The reference is named, without a traceback."""
    result = run_in(project, "scenarios", "--plangate-model", model)

    result.stdout.fnmatch_lines([f"*model '{model.partition('?')[0]}': *"])
    assert result.ret == pytest.ExitCode.INTERRUPTED
