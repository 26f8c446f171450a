"""Give every provider of secrets the same hands: keep, deny, throttle, lose, fall silent.

Each keeper opens the real provider against a server on loopback, or against files and variables.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from typing_extensions import override

from runtime.domain.secret_reference import SecretRef
from runtime.ports.secret_provider import SecretProvider
from tests.servers.real_vault import RealVault


@dataclass(kw_only=True)
class Keeper(ABC):
    """Keep secrets for one provider, and let it fail where it can."""

    provider: SecretProvider

    @abstractmethod
    def keep(self, name: str, value: bytes) -> str:
        """Keep a value as the newest version; return what a reference pins it by, or ""."""

    @abstractmethod
    def keep_document(self, name: str, document: Mapping[str, Any]) -> None:
        """Keep a JSON object as the newest version."""

    @abstractmethod
    def reference(
        self, name: str, *, field: str | None = None, version: str | None = None
    ) -> SecretRef:
        """Return the reference of what was kept."""

    def deny(self, name: str) -> None:
        """Let this server read that one no longer."""
        raise NotImplementedError

    def throttle(self) -> None:
        """Answer everything with: not so often."""
        raise NotImplementedError

    def lose(self, name: str) -> None:
        """Be down."""
        raise NotImplementedError

    def fall_silent(self) -> None:
        """Take questions and say nothing."""
        raise NotImplementedError


@dataclass(kw_only=True)
class VaultKeeper(Keeper):
    """Keep in KV version 2 of the fake."""

    vault: Any

    @override
    def keep(self, name: str, value: bytes) -> str:
        self.vault.write(f"kv/{name}", {"value": value.decode()})
        return str(len(self.vault.kv[f"kv/{name}"]))

    @override
    def keep_document(self, name: str, document: Mapping[str, Any]) -> None:
        self.vault.write(f"kv/{name}", dict(document))

    @override
    def reference(
        self, name: str, *, field: str | None = None, version: str | None = None
    ) -> SecretRef:
        return SecretRef(scheme="vault", path=f"kv/{name}", field=field or "value", version=version)

    @override
    def deny(self, name: str) -> None:
        self.vault.denied.add(f"kv/data/{name}")

    @override
    def throttle(self) -> None:
        self.vault.fault = (429, {"Retry-After": "7"})

    @override
    def lose(self, name: str) -> None:
        self.vault.fault = (503, {})

    @override
    def fall_silent(self) -> None:
        self.vault.silent = True


@dataclass(kw_only=True)
class RealVaultKeeper(VaultKeeper):
    """Keep in KV version 2 of a real Vault or OpenBao, mounted at `secret` as its dev mode does."""

    vault: RealVault

    @override
    def keep(self, name: str, value: bytes) -> str:
        return self.vault.write(name, {"value": value.decode()})

    @override
    def keep_document(self, name: str, document: Mapping[str, Any]) -> None:
        self.vault.write(name, document)

    @override
    def reference(
        self, name: str, *, field: str | None = None, version: str | None = None
    ) -> SecretRef:
        return SecretRef(
            scheme="vault", path=f"secret/{name}", field=field or "value", version=version
        )

    @override
    def deny(self, name: str) -> None:
        self.vault.let_in(more=f'path "secret/data/{name}" {{ capabilities = ["deny"] }}')

    @override
    def throttle(self) -> None:
        limit = {"rate": 1, "interval": "1h", "path": "secret/"}
        self.vault.call("POST", "sys/quotas/rate-limit/all", limit)
        # Whoever is first uses up all of it.
        self.vault.call("GET", "secret/config")

    @override
    def lose(self, name: str) -> None:
        self.vault.call("PUT", "sys/seal")


@dataclass(kw_only=True)
class AwsKeeper(Keeper):
    """Keep in moto's Secrets Manager."""

    aws: Any

    @override
    def keep(self, name: str, value: bytes) -> str:
        try:
            return str(self.aws.write(name, value.decode()))
        except UnicodeDecodeError:
            return str(self.aws.write(name, value))

    @override
    def keep_document(self, name: str, document: Mapping[str, Any]) -> None:
        self.aws.write(name, orjson.dumps(document).decode())

    @override
    def reference(
        self, name: str, *, field: str | None = None, version: str | None = None
    ) -> SecretRef:
        return SecretRef(scheme="awssm", path=name, field=field, version=version)

    @override
    def deny(self, name: str) -> None:
        self.aws.denied.add(name)

    @override
    def throttle(self) -> None:
        self.aws.fault = "ThrottlingException"

    @override
    def lose(self, name: str) -> None:
        self.aws.fault, self.aws.status = "InternalServiceError", 500

    @override
    def fall_silent(self) -> None:
        self.aws.silent = True


