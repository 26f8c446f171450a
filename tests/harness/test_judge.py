"""Scripted judges over loopback: a good one may gate, all others inform at most."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import orjson
import pytest

from harness.cli.judge import JUDGED, JUDGED_SUMMARY, judge_calibrate_command, judge_run_command
from harness.judging.files import read_matters
from harness.judging.labels import Label
from harness.results import RESULTS
from harness.trial import TrialRecord
from runtime.public import JsonObject
from tests.servers.judge_stub import JudgeStub, judge_stub
from tests.unit.harness.reporting.builders import a_lost_trial, a_run, a_trial

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

SHIPPED = Path(__file__).parents[2] / "scenarios" / "judges"
GOOD_QUESTION = "Which value?"
KINDS = {"question": "clarification", "rationale": "decline"}


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeStub]:
    """Serve judges that know the shipped labels, and the texts of the runs below."""
    good = [
        example.text
        for matter in read_matters(SHIPPED)
        for example in matter.labels.examples
        if example.label is Label.GOOD
    ]
    with judge_stub(frozenset([*good, GOOD_QUESTION, "Too hot."])) as stub:
        yield stub


@pytest.fixture
def judges(tmp_path: Path) -> Path:
    """Copy the shipped rubrics and labels, without calibrations."""
    folder = tmp_path / "judges"
    folder.mkdir()
    for file in SHIPPED.glob("*.yaml"):
        copy(file, folder)
    return folder


def model(server: JudgeStub, name: str, *, options: str = "transport=http") -> str:
    """Name a scripted judge."""
    return f"openai/{name}?{options}&api_base={server.base}&retries=0"


def a_question(at: int, text: str = GOOD_QUESTION, *, index: int = 0) -> TrialRecord:
    """Build a trial that asked."""
    proposal = {"kind": "clarification", "question": text, "asks_for": [], "choices": []}
    return a_trial(f"s-{at}", index=index, kind="clarification", proposal=proposal)


def a_no(at: int, reason: str = "Too hot.") -> TrialRecord:
    """Build a trial that declined."""
    return a_trial(f"n-{at}", kind="decline", proposal={"kind": "decline", "reason": reason})


def judged(out: str) -> dict[str, JsonObject]:
    """Return rulings by rubric."""
    return {it["rubric"]: it for it in orjson.loads(out)["rulings"]}


@pytest.mark.parametrize(
    ("judge", "options"),
    [
        ("good", "transport=http"),
        ("good", "transport=litellm"),
        ("fenced", "transport=http"),
    ],
)
def test_a_good_judge_passes_calibration(
    server: JudgeStub, judges: Path, capsys: pytest.CaptureFixture[str], judge: str, options: str
) -> None:
    """Through either transport, and with prose and a fence around its JSON."""
    before = len(server.requests)

    code = judge_calibrate_command(judges, model=model(server, judge, options=options), repeats=1)

    assert code == 0, capsys.readouterr()
    assert capsys.readouterr().out.count("the judge may gate") == 2
    assert len(list(judges.glob("*.calibration.json"))) == 2
    asked = server.requests[before:]
    bad = sum(it.label is Label.BAD for m in read_matters(judges) for it in m.labels.examples)
    assert len(asked) == sum(len(m.labels.examples) for m in read_matters(judges)) + bad
    assert {request["temperature"] for request in asked} == {0}


@pytest.mark.parametrize(
    ("judge", "code", "doubt"),
    [
        pytest.param("coin", 1, "kappa is at least", id="a coin"),
        pytest.param("always-good", 1, "kappa is at least", id="always good"),
        pytest.param("flattered", 1, "polite packing makes", id="likes length"),
        pytest.param("prose", 3, "answers hold no score", id="often without a score"),
    ],
)
def test_a_weak_judge_fails_calibration(
    server: JudgeStub,
    judges: Path,
    capsys: pytest.CaptureFixture[str],
    judge: str,
    code: int,
    doubt: str,
) -> None:
    """It says why; the calibration is kept, and doesn't help it to gate."""
    chosen = model(server, judge)

    assert judge_calibrate_command(judges, model=chosen, repeats=2) == code

    out = capsys.readouterr().out
    assert doubt in out
    assert "the judge may gate" not in out
    run = a_run(judges.parent / "run", [a_question(0)])
    assert judge_run_command(run, model=chosen, judges=judges, gate=True) == 5
    assert "may not gate: question: " in capsys.readouterr().err
    assert not (run / JUDGED).exists()


