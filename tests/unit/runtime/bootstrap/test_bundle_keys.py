"""The key that signs bundles is found by the settings, and a bad one ends the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from runtime.bootstrap.bundle_keys import bundle_signer
from runtime.bootstrap.rules import bundle_maker
from runtime.settings import RulesSettings, SettingsError
from tests.servers.opa_signing import private_pem, public_pem

SECRET = "bundle-key-of-tests-0123456789abcdef"  # noqa: S105  # of tests


def test_a_key_is_a_value() -> None:
    """A secret, under the id that is usual."""
    signer = bundle_signer(RulesSettings(bundle_key=SecretStr(SECRET)))

    assert (signer.algorithm.value, signer.key, signer.key_id) == ("HS256", SECRET, "plangate")


def test_a_key_is_in_a_file(tmp_path: Path) -> None:
    """A private key, under an id of its own; blank lines around it are nobody's intention."""
    path = tmp_path / "key.pem"
    path.write_text(f"\n{private_pem('ES256')}\n")

    signer = bundle_signer(RulesSettings(bundle_key_file=str(path), bundle_key_id="2026"))

    assert (signer.algorithm.value, signer.key_id) == ("ES256", "2026")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "can't be read", id="no file"),
        pytest.param("é".encode(), "no text of ASCII", id="no text"),
        pytest.param(b"", "has 0 bytes", id="nothing in it"),
        pytest.param(public_pem("ES256").encode(), "a private key", id="a public key"),
    ],
)
def test_a_file_that_holds_no_key_is_told(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    """With the variable that names it."""
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingsError, match=f"PLANGATE_BUNDLE_KEY_FILE .*{problem}"):
        bundle_signer(RulesSettings(bundle_key_file=str(path)))


def test_a_value_that_is_no_key_is_told_without_it() -> None:
    """Whoever reads the log learns what to do, and no secret."""
    with pytest.raises(SettingsError, match="PLANGATE_BUNDLE_KEY can't be used") as caught:
        bundle_signer(RulesSettings(bundle_key=SecretStr("too-short-a-secret")))

    assert "too-short-a-secret" not in str(caught.value)


def test_without_a_key_no_bundle_is_made() -> None:
    """A platform that evaluates by itself needs none."""
    assert bundle_maker(RulesSettings()) is None


def test_a_bad_key_ends_the_start() -> None:
    """Before the first OPA server asks."""
    with pytest.raises(SettingsError, match="the id of the bundle key"):
        bundle_maker(RulesSettings(bundle_key=SecretStr(SECRET), bundle_key_id="a b"))
