"""Prove how files of tasks are read, and what is said about those that can't be."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.importing.tau2_tasks import Call, changes_state, read_tasks
from harness.yaml_source import SourceError

TWO = """\
[
  {"id": "0", "evaluation_criteria": {"actions": [
      {"name": "get_book", "arguments": {"id": 1}, "compare_args": ["id"]},
      {"name": "open_app", "arguments": {}, "requestor": "user"},
      {"name": "lend_book", "arguments": {}, "requestor": "assistant"}]}},

  {"id": 7, "evaluation_criteria": {"actions": null}}
]
"""


def written(folder: Path, text: str) -> Path:
    """Write a file of tasks."""
    path = folder / "tasks.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_tasks_know_their_lines_and_who_acts(tmp_path: Path) -> None:
    """The agent's calls are told from the user's."""
    tasks = read_tasks(written(tmp_path, TWO))

    first, second = tasks.tasks
    assert (first.line, first.id, second.line, second.id) == (2, "0", 7, "7")
    assert first.calls == (
        Call(name="get_book", arguments={"id": 1}, compared=("id",)),
        Call(name="lend_book", arguments={}, compared=None),
    )
    assert [call.changes for call in first.calls] == [False, True]
    assert (first.by_user, second.calls) == (("open_app",), ())
    assert str(tasks.problem(second, "why")) == f"{tmp_path}/tasks.json:7: task 7: why"


@pytest.mark.parametrize(
    ("tool", "changes"),
    [
        *[(f"{word}_x", False) for word in ("get", "search", "list", "find", "calculate")],
        ("think", False),
        ("transfer_to_human", False),
        ("getaway_book", True),
        ("update_get", True),
    ],
)
def test_first_word_tells_whether_a_tool_changes_anything(tool: str, changes: bool) -> None:  # noqa: FBT001  # a table's column
    """A word is compared as a whole, and only where it comes first."""
    assert changes_state(tool) is changes


@pytest.mark.parametrize(
    ("task", "why"),
    [
        pytest.param("3", "is no object with an id", id="a number"),
        pytest.param('{"id": null}', "is no object with an id", id="no id"),
        pytest.param('{"id": "1"}', "no 'evaluation_criteria'", id="no criteria"),
        pytest.param(
            '{"id": "1", "evaluation_criteria": {"actions": "x"}}', "has no name", id="a text"
        ),
        pytest.param(
            '{"id": "1", "evaluation_criteria": {"actions": [{"name": "f"}]}}',
            "no name or no arguments",
            id="no arguments",
        ),
        pytest.param(
            '{"id": "1", "evaluation_criteria": {"actions": [{"arguments": {}}]}}',
            "no name or no arguments",
            id="no name",
        ),
        pytest.param(
            '{"id": "1", "evaluation_criteria":'
            ' {"actions": [{"name": "f", "arguments": {}, "requestor": "robot"}]}}',
            'requested by "robot"',
            id="another speaker",
        ),
    ],
)
def test_task_of_another_form_is_kept_with_its_problem(tmp_path: Path, task: str, why: str) -> None:
    """One odd task does not stop the others."""
    odd, sound = read_tasks(
        written(tmp_path, f'[{task}, {{"id": 2, "evaluation_criteria": {{}}}}]')
    ).tasks

    assert why in odd.problem
    assert (sound.id, sound.problem) == ("2", "")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        pytest.param('\n{"tasks": []}', 2, "no list: expected a list of tasks", id="an object"),
        pytest.param("", 1, "no list", id="nothing"),
        pytest.param('[\n{"id": "0"},\n{"id": \n', 4, "begins on line 3; download", id="cut off"),
        pytest.param('[\n{"id": "0"}\n', 3, "not JSON", id="an end missing"),
        pytest.param("[1 2 x]", 1, "not JSON", id="no value"),
    ],
)
def test_file_of_another_form_is_refused(tmp_path: Path, text: str, line: int, why: str) -> None:
    """The message has the line and says what to do."""
    path = written(tmp_path, text)

    with pytest.raises(SourceError) as caught:
        read_tasks(path)

    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert why in str(caught.value)


def test_file_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    """Missing files and other encodings have their own messages."""
    odd = tmp_path / "odd.json"
    odd.write_bytes(b"[\n\xff]")

    with pytest.raises(SourceError, match=r"none\.json:1: can't be read: No such file"):
        read_tasks(tmp_path / "none.json")
    with pytest.raises(SourceError, match=r"odd\.json:2: not UTF-8"):
        read_tasks(odd)
