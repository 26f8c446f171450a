"""What seals is made of the keys for that, and of those of tokens where there are none."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.envelope_seal import EnvelopeSeal
from runtime.bootstrap.sealing import server_seal
from runtime.ports.seal import SealBrokenError
from runtime.settings import IdentitySettings, SettingsError

TOKEN, OLDER, NEW, NEWER = "t" * 32, "o" * 32, "n" * 32, "m" * 32


def settings(
    *, of_tokens: tuple[str, ...] = (TOKEN,), sealing: tuple[str, ...] = ()
) -> IdentitySettings:
    """Build settings with these keys."""
    return IdentitySettings(
        token_keys=tuple(map(SecretStr, of_tokens)), sealing_keys=tuple(map(SecretStr, sealing))
    )


def only(key: str) -> EnvelopeSeal:
    """Build a seal that knows one key."""
    return EnvelopeSeal([key.encode()], before=AesSeal([key.encode()]))


@pytest.mark.parametrize(
    ("given", "newest"),
    [
        pytest.param(settings(), TOKEN, id="of tokens"),
        pytest.param(settings(of_tokens=(TOKEN, OLDER)), TOKEN, id="the newest of tokens"),
        pytest.param(settings(sealing=(NEW,)), NEW, id="for sealing"),
        pytest.param(settings(sealing=(NEWER, NEW)), NEWER, id="the newest for sealing"),
    ],
)
def test_the_newest_key_seals(given: IdentitySettings, newest: str) -> None:
    """A key for sealing goes before one of tokens."""
    sealed = server_seal(given).sealed("text", bound_to="row")

    assert only(newest).opened(sealed, bound_to="row") == "text"


def test_every_key_opens_what_it_sealed_in_either_form() -> None:
    """What was sealed under keys of tokens opens once there are keys for sealing."""
    seal = server_seal(settings(of_tokens=(TOKEN, OLDER), sealing=(NEWER, NEW)))

    for key in (NEWER, NEW, TOKEN, OLDER):
        assert seal.opened(only(key).sealed("text", bound_to="row"), bound_to="row") == "text"
    for key in (TOKEN, OLDER):
        before = AesSeal([key.encode()]).sealed("text", bound_to="row")
        assert seal.opened(before, bound_to="row") == "text"
    with pytest.raises(SealBrokenError):
        seal.opened(only("x" * 32).sealed("text", bound_to="row"), bound_to="row")


def test_without_any_key_nothing_is_sealed() -> None:
    """Whoever starts the server learns which variable to set."""
    with pytest.raises(SettingsError, match="neither PLANGATE_SEALING_KEYS nor PLANGATE_TOKEN"):
        server_seal(settings(of_tokens=()))
