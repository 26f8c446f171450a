"""Open each provider of secrets with its keeper, and say which of them can do what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
from pydantic import SecretStr

from runtime.adapters.secret_providers.environment import EnvironmentProvider
from runtime.adapters.secret_providers.files import FileProvider
from runtime.kit.clock import SystemClock
from runtime.ports.secret_places import AwsPlace, GooglePlace, VaultAuth, VaultPlace
from tests.contract.secret_providers.keepers import (
    AwsKeeper,
    EnvironmentKeeper,
    FileKeeper,
    GoogleKeeper,
    Keeper,
    RealVaultKeeper,
    VaultKeeper,
)
from tests.servers.real_vault import named_vault, own_vault

DEADLINE_S: Final = 4.0
"""What the suite gives one call; the product's is longer."""


def _vault(stack: ExitStack, folder: Path) -> Keeper:
    pytest.importorskip("hvac", reason="pip install 'plangate[vault]' un-skips this")
    from runtime.adapters.secret_providers.vault import VaultProvider  # noqa: PLC0415  # optional
    from tests.servers.vault_server import ROLE, SECRET_ID, vault_server  # noqa: PLC0415

    vault = stack.enter_context(vault_server())
    place = VaultPlace(
        address=vault.url,
        auth=VaultAuth.APPROLE,
        role=ROLE,
        credential=SecretStr(SECRET_ID),
        deadline_s=DEADLINE_S,
    )
    return VaultKeeper(provider=VaultProvider(place, clock=vault.clock), vault=vault)


def _own_vault(stack: ExitStack, folder: Path) -> Keeper:
    pytest.importorskip("hvac", reason="pip install 'plangate[vault]' un-skips this")
    from runtime.adapters.secret_providers.vault import VaultProvider  # noqa: PLC0415  # optional

    vault = stack.enter_context(own_vault(folder))
    role, secret_id = vault.let_in()
    place = VaultPlace(
        address=vault.address,
        auth=VaultAuth.APPROLE,
        role=role,
        credential=SecretStr(secret_id),
    )
    return RealVaultKeeper(provider=VaultProvider(place, clock=SystemClock()), vault=vault)


def _named_vault(stack: ExitStack, folder: Path) -> Keeper:
    pytest.importorskip("hvac", reason="pip install 'plangate[vault]' un-skips this")
    from runtime.adapters.secret_providers.vault import VaultProvider  # noqa: PLC0415  # optional

    vault = stack.enter_context(named_vault())
    place = VaultPlace(
        address=vault.address, auth=VaultAuth.TOKEN, credential=SecretStr(vault.token)
    )
    return RealVaultKeeper(provider=VaultProvider(place, clock=SystemClock()), vault=vault)


def _aws(stack: ExitStack, folder: Path) -> Keeper:
    pytest.importorskip("boto3", reason="pip install 'plangate[aws]' un-skips this")
    from runtime.adapters.secret_providers.aws import AwsProvider  # noqa: PLC0415  # optional
    from tests.servers.aws_secrets import REGION, aws_secrets  # noqa: PLC0415

    aws = stack.enter_context(aws_secrets())
    place = AwsPlace(endpoint=aws.url, region=REGION, deadline_s=DEADLINE_S)
    return AwsKeeper(provider=AwsProvider(place), aws=aws)


def _google(stack: ExitStack, folder: Path) -> Keeper:
    reason = "pip install 'plangate[gcp]' un-skips this"
    pytest.importorskip("google.cloud.secretmanager_v1", reason=reason)
    from runtime.adapters.secret_providers.google import GoogleProvider  # noqa: PLC0415  # optional
    from tests.servers.google_secrets import google_secrets  # noqa: PLC0415

    google = stack.enter_context(google_secrets())
    place = GooglePlace(endpoint=google.endpoint, plain=True, deadline_s=DEADLINE_S)
    return GoogleKeeper(provider=GoogleProvider(place), google=google)


def _file(stack: ExitStack, folder: Path) -> Keeper:
    return FileKeeper(provider=FileProvider(readable=lambda _: None), folder=folder)


def _environment(stack: ExitStack, folder: Path) -> Keeper:
    environ = dict[str, str]()
    return EnvironmentKeeper(provider=EnvironmentProvider(environ), environ=environ)


KEEPERS: Final[Mapping[str, Callable[[ExitStack, Path], Keeper]]] = {
    "vault": _vault,
    "own vault": _own_vault,
    "named vault": _named_vault,
    "aws": _aws,
    "google": _google,
    "file": _file,
    "environment": _environment,
}
ALL: Final = tuple(KEEPERS)
WITH_VERSIONS: Final = ("vault", "own vault", "named vault", "aws", "google")
WITH_BYTES: Final = ("aws", "google", "file")
WITH_FIELDS: Final = ("vault", "own vault", "named vault", "aws", "google", "file")
WITH_RIGHTS: Final = ("vault", "own vault", "aws", "google", "file")
WITH_OUTAGES: Final = ("vault", "own vault", "aws", "google", "file")
WITH_QUOTAS: Final = ("vault", "own vault", "aws", "google")
REMOTE: Final = ("vault", "aws", "google")


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Keeper]:
    """Open a keeper while the block runs; whoever opened it closes its provider."""
    with ExitStack() as stack:
        yield KEEPERS[kind](stack, folder)