def test_swings_on_identical_text_are_reported(
    server: JudgeStub, judges: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A coin is steady in half of all pairs; a good judge in all."""
    found = {}
    for name in ("coin", "good"):
        judge_calibrate_command(judges, model=model(server, name), repeats=2, as_json=True)
        found[name] = orjson.loads(capsys.readouterr().out)["calibrations"][0]["figures"]

    assert found["good"]["self_consistency"] == 1
    assert 0.2 < found["coin"]["self_consistency"] < 0.8
    assert found["coin"]["self_consistency_interval"][1] < 1


def test_a_judge_that_does_not_answer_is_no_weak_judge(
    server: JudgeStub, judges: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was measured, so nothing is written."""
    code = judge_calibrate_command(judges, model=model(server, "down"), repeats=1)

    assert code == 4
    assert "answers were lost, nothing was written" in capsys.readouterr().out
    assert list(judges.glob("*.calibration.json")) == []


@pytest.fixture
def calibrated(server: JudgeStub, judges: Path) -> Path:
    """Calibrate the good judge once."""
    assert judge_calibrate_command(judges, model=model(server, "good"), repeats=1) == 0
    return judges


def test_an_uncalibrated_judge_informs_and_does_not_gate(
    server: JudgeStub, judges: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked to gate, it is a wrong configuration, before anything is paid for."""
    run = a_run(judges.parent / "run", [a_question(0)])
    before = len(server.requests)

    assert judge_run_command(run, model=model(server, "good"), judges=judges, gate=True) == 5
    assert "it was never calibrated" in capsys.readouterr().err
    assert len(server.requests) == before
    assert judge_run_command(run, model=model(server, "good"), judges=judges) == 0
    assert "the judge informs only" in capsys.readouterr().out


def test_a_calibrated_judge_gates(
    server: JudgeStub, calibrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines and figures lie in the run's folder; the same text is put before it once a repeat."""
    asked = [*(a_question(at) for at in range(5)), a_question(0, index=1)]
    trials = [*asked, *(a_no(at) for at in range(5)), a_lost_trial()]
    run = a_run(calibrated.parent / "run", trials)
    results = (run / RESULTS).read_bytes()
    capsys.readouterr()

    code = judge_run_command(
        run, model=model(server, "good"), judges=calibrated, gate=True, repeats=2, as_json=True
    )

    assert code == 0
    rulings = judged(capsys.readouterr().out)
    assert {name: it["good"] for name, it in rulings.items()} == {"question": 6, "rationale": 5}
    assert rulings["question"]["interval"][0] < 1
    assert rulings["question"]["self_consistency"] == 1
    assert (run / RESULTS).read_bytes() == results
    lines = [orjson.loads(line) for line in (run / JUDGED).read_bytes().splitlines()]
    assert [it["kind"] for it in lines] == ["clarification"] * 6 + ["decline"] * 5
    assert orjson.loads((run / JUDGED_SUMMARY).read_bytes())["bill"]["opinions"] == 20


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        pytest.param(0, 20, 1, id="none of twenty is good"),
        pytest.param(3, 1, 3, id="three of four may be chance"),
    ],
)
def test_a_gate_by_a_judge_has_three_ends(
    server: JudgeStub, calibrated: Path, good: int, bad: int, code: int
) -> None:
    """A regression is certain, else it is inconclusive."""
    texts = [GOOD_QUESTION] * good + ["Are you sure?"] * bad
    run = a_run(calibrated.parent / "run", [a_question(at, it) for at, it in enumerate(texts)])
    only = calibrated / "question.labels.yaml"

    assert judge_run_command(run, model=model(server, "good"), judges=only, gate=True) == code


