"""Tests of the published script that joins copies: the whole become files, others are named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import orjson

from runtime.adapters.audit_sinks.parts import cut
from runtime.ports.audit_sink import SinkObject
from tests.contract.audit_sinks.joining import SCRIPT

TEXT = SinkObject(name="leaves/a/one.jsonl", body=b'{"leaf":0}\n' * 40)
BINARY = SinkObject(name="leaves/two", body=bytes(range(256)))


def parts_of(obj: SinkObject) -> list[dict[str, object]]:
    """Return parts of 64 bytes."""
    return [dict(part) for part in cut(obj, most_bytes=64)]


def run(folder: Path, lines: list[object]) -> tuple[int, str]:
    """Run the script over an export."""
    ended = subprocess.run(
        [sys.executable, "-I", SCRIPT, "--into", folder],
        input=b"\n".join(orjson.dumps(line) for line in lines) + b"\n\n",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.stderr == b""
    return ended.returncode, ended.stdout.decode()


def test_exports_of_both_intakes_become_files(tmp_path: Path) -> None:
    """Splunk exports the text of an event, Datadog attributes in attributes; twice is no harm."""
    splunk = [{"result": {"_raw": json.dumps(part)}} for part in parts_of(TEXT)]
    datadog = [{"attributes": {"attributes": {"plangate": part}}} for part in parts_of(BINARY)]

    code, said = run(tmp_path, [*reversed(splunk), *datadog, splunk[0], {"message": "{no part"}])

    assert code == 0
    assert said.splitlines() == ["leaves/a/one.jsonl: 440 bytes", "leaves/two: 256 bytes"]
    assert (tmp_path / TEXT.name).read_bytes() == TEXT.body
    assert (tmp_path / BINARY.name).read_bytes() == BINARY.body


def test_what_is_not_whole_is_named_and_not_written(tmp_path: Path) -> None:
    """A missing part, a changed one, a changed whole, two versions, a name that leads elsewhere."""
    missing = parts_of(TEXT)[1:]
    changed = parts_of(BINARY)
    changed[0]["body"] = "AAAA"
    whole = {**parts_of(SinkObject(name="leaves/three", body=b"x"))[0], "digest": "sha256:0"}
    versions = [parts_of(SinkObject(name="leaves/four", body=body))[0] for body in (b"x", b"y")]
    escaping = {**parts_of(SinkObject(name="leaves/five", body=b"x"))[0], "object": "../up"}

    code, said = run(tmp_path, [*missing, *changed, whole, *versions, escaping])

    assert code == 1
    for told in (
        "part 1 of 14 is missing",
        "'leaves/two': part 1 is not what",
        "'leaves/three': the whole is not what",
        "'leaves/four': there are two versions",
        "'../up': the name is not one",
    ):
        assert told in said
    assert list(tmp_path.iterdir()) == []
    assert not (tmp_path.parent / "up").exists()