@dataclass(kw_only=True)
class GoogleKeeper(Keeper):
    """Keep in the fake of Google."""

    google: Any

    @override
    def keep(self, name: str, value: bytes) -> str:
        self.google.write(name, value)
        return str(len(self.google.secrets[name]))

    @override
    def keep_document(self, name: str, document: Mapping[str, Any]) -> None:
        self.google.write(name, orjson.dumps(document))

    @override
    def reference(
        self, name: str, *, field: str | None = None, version: str | None = None
    ) -> SecretRef:
        return SecretRef(scheme="gcpsm", path=f"shop-prod/{name}", field=field, version=version)

    @override
    def deny(self, name: str) -> None:
        self.google.denied.add(name)

    @override
    def throttle(self) -> None:
        self.google.fault, self.google.retry_after_s = "RESOURCE_EXHAUSTED", 7

    @override
    def lose(self, name: str) -> None:
        self.google.fault = "UNAVAILABLE"

    @override
    def fall_silent(self) -> None:
        self.google.silent = True


@dataclass(kw_only=True)
class FileKeeper(Keeper):
    """Keep in files, as the kubelet writes them: a new folder, and one link that is swapped."""

    folder: Path

    @override
    def keep(self, name: str, value: bytes) -> str:
        swap(self.folder, name, value)
        return ""

    @override
    def keep_document(self, name: str, document: Mapping[str, Any]) -> None:
        self.keep(name, orjson.dumps(document))

    @override
    def reference(
        self, name: str, *, field: str | None = None, version: str | None = None
    ) -> SecretRef:
        return SecretRef(scheme="file", path=str(self.folder / name), field=field, version=version)

    @override
    def deny(self, name: str) -> None:
        (self.folder / name).resolve().chmod(0o666)

    @override
    def lose(self, name: str) -> None:
        (self.folder / name).unlink()
        (self.folder / name).symlink_to(name)


@dataclass(kw_only=True)
class EnvironmentKeeper(Keeper):
    """Keep in variables."""

    environ: dict[str, str]

    @override
    def keep(self, name: str, value: bytes) -> str:
        self.environ[_variable(name)] = value.decode()
        return ""

    @override
    def keep_document(self, name: str, document: Mapping[str, Any]) -> None:
        self.keep(name, orjson.dumps(document))

    @override
    def reference(
        self, name: str, *, field: str | None = None, version: str | None = None
    ) -> SecretRef:
        return SecretRef(scheme="env", path=_variable(name), field=field, version=version)


def swap(folder: Path, name: str, value: bytes) -> None:
    """Write all files of a mount anew and swap them in at once, by renaming one link."""
    number = len(list(folder.glob("..20*")))
    fresh = folder / f"..20{number:03}"
    shutil.copytree(folder / "..data", fresh) if (folder / "..data").exists() else fresh.mkdir()
    (fresh / name).write_bytes(value)
    (fresh / name).chmod(0o644)
    (folder / "..data_tmp").symlink_to(fresh.name)
    (folder / "..data_tmp").rename(folder / "..data")
    if not (folder / name).is_symlink():
        (folder / name).symlink_to(f"..data/{name}")


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
