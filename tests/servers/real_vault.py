"""Run a real Vault or OpenBao in development mode, where its binary is found, or take a named one.

In a test: `with own_vault(folder) as vault`, after which roles, policies and quotas may be written;
`named_vault()` is somebody's, and is written secrets to only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import pytest

from runtime.adapters.embedded.ports import LOOPBACK, free_port
from runtime.adapters.embedded.waiting import pauses

READY_S: Final = 20.0
END_S: Final = 10.0
ROLE: Final = "plangate"
_POLICY: Final = """
path "secret/data/*" { capabilities = ["read"] }
path "old/*" { capabilities = ["read"] }
path "database/creds/*" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealVault:
    """Hold a running Vault, and a token that may do everything that a test does."""

    address: str
    token: str

    def call(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401  # its JSON
        """Return the document of an answer; None: it has none.

        Raises:
            AssertionError: Vault refuses.
        """
        parts = urlsplit(self.address)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=READY_S)
        body = None if document is None else orjson.dumps(document)
        try:
            connection.request(method, f"/v1/{path}", body, {"X-Vault-Token": self.token})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        assert answer.status < 400, f"{method} {path}: {answer.status} {text[:500]!r}"
        return orjson.loads(text) if text else None

    def write(self, name: str, document: Mapping[str, Any]) -> str:
        """Write a new version below `secret/`; return its number."""
        answer = self.call("POST", f"secret/data/{name}", {"data": document})
        return str(answer["data"]["version"])

    def let_in(self, *, ttl: str = "1h", max_ttl: str = "4h", more: str = "") -> tuple[str, str]:
        """Let this server log in by AppRole; return the role id and a secret id."""
        self.call("PUT", "sys/policies/acl/plangate", {"policy": _POLICY + more})
        told = {"token_policies": [ROLE], "token_ttl": ttl, "token_max_ttl": max_ttl}
        self.call("POST", f"auth/approle/role/{ROLE}", told)
        role = self.call("GET", f"auth/approle/role/{ROLE}/role-id")["data"]["role_id"]
        secret = self.call("POST", f"auth/approle/role/{ROLE}/secret-id", {})
        return str(role), str(secret["data"]["secret_id"])


@contextmanager
def named_vault() -> Iterator[RealVault]:
    """Give the Vault that `VAULT_ADDR` and `VAULT_TOKEN` name, or skip."""
    address = os.environ.get("VAULT_ADDR")
    if not address:
        pytest.skip("no Vault is named: VAULT_ADDR and VAULT_TOKEN un-skip this")
    yield RealVault(address=address, token=os.environ.get("VAULT_TOKEN", ""))


@contextmanager
def own_vault(folder: Path) -> Iterator[RealVault]:
    """Start a Vault of our own while the block runs, or skip."""
    binary = shutil.which("vault") or shutil.which("bao")
    if binary is None:
        pytest.skip("no Vault here: `vault` or `bao` on PATH un-skips this")
    port, token = free_port(), "plangate-dev-root"
    command = [
        *(binary, "server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={token}"),
        f"-dev-listen-address={LOOPBACK}:{port}",
    ]
    environ = {"HOME": str(folder), "PATH": os.environ.get("PATH", "")}
    with (
        (folder / "vault.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environ) as child,
    ):
        try:
            vault = RealVault(address=f"http://{LOOPBACK}:{port}", token=token)
            _await(vault, child)
            vault.call("POST", "sys/auth/approle", {"type": "approle"})
            vault.call("POST", "sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
            yield vault
        finally:
            child.terminate()
            child.wait(END_S)


def _await(vault: RealVault, child: subprocess.Popen[bytes]) -> None:
    pause = pauses(READY_S)
    while pause():
        try:
            # The dev mode mounts `secret/` last.
            vault.call("GET", "secret/config")
        except (AssertionError, OSError, HTTPException):
            assert child.poll() is None, "Vault has ended"
        else:
            return
    raise AssertionError(f"Vault was started and is not ready after {READY_S:g} s")
