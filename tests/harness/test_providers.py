"""Run against a provider that answers, stumbles, stalls and lies; no answer ends a run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.results import RESULTS, read_records
from harness.trial import TrialRecord, TrialStatus
from tests.harness.command import Ran, ended, eval_run, started
from tests.harness.provider import BROKEN_TEXT, HELD, LIMITED, Provider, provider
from tests.worlds import a_world

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

TRANSPORTS = ("litellm", "http")
QUICK = "&retries=0"
MODELS = {
    "echo": "",
    "unknown-tool": QUICK,
    "broken-arguments": QUICK,
    "thousand-calls": QUICK,
    "too-many-calls": QUICK,
    "empty": QUICK,
    "refusal": QUICK,
    "text": QUICK,
    BROKEN_TEXT: QUICK,
    "status-500": QUICK,
    "broken-json": QUICK,
    "drop": QUICK,
    "hang": QUICK + "&timeout_s=0.5",
}
ONE_CASE = """\
environment: counter
scenarios:
  - id: counter-set-three
    reason: The smallest plan there is.
    when: {message: '[{"name": "counter_set", "arguments": {"value": 3}}]'}
    expect: {plan: {steps: [{action: counter.set, inputs: {value: 3}}]}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Hold a run and its trials by transport and model."""

    ran: Ran
    trials: dict[tuple[str, str], TrialRecord]


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    """Serve for the whole module."""
    with provider() as stub:
        yield stub


@pytest.fixture(scope="module")
def tried(server: Provider, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """Ask every model over both transports, in one run."""
    folder = tmp_path_factory.mktemp("providers")
    named = {
        f"openai/{model}?transport={transport}&api_base={server.base}{options}": (transport, model)
        for transport in TRANSPORTS
        for model, options in (*MODELS.items(), (f"{LIMITED}-{transport}", ""))
    }
    models = [part for reference in named for part in ("--model", reference)]
    ran = eval_run(a_world(folder, ONE_CASE), *models, folder=folder)
    records = read_records(folder / "run")
    return Tried(ran=ran, trials={named[record.key.model]: record for record in records})


def test_every_trial_of_the_run_is_there(tried: Tried) -> None:
    """Nothing that a provider sends ends the run."""
    assert tried.ran.code == 0, tried.ran.err
    assert len(tried.trials) == len(TRANSPORTS) * (len(MODELS) + 1)
    assert not [it.fault for it in tried.trials.values() if it.status is TrialStatus.INTERNAL]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_right_answer_is_scored(tried: Tried, transport: str) -> None:
    """Tokens and the model that answered are kept."""
    record = tried.trials[transport, "echo"]

    assert record.passed is True, record.scores
    assert record.answered_by == "echo-2026"
    assert (record.prompt_tokens, record.completion_tokens) == (100, 20)
    assert record.latency_s > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_limit_that_passes_is_waited_for(tried: Tried, transport: str) -> None:
    """A 429 with Retry-After costs a retry, not the trial."""
    record = tried.trials[transport, f"{LIMITED}-{transport}"]

    assert (record.passed, record.retries) == (True, 1)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("model", "problem"),
    [
        pytest.param("unknown-tool", "unknown_action", id="a tool that does not exist"),
        pytest.param("broken-arguments", "arguments_not_json", id="arguments cut off"),
        pytest.param("thousand-calls", "too_many_calls", id="1,000 calls"),
        pytest.param("empty", "empty", id="nothing"),
        pytest.param("refusal", "refused", id="a refusal"),
        pytest.param("text", "no_call", id="prose"),
    ],
)
def test_an_unusable_answer_fails_its_trial_with_a_typed_problem(
    tried: Tried, transport: str, model: str, problem: str
) -> None:
    """It is the model's failure, so it counts."""
    record = tried.trials[transport, model]

    assert (record.status, record.passed) == (TrialStatus.SCORED, False)
    assert record.problems[0].startswith(f"{problem}: ")


def test_half_a_character_does_not_end_the_run(tried: Tried) -> None:
    """Servers that cut between surrogates exist; one transport reads it, the other refuses it."""
    read = tried.trials["litellm", BROKEN_TEXT]
    refused = tried.trials["http", BROKEN_TEXT]

    assert (read.status, read.answer) == (TrialStatus.SCORED, "half a character ?")
    assert (refused.status, refused.passed) == (TrialStatus.INFRASTRUCTURE, None)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("model", "fault"),
    [
        pytest.param("status-500", "server", id="500 for ever"),
        pytest.param("broken-json", "malformed|server", id="no JSON"),
        pytest.param("too-many-calls", "malformed", id="more than 1,000 calls"),
        pytest.param("drop", "connection|server", id="dropped connection"),
        pytest.param("hang", "timeout", id="no answer in time"),
    ],
)
def test_a_fault_of_the_provider_is_no_failure_of_the_model(
    tried: Tried, transport: str, model: str, fault: str
) -> None:
    """The trial is lost, counted as such, and says why."""
    record = tried.trials[transport, model]

    assert (record.status, record.passed) == (TrialStatus.INFRASTRUCTURE, None)
    assert any(f": {kind}: " in record.fault for kind in fault.split("|")), record.fault


