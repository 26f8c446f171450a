"""Run a real OPA on loopback: with bundles from files, or fetching one from a service.

It is found by `PLANGATE_OPA`, else beside the Python that runs the tests, else on PATH. In a test:
`with opa_server(files=[...], signer=...) as opa`, after `needs_opa()`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from runtime.adapters.embedded.ports import LOOPBACK, free_port
from runtime.adapters.embedded.waiting import pauses
from runtime.adapters.opa.bundle import METADATA

READY_S: Final = 20.0
END_S: Final = 10.0
SERVICE_BUNDLE: Final = "organization"
"""What a server calls the bundle that it fetches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Say how a server verifies bundles.

    Attributes:
        key: the shared secret, or the public key in PEM.
    """

    algorithm: str
    key: str
    key_id: str
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaServer:
    """Hold a running server."""

    url: str
    port: int
    child: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str) -> tuple[int, Any]:
        """Return the status and the document at a path; (0, None) if nothing listens."""
        try:
            return _get(self.port, path)
        except (OSError, HTTPException):
            return 0, None

    def revisions(self) -> dict[str, str]:
        """Return the revision of each bundle that is active."""
        _, document = self.get("/v1/data/system/bundles")
        listed = (document or {}).get("result", {})
        return {name: held["manifest"].get("revision", "") for name, held in listed.items()}

    def built_at(self) -> str:
        """Return when the fetched bundle was built; empty without one."""
        _, document = self.get("/v1/data/system/bundles")
        held = (document or {}).get("result", {}).get(SERVICE_BUNDLE, {})
        return str(
            held.get("manifest", {}).get("metadata", {}).get(METADATA, {}).get("built_at", "")
        )

    def wait_for_revision(self, revision: str) -> None:
        """Wait until the fetched bundle is of a revision."""
        self.wait_until(lambda: self.revisions().get(SERVICE_BUNDLE) == revision)

    def wait_for_log(self, words: str) -> None:
        """Wait until the server has said something."""
        self.wait_until(lambda: words in self.log.read_text(errors="replace"))

    def wait_until(self, happened: Callable[[], bool]) -> None:
        """Wait until something is so; fail if it takes too long."""
        pause = pauses(READY_S)
        while not happened():
            if not pause():
                raise AssertionError(f"it has not happened; the log ends {self.last_lines()}")

    def last_lines(self) -> str:
        """Return the end of what the server has said."""
        return self.log.read_text(errors="replace")[-2_000:]


def opa_binary() -> str | None:
    """Return where OPA is, or None."""
    beside = Path(sys.executable).parent / "opa"
    named = os.environ.get("PLANGATE_OPA")
    return named or (str(beside) if beside.exists() else shutil.which("opa"))


def needs_opa() -> str:
    """Return where OPA is, or skip the test and say what would un-skip it."""
    binary = opa_binary()
    if binary is None:
        pytest.skip("no OPA here: `make tools` installs one, or name it by PLANGATE_OPA")
    return binary


@contextmanager
def opa_server(
    *,
    files: Sequence[bytes] = (),
    verification: Verification | None = None,
    service_url: str = "",
    config: Mapping[str, Any] | None = None,
    port: int = 0,
) -> Iterator[OpaServer]:
    """Serve while the block runs.

    Args:
        files: bundles to load at the start; the server does not start if one is not verified.
        verification: how bundles are verified; None: not at all.
        service_url: from where to fetch `/bundle.tar.gz` each second; it serves without one first.
        config: the whole configuration instead.
        port: where to listen; 0 takes a free one.
    """
    binary = needs_opa()
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="plangate-opa-") as name:
        folder = Path(name)
        command = [
            *(binary, "run", "--server", "--addr", f"{LOOPBACK}:{port}"),
            *("--skip-version-check", "--log-level", "error", "--log-format", "json"),
            *_file_options(folder, files, None if service_url else verification),
            *(
                _service_options(folder, service_url, verification)
                if config is None
                else _config_options(folder, config)
            ),
        ]
        log = folder / "log"
        with (
            log.open("wb") as written,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                env={"HOME": name, "PATH": os.environ.get("PATH", "")},
            ) as child,
        ):
            server = OpaServer(url=f"http://{LOOPBACK}:{port}", port=port, child=child, log=log)
            try:
                _wait(server)
                yield server
            finally:
                _end(child)


def _file_options(
    folder: Path, files: Sequence[bytes], verification: Verification | None
) -> list[str]:
    options: list[str] = []
    for index, content in enumerate(files):
        path = folder / f"bundle-{index}.tar.gz"
        path.write_bytes(content)
        options += ["--bundle", str(path)]
    return options + (verification_options(folder, verification) if files else [])


def verification_options(folder: Path, verification: Verification | None) -> list[str]:
    """Return the options of OPA's commands that say how bundles are verified."""
    if verification is None:
        return []
    options = [
        *("--verification-key", _key_option(folder, verification)),
        *("--verification-key-id", verification.key_id),
        *("--signing-alg", verification.algorithm),
    ]
    return options + (["--scope", verification.scope] if verification.scope else [])


def _key_option(folder: Path, verification: Verification) -> str:
    """Return what OPA reads the key by: a secret as it is, a public key as a file."""
    if verification.algorithm.startswith("HS"):
        return verification.key
    path = folder / "key.pem"
    path.write_text(verification.key)
    return str(path)


def _service_options(folder: Path, url: str, verification: Verification | None) -> list[str]:
    if not url:
        return []
    bundle: dict[str, Any] = {
        "service": "plangate",
        "resource": "/bundle.tar.gz",
        "polling": {"min_delay_seconds": 1, "max_delay_seconds": 1},
    }
    document: dict[str, Any] = {"services": {"plangate": {"url": url}}}
    if verification is not None:
        document["keys"] = {
            verification.key_id: _without_empty(
                {
                    "key": verification.key,
                    "algorithm": verification.algorithm,
                    "scope": verification.scope,
                }
            )
        }
        bundle["signing"] = _without_empty(
            {"keyid": verification.key_id, "scope": verification.scope}
        )
    document["bundles"] = {SERVICE_BUNDLE: bundle}
    return _config_options(folder, document)


def _config_options(folder: Path, document: Mapping[str, Any]) -> list[str]:
    path = folder / "config.json"
    path.write_bytes(orjson.dumps(document))
    return ["--config-file", str(path)]


def _without_empty(document: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in document.items() if value}


def _wait(server: OpaServer) -> None:
    """Wait until the server answers; raise if it ends, or does not in time."""
    pause = pauses(READY_S)
    while server.get("/health")[0] != 200:
        if server.child.poll() is not None or not pause():
            raise RuntimeError(f"OPA does not serve: {server.last_lines()}")


def _get(port: int, path: str) -> tuple[int, Any]:
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, orjson.loads(body) if body.strip() else None
    finally:
        connection.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the server, and no other process: by its number, and reap it."""
    child.terminate()
    try:
        child.wait(END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(END_S)
