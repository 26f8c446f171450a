"""Settings of those who keep secrets: where they are, and how this server shows who it is.

What is told here is read before references in other variables are: nothing here is a reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from runtime.ports.identity_provider import LOOPBACK_HOSTS
from runtime.ports.secret_places import AwsPlace, GooglePlace, VaultAuth, VaultMount, VaultPlace
from runtime.settings.reading import SettingsError, listed

VAULT_ADDR: Final = "PLANGATE_VAULT_ADDR"
VAULT_AUTH: Final = "PLANGATE_VAULT_AUTH"
VAULT_AUTH_MOUNT: Final = "PLANGATE_VAULT_AUTH_MOUNT"
VAULT_ROLE: Final = "PLANGATE_VAULT_ROLE"
VAULT_CREDENTIAL: Final = "PLANGATE_VAULT_CREDENTIAL"
VAULT_CREDENTIAL_FILE: Final = "PLANGATE_VAULT_CREDENTIAL_FILE"
VAULT_NAMESPACE: Final = "PLANGATE_VAULT_NAMESPACE"
VAULT_MOUNTS: Final = "PLANGATE_VAULT_MOUNTS"
VAULT_CA_FILE: Final = "PLANGATE_VAULT_CA_FILE"
AWS_ENDPOINT: Final = "PLANGATE_AWS_ENDPOINT"
AWS_REGION: Final = "PLANGATE_AWS_REGION"
GCP_ENDPOINT: Final = "PLANGATE_GCP_ENDPOINT"
ENV_SECRETS: Final = "PLANGATE_ENV_SECRETS"

KUBERNETES_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  # a path
_SWITCH: Final = {"on": True, "off": False}
_PATH: Final = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
_GCP_ENDPOINT: Final = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSettings:
    """Say who keeps secrets; none of them is asked unless a reference names it.

    Attributes:
        vault: Vault or OpenBao, from `PLANGATE_VAULT_ADDR`, `_AUTH` (token, approle, kubernetes or
            jwt), `_AUTH_MOUNT`, `_ROLE`, `_CREDENTIAL` or `_CREDENTIAL_FILE`, `_NAMESPACE`,
            `_MOUNTS` and `_CA_FILE`; None: there is none.
        aws: AWS Secrets Manager, from `PLANGATE_AWS_ENDPOINT` and `PLANGATE_AWS_REGION`.
        google: Google Secret Manager, from `PLANGATE_GCP_ENDPOINT`.
        env_secrets: whether references may name variables of this process, from
            `PLANGATE_ENV_SECRETS` (`on` or `off`); for development only.
    """

    vault: VaultPlace | None = None
    aws: AwsPlace = field(default_factory=AwsPlace)
    google: GooglePlace = field(default_factory=GooglePlace)
    env_secrets: bool = False


def read_secret_settings(told: Mapping[str, str]) -> SecretSettings:
    """Read the part of those who keep secrets.

    Raises:
        SettingsError: a variable can't be used, or one that another needs is missing.
    """
    switch = told.get(ENV_SECRETS, "off").lower()
    if switch not in _SWITCH:
        raise SettingsError(f"{ENV_SECRETS} is '{switch[:20]}', expected on or off")
    return SecretSettings(
        vault=_vault(told),
        aws=AwsPlace(endpoint=_address(told, AWS_ENDPOINT), region=told.get(AWS_REGION)),
        google=_google(told),
        env_secrets=_SWITCH[switch],
    )


def _vault(told: Mapping[str, str]) -> VaultPlace | None:
    address = _address(told, VAULT_ADDR)
    if address is None:
        return None
    auth = _auth(told)
    return VaultPlace(
        address=address.rstrip("/"),
        auth=auth,
        auth_mount=_path(told, VAULT_AUTH_MOUNT),
        role=_role(told, auth),
        credential=SecretStr(told[VAULT_CREDENTIAL]) if VAULT_CREDENTIAL in told else None,
        credential_file=_credential_file(told, auth),
        namespace=_path(told, VAULT_NAMESPACE),
        mounts=_mounts(told),
        ca_file=told.get(VAULT_CA_FILE),
    )


def _auth(told: Mapping[str, str]) -> VaultAuth:
    text = told.get(VAULT_AUTH, VaultAuth.KUBERNETES)
    if text not in set(VaultAuth):
        raise SettingsError(
            f"{VAULT_AUTH} is '{text[:20]}', expected one of {', '.join(VaultAuth)}"
        )
    return VaultAuth(text)


def _role(told: Mapping[str, str], auth: VaultAuth) -> str:
    role = told.get(VAULT_ROLE, "")
    if not role and auth is not VaultAuth.TOKEN:
        raise SettingsError(
            f"{VAULT_ADDR} is set and {VAULT_ROLE} is not: a login by {auth} needs a role; "
            "set it (of AppRole, to the role id)"
        )
    return role


def _credential_file(told: Mapping[str, str], auth: VaultAuth) -> str | None:
    value, file = VAULT_CREDENTIAL in told, told.get(VAULT_CREDENTIAL_FILE)
    if value and file is not None:
        raise SettingsError(f"{VAULT_CREDENTIAL} and {VAULT_CREDENTIAL_FILE} are set, expected one")
    if file is None and not value:
        if auth is not VaultAuth.KUBERNETES:
            raise SettingsError(
                f"a login at Vault by {auth} needs {VAULT_CREDENTIAL_FILE}: a file with the token, "
                f"secret id or JWT (or {VAULT_CREDENTIAL}, which a restart alone can change)"
            )
        return KUBERNETES_TOKEN
    return file


def _mounts(told: Mapping[str, str]) -> Mapping[str, VaultMount]:
    mounts = dict[str, VaultMount]()
    for text in listed(told, VAULT_MOUNTS):
        mount, _, kind = text.partition("=")
        if not _PATH.fullmatch(mount) or kind not in set(VaultMount):
            raise SettingsError(
                f"{VAULT_MOUNTS} has '{text[:40]}', expected MOUNT=1 or MOUNT=2 for the version of "
                "KV or MOUNT=dynamic, as in kv=2,database=dynamic"
            )
        mounts[mount] = VaultMount(kind)
    return mounts


def _google(told: Mapping[str, str]) -> GooglePlace:
    endpoint = told.get(GCP_ENDPOINT)
    if endpoint is None:
        return GooglePlace()
    found = _GCP_ENDPOINT.fullmatch(endpoint)
    if found is None:
        raise SettingsError(
            f"{GCP_ENDPOINT} is no HOST or HOST:PORT, such as secretmanager.googleapis.com"
        )
    return GooglePlace(endpoint=endpoint, plain=found[1].strip("[]") in LOOPBACK_HOSTS)


def _address(told: Mapping[str, str], name: str) -> str | None:
    """Return an address of https; of http too where it does not leave this machine."""
    url = told.get(name)
    if url is None:
        return None
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    strange = "@" in parts.netloc or parts.query or parts.fragment
    if not (parts.scheme == "https" or plain) or not parts.hostname or strange:
        raise SettingsError(
            f"{name} is no https://HOST[:PORT] without credentials and query "
            "(http:// is for this machine only)"
        )
    return url


def _path(told: Mapping[str, str], name: str) -> str:
    text = told.get(name, "").strip("/")
    if text and not _PATH.fullmatch(text):
        raise SettingsError(f"{name} is no path, such as team/kv")
    return text
