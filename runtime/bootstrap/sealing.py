"""Make the seal of the server from settings, the same one in every process."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import SecretStr

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.envelope_seal import EnvelopeSeal
from runtime.settings import IdentitySettings, SettingsError
from runtime.settings.identity import SEALING_KEYS, TOKEN_KEYS


def server_seal(settings: IdentitySettings) -> EnvelopeSeal:
    """Return what seals under the newest of the keys for that, or else of the keys of tokens.

    What was sealed while there were no keys for that opens as long as the key of tokens is there.

    Raises:
        SettingsError: there is no key at all.
    """
    of_tokens = _bytes(settings.token_keys)
    keys = [*_bytes(settings.sealing_keys), *of_tokens]
    if not keys:
        raise SettingsError(
            f"neither {SEALING_KEYS} nor {TOKEN_KEYS} is set: nothing can be stored sealed; set "
            "one to what `openssl rand -hex 32` prints"
        )
    return EnvelopeSeal(keys, before=AesSeal(of_tokens))


def _bytes(keys: Iterable[SecretStr]) -> list[bytes]:
    return [key.get_secret_value().encode() for key in keys]
