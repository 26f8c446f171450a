"""`plangate eval publish` says what a platform has now, or what to do about it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.bootstrap import ConfigurationError
from harness.cli.publish import (
    Unpublished,
    platform_link,
    publish,
    publish_command,
    read_gate,
    told,
)
from harness.target.publishing import Published
from runtime.public import JsonObject
from tests.gate_reports import a_report
from tests.servers.scripted_api import Scripted, scripted_api


def answer(document: JsonObject, *, status: int = 200) -> Scripted:
    """Answer with a document, and close the connection as is said."""
    return Scripted(status=status, body=orjson.dumps(document), headers={"Connection": "close"})


ENVIRON = {"PLANGATE_TOKEN": "a-token-of-enough-characters"}
ME = answer({"organization": {"id": "org_01KDVDNA00ADB7E3Q4XN5M6WZT"}})


def a_gated(folder: Path, content: bytes | None = None) -> Path:
    """Write what a gate says into a folder."""
    (folder / "gate.json").write_bytes(orjson.dumps(a_report()) if content is None else content)
    return folder


def test_a_verdict_is_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for each gate."""
    monkeypatch.setenv("PLANGATE_TOKEN", ENVIRON["PLANGATE_TOKEN"])
    with scripted_api([ME, answer({"id": "gat_1", "passed": True}, status=201)]) as api:
        code = publish_command(a_gated(tmp_path), url=api.url)

    assert code == 0
    assert "Published gat_1: plangate/oracle passed in counter" in capsys.readouterr().out


def test_a_gate_that_did_not_pass_is_published_as_such() -> None:
    """In the words of gates."""
    item = Published(model="m", environment="e", gate="gat_1", passed=False)

    assert told(item) == "Published gat_1: m did not pass in e"


def test_a_platform_that_refuses_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4: the platform has no verdict; and the token is in no message."""
    monkeypatch.setenv("PLANGATE_TOKEN", ENVIRON["PLANGATE_TOKEN"])
    refusal = answer({"code": "not_allowed", "detail": "needs evaluations:manage"}, status=403)
    with scripted_api([ME, refusal]) as api:
        code = publish_command(a_gated(tmp_path), url=api.url)
    said = capsys.readouterr().err

    assert code == 4
    assert "needs evaluations:manage" in said
    assert ENVIRON["PLANGATE_TOKEN"] not in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"{", "damaged", id="damaged"),
        pytest.param(b"[]", "does not say what was judged", id="no report"),
        pytest.param(b'{"verdict": "pass"}', "judge the run again", id="an older one"),
    ],
)
def test_what_is_no_report_is_not_published(tmp_path: Path, content: bytes, words: str) -> None:
    """Nothing is asked of the platform."""
    found = publish(a_gated(tmp_path, content), url="http://127.0.0.1:1", environ=ENVIRON)

    assert isinstance(found, Unpublished)
    assert found.code == 5
    assert words in found.problem


def test_a_run_without_a_gate_has_nothing_to_publish(tmp_path: Path) -> None:
    """The message says how to get one."""
    with pytest.raises(ConfigurationError, match="eval run --gate"):
        read_gate(tmp_path)


@pytest.mark.parametrize(
    ("url", "environ", "words"),
    [
        pytest.param("https://p.example", {}, "PLANGATE_TOKEN is not set", id="no token"),
        pytest.param("ftp://p.example", ENVIRON, "none of a platform", id="no HTTP"),
        pytest.param("https://ann:pw@p.example", ENVIRON, "none of a platform", id="a password"),
    ],
)
def test_what_can_not_be_asked_is_said_before(
    url: str, environ: dict[str, str], words: str
) -> None:
    """No password is repeated."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        platform_link(url, environ)

    assert "pw" not in str(caught.value)
