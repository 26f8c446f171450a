"""Files of the judges are read strictly, and what is wrong is said with its place."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.judging.files import (
    read_calibration,
    read_matters,
    write_calibration,
    write_lines,
)
from harness.results import RunError
from harness.yaml_source import SourceError
from tests.unit.harness.judging.builders import a_calibration, a_rubric, some_labels

LABELS = some_labels(2)


def judges(folder: Path, *, rubric: str = "", labels: str = "") -> Path:
    """Write a rubric and labels, JSON being YAML; other texts may be given."""
    (folder / "question.rubric.yaml").write_text(
        rubric or _text(a_rubric().model_dump(mode="json"))
    )
    (folder / "question.labels.yaml").write_text(labels or _text(LABELS.model_dump(mode="json")))
    return folder


def _text(document: object) -> str:
    return orjson.dumps(document).decode()


def problem_of(path: Path) -> str:
    """Return the first problem that reading has."""
    with pytest.raises(SourceError) as caught:
        read_matters(path)
    return str(caught.value.problems[0])


@pytest.mark.parametrize("name", [".", "question.labels.yaml"])
def test_a_folder_or_one_file_is_read(tmp_path: Path, name: str) -> None:
    """With the rubric that the labels name."""
    (matter,) = read_matters(judges(tmp_path) / name)

    assert (matter.rubric, matter.labels, matter.folder) == (a_rubric(), LABELS, tmp_path)


def test_a_calibration_lies_beside_the_labels_one_for_each_judge(tmp_path: Path) -> None:
    """Models of the same rubric don't overwrite each other."""
    (matter,) = read_matters(judges(tmp_path))

    path = matter.calibration_path("openai/gpt-4o-mini?retries=2")

    assert path == tmp_path / "question.openai-gpt-4o-mini-retries-2.calibration.json"


def test_an_empty_folder_is_no_judge(tmp_path: Path) -> None:
    """It says which file is missing."""
    assert "holds no labels, NAME.labels.yaml" in problem_of(tmp_path)


def test_a_missing_field_is_named_with_its_line(tmp_path: Path) -> None:
    """The first example lacks most of its fields."""
    text = "rubric: question\nabout: Made for the tests.\nlabelled_by: [x]\nexamples:\n- id: q-1\n"

    assert problem_of(judges(tmp_path, labels=text)).startswith(
        f"{tmp_path}/question.labels.yaml:5: examples.0.because: "
    )


def test_labels_need_their_rubric(tmp_path: Path) -> None:
    """A rubric is found by its name."""
    judges(tmp_path)
    (tmp_path / "question.rubric.yaml").unlink()

    assert "question.rubric.yaml" in problem_of(tmp_path)


def test_a_rubric_has_the_name_of_its_file(tmp_path: Path) -> None:
    """Otherwise its calibrations would be those of another one."""
    other = _text(a_rubric(rubric="tone").model_dump(mode="json"))

    assert "calls itself 'tone', expected 'question'" in problem_of(judges(tmp_path, rubric=other))


def test_an_example_is_of_a_kind_that_the_rubric_judges(tmp_path: Path) -> None:
    """A rubric for declines can't be calibrated on questions."""
    other = _text(a_rubric(judges=["decline"]).model_dump(mode="json"))

    problem = problem_of(judges(tmp_path, rubric=other))

    assert "q-0 is a clarification, which rubric 'question' does not judge" in problem


def test_a_calibration_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Into a folder that need not exist."""
    calibration = a_calibration(LABELS, a_rubric())
    path = tmp_path / "new" / "x.calibration.json"

    write_calibration(path, calibration)

    assert read_calibration(path) == calibration


def test_no_calibration_is_none(tmp_path: Path) -> None:
    """Which is no error: the judge informs only."""
    assert read_calibration(tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("{", "is no calibration: the file: ", id="cut off"),
        pytest.param('{"judge": 3}', "is no calibration: judge: ", id="a wrong field"),
    ],
)
def test_a_damaged_calibration_is_not_taken_for_none(
    tmp_path: Path, text: str, problem: str
) -> None:
    """Somebody should know."""
    path = tmp_path / "x.calibration.json"
    path.write_text(text)

    with pytest.raises(SourceError, match="calibrate the judge again") as caught:
        read_calibration(path)

    assert problem in str(caught.value)


def test_a_calibration_that_can_t_be_read_is_a_problem(tmp_path: Path) -> None:
    """A folder in its place."""
    with pytest.raises(SourceError, match="can't be read: Is a directory"):
        read_calibration(tmp_path)


def test_lines_replace_the_old_file_as_a_whole(tmp_path: Path) -> None:
    """One line a document."""
    path = tmp_path / "judged.jsonl"
    path.write_text("old")

    write_lines(path, [{"a": 1}, {"b": 2}])

    assert path.read_text() == '{"a":1}\n{"b":2}\n'
    assert [item.name for item in tmp_path.iterdir()] == ["judged.jsonl"]


def test_lines_that_can_t_be_written_are_an_error(tmp_path: Path) -> None:
    """A folder stands where the file should be; nothing is left behind."""
    (tmp_path / "judged.jsonl").mkdir()

    with pytest.raises(RunError, match="can't be written: Is a directory"):
        write_lines(tmp_path / "judged.jsonl", [])

    assert [item.name for item in tmp_path.iterdir()] == ["judged.jsonl"]
