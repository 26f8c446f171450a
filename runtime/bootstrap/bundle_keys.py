"""Find the key that signs bundles, and refuse one that can't before anything is served."""

from __future__ import annotations

from pathlib import Path

from runtime.adapters.opa.signing import BundleSigner, signer_of
from runtime.settings import BUNDLE_KEY, BUNDLE_KEY_FILE, RulesSettings, SettingsError


def bundle_signer(settings: RulesSettings) -> BundleSigner:
    """Return what signs bundles, by the one key that the settings name.

    Raises:
        SettingsError: the key can't be read, or signs nothing; it is not in the message.
    """
    if settings.bundle_key is not None:
        named, text = BUNDLE_KEY, settings.bundle_key.get_secret_value()
    else:
        named, text = BUNDLE_KEY_FILE, _text(Path(settings.bundle_key_file or ""))
    try:
        return signer_of(text, key_id=settings.bundle_key_id)
    except ValueError as error:
        raise SettingsError(
            f"{named} can't be used: {error}; `openssl rand -hex 32` prints a secret, "
            "`openssl ecparam -name prime256v1 -genkey -noout` a private key"
        ) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"{BUNDLE_KEY_FILE} names '{path}', which can't be read ({error.strerror})"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(
            f"{BUNDLE_KEY_FILE} names '{path}', which is no text of ASCII; "
            "expected a secret or a private key in PEM"
        ) from None
