"""A folder of rules is read as it is, or said to be none."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.domain.policy_unit import PolicyModule
from runtime.entrypoints.cli.client import USAGE, CommandError
from runtime.entrypoints.cli.policy_files import MOST_FILE_BYTES, MOST_FILES, read_folder

RULES = "package tenant.organization\n"


def a_folder(folder: Path, **files: str | bytes) -> Path:
    """Write files, by their names without the ending."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.rego"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_modules_have_their_paths_below_the_folder(tmp_path: Path) -> None:
    """In order, whatever lies beside them, and nothing that is hidden."""
    a_folder(tmp_path, b=RULES, a__c="package tenant.organization.é\n", _hidden="x")
    (tmp_path / "_hidden.rego").rename(tmp_path / ".hidden.rego")
    (tmp_path / "README.md").write_text("no Rego")
    a_folder(tmp_path / ".git", x=RULES)

    folder = read_folder(tmp_path)

    assert folder.modules == (
        PolicyModule(path="a/c.rego", text="package tenant.organization.é\n"),
        PolicyModule(path="b.rego", text=RULES),
    )
    assert folder.document[1] == {"path": "b.rego", "text": RULES}


@pytest.mark.parametrize(
    ("text", "level"),
    [
        pytest.param(RULES, "organization", id="an organization's"),
        pytest.param("package tenant.organization_test", "organization", id="its tests"),
        pytest.param("package tenant.project.refunds", "project", id="a project's"),
        pytest.param("package tenant.project_test", "project", id="a project's tests"),
        pytest.param("package other", "organization", id="nobody's"),
        pytest.param("no package", "organization", id="none"),
    ],
)
def test_packages_say_whose_rules_they_are(tmp_path: Path, text: str, level: str) -> None:
    """What is neither, its trial says."""
    assert read_folder(a_folder(tmp_path, a=text)).level == level


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        pytest.param({}, "holds 0 files", id="nothing"),
        pytest.param({"a": b"\xff"}, "not UTF-8", id="other bytes"),
        pytest.param({"a": "x" * (MOST_FILE_BYTES + 1)}, "more than", id="too large"),
        pytest.param(
            {f"a{number}": "" for number in range(MOST_FILES + 1)}, "holds 1001", id="too many"
        ),
    ],
)
def test_a_folder_that_can_not_be_used_is_refused(
    tmp_path: Path, files: dict[str, str | bytes], problem: str
) -> None:
    """In one line, with the exit code of wrong usage."""
    with pytest.raises(CommandError, match=problem) as refused:
        read_folder(a_folder(tmp_path, **files))

    assert refused.value.exit_code == USAGE


def test_what_is_no_folder_or_no_file_is_refused(tmp_path: Path) -> None:
    """A folder that is named like a module can't be read as one."""
    with pytest.raises(CommandError, match="is no folder"):
        read_folder(tmp_path / "missing")
    (tmp_path / "a.rego").mkdir()
    with pytest.raises(CommandError, match="can't be read"):
        read_folder(tmp_path)
