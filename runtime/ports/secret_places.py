"""Say where providers are and how this server shows who it is; nothing here loads a client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import SecretStr

from runtime.ports.secret_provider import DEADLINE_S


class VaultAuth(StrEnum):
    """Name how this server logs in at Vault."""

    TOKEN = "token"  # noqa: S105  # the method's name
    APPROLE = "approle"
    KUBERNETES = "kubernetes"
    JWT = "jwt"


class VaultMount(StrEnum):
    """Name what is mounted at a path of Vault."""

    KV1 = "1"
    KV2 = "2"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlace:
    """Say where Vault (or OpenBao) is, and how to log in.

    Attributes:
        address: such as https://vault.example.com:8200.
        auth: how to log in.
        auth_mount: where that method is mounted; empty: where it is by default.
        role: the role to log in for; of AppRole, the role id.
        credential: a token or the secret id of AppRole; None: `credential_file` holds it.
        credential_file: holds the token, secret id or JWT, and is read anew for each login.
        namespace: of Vault Enterprise or OpenBao; empty: the root's.
        mounts: what is mounted where; a mount that is not listed is one segment, KV version 2.
        ca_file: certificates that its own is verified with; None: the usual ones.
        deadline_s: how long one call may take.
    """

    address: str
    auth: VaultAuth = VaultAuth.KUBERNETES
    auth_mount: str = ""
    role: str = ""
    credential: SecretStr | None = None
    credential_file: str | None = None
    namespace: str = ""
    mounts: Mapping[str, VaultMount] = field(default_factory=dict)
    ca_file: str | None = None
    deadline_s: float = DEADLINE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsPlace:
    """Say where AWS Secrets Manager is; credentials are found as AWS's own clients find them.

    Attributes:
        endpoint: another address than AWS's own; None: that of the region.
        region: None: what the machine or its environment says.
        deadline_s: how long one call may take.
    """

    endpoint: str | None = None
    region: str | None = None
    deadline_s: float = DEADLINE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class GooglePlace:
    """Say where Google Secret Manager is; the identity is the machine's own.

    Attributes:
        endpoint: HOST or HOST:PORT; None: Google's own.
        plain: speak without TLS and without an identity, to a stand-in on this machine.
        deadline_s: how long one call may take.
    """

    endpoint: str | None = None
    plain: bool = False
    deadline_s: float = DEADLINE_S