def test_answers_that_never_come_are_not_held_against_the_model(
    server: JudgeStub, judges: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are lost, counted and shown."""
    run = a_run(judges.parent / "run", [a_question(0)])

    judge_run_command(run, model=model(server, "down"), judges=judges, as_json=True)

    ruling = judged(capsys.readouterr().out)["question"]
    assert (ruling["lost"], ruling["scored"], ruling["share"]) == (1, 0, None)
    assert ruling["verdict"] == "infrastructure"


def test_an_unfinished_run_is_not_gated(server: JudgeStub, calibrated: Path) -> None:
    """What is missing might be what is bad."""
    run = a_run(calibrated.parent / "run", [a_question(0), a_no(0)], finished=False)

    assert judge_run_command(run, model=model(server, "good"), judges=calibrated, gate=True) == 3


@pytest.mark.parametrize(
    ("file", "old", "new", "doubt"),
    [
        pytest.param(
            "question.rubric.yaml",
            "good_from: 7",
            "good_from: 6",
            "rubric has changed",
            id="rubric",
        ),
        pytest.param(
            "question.labels.yaml",
            "Are you sure you want",
            "Do you want",
            "labels have",
            id="labels",
        ),
    ],
)
def test_a_judge_whose_rubric_or_labels_changed_is_demoted(
    server: JudgeStub,
    calibrated: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    old: str,
    new: str,
    doubt: str,
) -> None:
    """Nobody has to remember to: the digests no longer fit."""
    path = calibrated / file
    path.write_text(path.read_text().replace(old, new))
    run = a_run(calibrated.parent / "run", [a_question(0)])
    chosen = model(server, "good")

    assert judge_run_command(run, model=chosen, judges=calibrated, gate=True) == 5
    assert doubt in capsys.readouterr().err
    assert judge_run_command(run, model=chosen, judges=calibrated) == 0
    assert doubt in capsys.readouterr().out


def test_a_model_that_changed_behind_its_name_is_demoted(
    server: JudgeStub, calibrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It shows in the answers only, so what was heard is written, and nothing is gated."""
    run = a_run(calibrated.parent / "run", [a_question(0)])
    server.version = "2027"
    try:
        code = judge_run_command(run, model=model(server, "good"), judges=calibrated, gate=True)
    finally:
        server.version = "2026"

    assert code == 5
    assert "good-2027 answered" in capsys.readouterr().err
    assert (run / JUDGED).exists()


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("plangate/oracle", "no offline model 'plangate/oracle'"),
        ("plangate/keyword-judge?rate=1", "takes no options"),
        ("openai/x?temperature=0.5&api_base=http://127.0.0.1:1/v1", "answers at temperature 0"),
        ("nonsense", "expected provider/model"),
    ],
)
def test_a_reference_that_can_t_judge_is_a_wrong_configuration(
    judges: Path, capsys: pytest.CaptureFixture[str], reference: str, problem: str
) -> None:
    """In one line."""
    assert judge_calibrate_command(judges, model=reference) == 5

    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line


def test_a_folder_that_is_no_run_is_a_wrong_configuration(
    judges: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, before deepeval is loaded."""
    assert judge_run_command(judges, model="plangate/keyword-judge", judges=judges) == 5
    assert "is no run" in capsys.readouterr().err


CALIBRATE = (
    "import sys; {before}; from pathlib import Path; "
    "from harness.cli.judge import judge_calibrate_command as calibrate; "
    "sys.exit(calibrate(Path({judges!r}), model='plangate/keyword-judge', repeats=1, as_json=True))"
)


def child(folder: Path, *, before: str) -> subprocess.CompletedProcess[str]:
    """Calibrate the offline judge in a process of its own, which starts in an empty folder."""
    empty = folder.parent / "empty"
    empty.mkdir()
    code = CALIBRATE.format(before=before, judges=str(folder))
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=empty, capture_output=True, text=True, timeout=55, check=False
    )


def test_without_deepeval_one_line_says_what_to_install(judges: Path) -> None:
    """Everything else of the harness works without it."""
    ran = child(judges, before="sys.modules['deepeval'] = None")

    assert ran.returncode == 5
    assert ran.stderr == "judging needs deepeval: pip install plangate[eval]\n"


NO_NETWORK = (
    "exec('def refuse(event, args):\\n"
    '    if event in ("socket.connect", "socket.getaddrinfo"): print("CALLS HOME", args, '
    "file=sys.stderr)'); sys.addaudithook(refuse)"
)


def test_the_offline_judge_calls_nobody_and_leaves_no_folder(judges: Path) -> None:
    """No telemetry, no `.deepeval`, and nothing but our JSON on the output; weak, as it should."""
    ran = child(judges, before=NO_NETWORK)

    assert ran.returncode == 1, ran.stderr
    assert "CALLS HOME" not in ran.stderr
    assert [it["rubric"] for it in orjson.loads(ran.stdout)["calibrations"]] == [
        "question",
        "rationale",
    ]
    assert list((judges.parent / "empty").iterdir()) == []
