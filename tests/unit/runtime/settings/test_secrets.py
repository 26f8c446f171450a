"""Who keeps secrets is read from the environment, and what can't be used is said."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from runtime.ports.secret_places import AwsPlace, GooglePlace, VaultAuth, VaultMount, VaultPlace
from runtime.settings import SettingsError
from runtime.settings.secrets import KUBERNETES_TOKEN, SecretSettings, read_secret_settings

VAULT = {"PLANGATE_VAULT_ADDR": "https://vault.example.com:8200", "PLANGATE_VAULT_ROLE": "plangate"}


def test_nothing_is_there_unless_somebody_says_so() -> None:
    """The clouds are asked as the workload that this is; variables of the process are not."""
    assert read_secret_settings({}) == SecretSettings()
    assert read_secret_settings({}).vault is None
    assert not read_secret_settings({}).env_secrets


def test_a_workload_of_kubernetes_needs_no_secret() -> None:
    """Its own token is where the kubelet puts it."""
    assert read_secret_settings(VAULT).vault == VaultPlace(
        address="https://vault.example.com:8200",
        auth=VaultAuth.KUBERNETES,
        role="plangate",
        credential_file=KUBERNETES_TOKEN,
    )


def test_all_of_vault_can_be_told() -> None:
    """Each variable has its place."""
    told = {
        **VAULT,
        "PLANGATE_VAULT_ADDR": "http://127.0.0.1:8200/",
        "PLANGATE_VAULT_AUTH": "approle",
        "PLANGATE_VAULT_AUTH_MOUNT": "/team/approle/",
        "PLANGATE_VAULT_CREDENTIAL": "hush",
        "PLANGATE_VAULT_NAMESPACE": "shop/prod",
        "PLANGATE_VAULT_MOUNTS": "team/kv=2, old=1,database=dynamic",
        "PLANGATE_VAULT_CA_FILE": "/etc/ca.pem",
    }

    assert read_secret_settings(told).vault == VaultPlace(
        address="http://127.0.0.1:8200",
        auth=VaultAuth.APPROLE,
        auth_mount="team/approle",
        role="plangate",
        credential=SecretStr("hush"),
        namespace="shop/prod",
        mounts={
            "team/kv": VaultMount.KV2,
            "old": VaultMount.KV1,
            "database": VaultMount.DYNAMIC,
        },
        ca_file="/etc/ca.pem",
    )


def test_a_token_needs_no_role() -> None:
    """It has its policies already; a file is read anew where it is replaced."""
    told = {
        "PLANGATE_VAULT_ADDR": "https://vault.example.com",
        "PLANGATE_VAULT_AUTH": "token",
        "PLANGATE_VAULT_CREDENTIAL_FILE": "/run/vault/token",
    }

    assert read_secret_settings(told).vault == VaultPlace(
        address="https://vault.example.com",
        auth=VaultAuth.TOKEN,
        credential_file="/run/vault/token",
    )


def test_the_clouds_can_be_told_where_they_are() -> None:
    """For private endpoints; a stand-in on this machine is spoken to without TLS."""
    told = {
        "PLANGATE_AWS_ENDPOINT": "https://vpce.example.com",
        "PLANGATE_AWS_REGION": "eu-west-1",
        "PLANGATE_GCP_ENDPOINT": "secretmanager.europe-west4.rep.googleapis.com",
    }

    found = read_secret_settings(told)

    assert found.aws == AwsPlace(endpoint="https://vpce.example.com", region="eu-west-1")
    assert found.google == GooglePlace(endpoint="secretmanager.europe-west4.rep.googleapis.com")


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "[::1]:9000", "localhost"])
def test_google_is_plain_on_this_machine_only(endpoint: str) -> None:
    """Elsewhere an identity would be sent in the clear."""
    assert read_secret_settings({"PLANGATE_GCP_ENDPOINT": endpoint}).google.plain
    assert not read_secret_settings({"PLANGATE_GCP_ENDPOINT": "127.0.0.1.example.com"}).google.plain


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({**VAULT, "PLANGATE_VAULT_ADDR": "http://vault:8200"}, "PLANGATE_VAULT_ADDR is no"),
        ({**VAULT, "PLANGATE_VAULT_ADDR": "https://a:hush@vault"}, "PLANGATE_VAULT_ADDR is no"),
        ({**VAULT, "PLANGATE_VAULT_ADDR": "vault.example.com"}, "PLANGATE_VAULT_ADDR is no"),
        ({**VAULT, "PLANGATE_VAULT_ADDR": "https://vault/?x=hush"}, "PLANGATE_VAULT_ADDR is no"),
        ({"PLANGATE_VAULT_ADDR": "https://vault.example.com"}, "PLANGATE_VAULT_ROLE"),
        ({**VAULT, "PLANGATE_VAULT_AUTH": "ldap"}, "PLANGATE_VAULT_AUTH"),
        ({**VAULT, "PLANGATE_VAULT_AUTH": "approle"}, "PLANGATE_VAULT_CREDENTIAL_FILE"),
        ({**VAULT, "PLANGATE_VAULT_AUTH": "jwt"}, "PLANGATE_VAULT_CREDENTIAL_FILE"),
        (
            {**VAULT, "PLANGATE_VAULT_CREDENTIAL": "hush", "PLANGATE_VAULT_CREDENTIAL_FILE": "/x"},
            "expected one",
        ),
        ({**VAULT, "PLANGATE_VAULT_AUTH_MOUNT": "a/../b c"}, "PLANGATE_VAULT_AUTH_MOUNT"),
        ({**VAULT, "PLANGATE_VAULT_NAMESPACE": "a b"}, "PLANGATE_VAULT_NAMESPACE"),
        ({**VAULT, "PLANGATE_VAULT_MOUNTS": "kv"}, "PLANGATE_VAULT_MOUNTS"),
        ({**VAULT, "PLANGATE_VAULT_MOUNTS": "kv=3"}, "PLANGATE_VAULT_MOUNTS"),
        ({**VAULT, "PLANGATE_VAULT_MOUNTS": "/kv=2"}, "PLANGATE_VAULT_MOUNTS"),
        ({"PLANGATE_AWS_ENDPOINT": "http://aws.example.com"}, "PLANGATE_AWS_ENDPOINT"),
        ({"PLANGATE_GCP_ENDPOINT": "https://secretmanager"}, "PLANGATE_GCP_ENDPOINT"),
        ({"PLANGATE_ENV_SECRETS": "yes"}, "PLANGATE_ENV_SECRETS"),
    ],
)
def test_what_can_not_be_used_is_named_without_a_secret(told: dict[str, str], named: str) -> None:
    """The message says the variable."""
    with pytest.raises(SettingsError, match=named) as caught:
        read_secret_settings(told)

    assert "hush" not in str(caught.value)