@pytest.mark.parametrize("gate", [(), ("--gate",)], ids=["not gated", "gated"])
def test_a_run_of_which_everything_was_lost_exits_with_four(
    server: Provider, tmp_path: Path, gate: tuple[str, ...]
) -> None:
    """Nobody may take an outage for a verdict."""
    model = f"openai/status-503?transport=http&api_base={server.base}&retries=1"
    before = server.served["status-503"]

    ran = eval_run(a_world(tmp_path, ONE_CASE), "--model", model, *gate, folder=tmp_path)

    assert ran.code == 4, ran.err
    assert server.served["status-503"] - before == 2


def test_a_passing_gate_exits_with_zero(server: Provider, tmp_path: Path) -> None:
    """A model that is right passes, and its run can't be written over."""
    world = a_world(tmp_path, ONE_CASE)
    model = f"openai/echo?transport=http&api_base={server.base}"

    first = eval_run(world, "--model", model, "--gate", "--trials", "3", folder=tmp_path)
    again = eval_run(world, "--model", model, folder=tmp_path)

    assert (first.code, first.json["gate"]["verdict"]) == (0, "pass")
    assert first.json["models"][0]["overall"]["pass_hat"]["3"] == 1
    assert again.code == 5
    assert "is not empty" in again.err


def six_cases() -> str:
    """Write six scenarios."""
    head, case = ONE_CASE.split("scenarios:\n")
    cases = (
        case.replace("set-three", f"set-{value}").replace(": 3}", f": {value}}}")
        for value in range(6)
    )
    return f"{head}scenarios:\n{''.join(cases)}"


def test_an_interrupted_run_goes_on_where_it_was(server: Provider, tmp_path: Path) -> None:
    """Ctrl-C keeps finished trials; resuming asks for the others only."""
    model = f"openai/{HELD}?transport=http&api_base={server.base}"
    server.hold_after = 3
    server.requests.clear()
    arguments = ("eval", "run", a_world(tmp_path, six_cases()), "--model", model)

    child = started(
        *arguments, "--concurrency", "1", "--output", "run", "--no-track", folder=tmp_path
    )
    assert server.holding.wait(timeout=30)
    child.send_signal(signal.SIGINT)
    interrupted = ended(child)
    finished = (tmp_path / "run" / RESULTS).read_bytes()
    server.hold_after = None
    resumed = eval_run("--resume", "run", folder=tmp_path)

    assert interrupted.code == 130
    assert "plangate eval run --resume run" in interrupted.err
    assert finished.count(b"\n") == 3
    assert resumed.code == 0, resumed.err
    assert resumed.json["models"][0]["overall"]["passed"] == 6
    assert (tmp_path / "run" / RESULTS).read_bytes().startswith(finished)
    assert sorted(server.asked.count(said) for said in set(server.asked)) == [1, 1, 1, 1, 1, 2]


def test_lost_trials_are_asked_for_again(server: Provider, tmp_path: Path) -> None:
    """Resuming a run after an outage does what was lost anew, and nothing else."""
    base = f"transport=http&api_base={server.base}&retries=0"
    models = (f"openai/echo?{base}", f"openai/{LIMITED}-again?{base}")
    asked = [part for model in models for part in ("--model", model)]

    first = eval_run(a_world(tmp_path, ONE_CASE), *asked, folder=tmp_path)
    echoed = server.served["echo"]
    second = eval_run("--resume", "run", folder=tmp_path)

    assert [it["overall"]["infrastructure"] for it in first.json["models"]] == [0, 1]
    assert [it["overall"]["passed"] for it in second.json["models"]] == [1, 1]
    assert server.served["echo"] == echoed
