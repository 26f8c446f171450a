"""An archive of rules is what `opa` reads, and the same for the same rules."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.domain.policy_unit import PolicyModule, revision_of
from runtime.domain.policy_version import placed_modules
from runtime.entrypoints.cli.policy import app
from runtime.entrypoints.cli.policy_archive import archive_of
from runtime.entrypoints.cli.policy_files import PolicyFolder
from runtime.policies import shipped_modules
from tests.policies import some_modules
from tests.servers.opa_server import needs_opa

OF_ALL = PolicyFolder(modules=some_modules())
OF_ONE = PolicyFolder(modules=some_modules("prj_1"))


def files_of(archive: bytes) -> dict[str, bytes]:
    """Read what is in an archive."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        streams = {item.name: opened.extractfile(item) for item in opened}
        return {name: stream.read() for name, stream in streams.items() if stream is not None}


@pytest.mark.parametrize(
    ("folder", "beside", "own"),
    [
        pytest.param(OF_ALL, None, placed_modules("organization", OF_ALL.modules), id="of all"),
        pytest.param(
            OF_ONE,
            OF_ALL,
            (
                *placed_modules("organization", OF_ALL.modules),
                *placed_modules("prj_1", OF_ONE.modules),
            ),
            id="of a project, beside its organization's",
        ),
    ],
)
def test_an_archive_holds_all_rules_and_says_which(
    folder: PolicyFolder, beside: PolicyFolder | None, own: tuple[PolicyModule, ...]
) -> None:
    """The shipped ones too; its bytes are the same each time."""
    archive = archive_of(folder, beside=beside)

    files = files_of(archive)
    manifest = json.loads(files.pop(".manifest"))
    expected = (*shipped_modules(), *own)
    assert files == {module.path: module.text.encode() for module in expected}
    assert manifest["revision"] == revision_of(expected)
    assert archive == archive_of(folder, beside=beside)


def test_opa_finds_the_rules_and_runs_their_tests(tmp_path: Path) -> None:
    """Those of a folder and no others: shipped tests stay at home."""
    file = tmp_path / "rules.tar.gz"
    file.write_bytes(archive_of(OF_ONE, beside=OF_ALL))

    done = subprocess.run(
        [needs_opa(), "test", "--bundle", str(file), "--format", "json"],
        capture_output=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = {(item["package"], item["name"]) for item in json.loads(done.stdout)}
    assert found == {
        ("data.tenant.organization_test", "test_refund"),
        ("data.tenant.project_test", "test_refund"),
    }


def test_build_writes_an_archive(tmp_path: Path) -> None:
    """Where it is told to; a place that can't be written is wrong usage."""
    rules = tmp_path / "rules"
    rules.mkdir()
    for module in some_modules():
        (rules / module.path).write_text(module.text)
    file = tmp_path / "rules.tar.gz"

    done = CliRunner().invoke(app, ["build", str(rules), "-o", str(file)])
    refused = CliRunner().invoke(app, ["build", str(rules), "-o", str(tmp_path / "no" / "file")])

    assert done.exit_code == 0, done.output
    assert file.read_bytes() == archive_of(OF_ALL, beside=None)
    assert refused.exit_code == 5
    assert "can't be written" in refused.stderr
