"""Turn references in the environment into what they name, once, before settings are read.

Nothing else of the platform is open then: providers are asked straight away, and closed again. The
process's environment itself stays as it was, with references: children read them for themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from runtime.adapters.secret_providers.opening import OpenedProviders, ProviderPlaces
from runtime.domain.errors import SecretError
from runtime.domain.secret_reference import (
    SecretRef,
    SecretReferenceError,
    is_reference,
    read_reference,
)
from runtime.domain.secret_value import SecretValueError
from runtime.kit.clock import SystemClock
from runtime.ports.secret_provider import Fetched
from runtime.settings import Resolution, ResolvedVariable, SettingsError
from runtime.settings.secrets import SecretSettings, read_secret_settings

ONE: Final = (
    "PLANGATE_BROKER_URL",
    "PLANGATE_BUNDLE_KEY",
    "PLANGATE_BUNDLE_TOKEN",
    "PLANGATE_DATABASE_URL",
    "PLANGATE_EVAL_TOKEN",
    "PLANGATE_METRICS_TOKEN",
    "PLANGATE_MIGRATION_URL",
    "PLANGATE_OPA_TOKEN",
    "PLANGATE_OPERATOR_TOKEN",
    "PLANGATE_SMTP_URL",
)
"""Variables that may be a reference."""
LISTS: Final = ("PLANGATE_REDIS_URL", "PLANGATE_SEALING_KEYS", "PLANGATE_TOKEN_KEYS")
"""Variables each part of which may be one, between commas."""
WITHIN_S: Final = 20.0


def resolved(told: Mapping[str, str]) -> Resolution:
    """Return the variables with values in the place of references, and which those were.

    Raises:
        SettingsError: a reference can't be read, or nobody answers with its value; the message
            names the variable and the reference, never a value.
    """
    wanted = _wanted(told)
    if not wanted:
        return Resolution(told=told)
    settings = read_secret_settings(told)
    with ThreadPoolExecutor(1, thread_name_prefix="secrets") as threads:  # a loop may run in ours
        fetched = threads.submit(asyncio.run, _fetched(wanted, settings, told)).result()
    values = {(name, ref): _text(name, ref, found) for (name, ref), found in fetched.items()}
    return Resolution(
        told={name: _replaced(name, text, values) for name, text in told.items()},
        read=tuple(
            ResolvedVariable(name=name, reference=ref.text(), version=found.version)
            for (name, ref), found in fetched.items()
        ),
    )


def provider_places(
    settings: SecretSettings, told: Mapping[str, str], *, readable: Callable[[str], None]
) -> ProviderPlaces:
    """Return where providers are, as settings say; files that all may read are told of."""
    return ProviderPlaces(
        vault=settings.vault,
        aws=settings.aws,
        google=settings.google,
        environ=told if settings.env_secrets else None,
        readable=readable,
    )


_Wanted = tuple[str, SecretRef]


def _parts(name: str, text: str) -> list[str]:
    return [part.strip() for part in text.split(",")] if name in LISTS else [text.strip()]


def _wanted(told: Mapping[str, str]) -> tuple[_Wanted, ...]:
    wanted = list[_Wanted]()
    for name in (*ONE, *LISTS):
        for part in filter(is_reference, _parts(name, told.get(name, ""))):
            try:
                wanted.append((name, read_reference(part)))
            except SecretReferenceError as error:
                raise SettingsError(f"{name}: {error}") from None
    return tuple(dict.fromkeys(wanted))


async def _fetched(
    wanted: tuple[_Wanted, ...], settings: SecretSettings, told: Mapping[str, str]
) -> Mapping[_Wanted, Fetched]:
    """Ask for one after the other: one login serves all."""
    places = provider_places(settings, told, readable=_readable)
    providers = OpenedProviders(places, clock=SystemClock())
    try:
        async with asyncio.timeout(WITHIN_S):
            return {item: await _one(item, providers) for item in wanted}
    except TimeoutError:
        raise SettingsError(
            f"{wanted[0][0]}: those who keep secrets did not answer within {WITHIN_S:g} s"
        ) from None
    finally:
        await providers.close()


async def _one(item: _Wanted, providers: OpenedProviders) -> Fetched:
    name, reference = item
    try:
        return await providers.of(reference).fetch(reference)
    except SecretError as error:
        raise SettingsError(f"{name}: {error}") from None
    except Exception as error:  # noqa: BLE001  # foreign code; its message may hold a value
        raise SettingsError(
            f"{name}: secret {reference.text()} can't be read ({type(error).__name__})"
        ) from None


def _text(name: str, reference: SecretRef, found: Fetched) -> str:
    try:
        text = found.value.text().strip()
    except SecretValueError as error:
        raise SettingsError(f"{name}: secret {reference.text()}: {error}") from None
    finally:
        found.value.forget()
    if not text or is_reference(text):
        raise SettingsError(
            f"{name}: secret {reference.text()} is empty or a reference itself, expected a value"
        )
    return text


def _replaced(name: str, text: str, values: Mapping[_Wanted, str]) -> str:
    if name not in ONE and name not in LISTS:
        return text
    return ",".join(
        values[name, read_reference(part)] if is_reference(part) else part
        for part in _parts(name, text)
    )


def _readable(_: str) -> None:
    """Say nothing: nobody listens yet. Whoever reads it while the platform runs logs it."""
