"""Settings of the edge: what is let through, and what is told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from runtime.kit.rates import Rate
from runtime.settings.reading import TOKEN, SettingsError, listed, token

METRICS_TOKEN: Final = "PLANGATE_METRICS_TOKEN"  # noqa: S105  # the variable's name
ALLOWED_ORIGINS: Final = "PLANGATE_ALLOWED_ORIGINS"
REQUEST_RATE: Final = "PLANGATE_REQUEST_RATE"
LOG_LEVEL: Final = "PLANGATE_LOG_LEVEL"
CONSOLE: Final = "PLANGATE_CONSOLE"
MOUNTED: Final = "mounted"
USUAL_RATE: Final = Rate(per_s=600, burst=1_200)
_LEVELS: Final = ("debug", "info", "warning", "error")
_RATE: Final = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """Say what the edge lets through.

    Attributes:
        allowed_origins: pages of other origins that browsers may call from, from
            `PLANGATE_ALLOWED_ORIGINS`, separated by commas; none by default.
        request_rate: from `PLANGATE_REQUEST_RATE`, as `600/1200` (a second, at once) or `off`.
        metrics_token: reads metrics from elsewhere, from `PLANGATE_METRICS_TOKEN`.
        log_level: from `PLANGATE_LOG_LEVEL`.
        console: pages for people are served at /console, from `PLANGATE_CONSOLE`: `mounted` or
            `off`.
    """

    allowed_origins: tuple[str, ...] = ()
    request_rate: Rate | None = USUAL_RATE
    metrics_token: SecretStr | None = None
    log_level: str = "info"
    console: bool = False


def read_edge(told: Mapping[str, str]) -> EdgeSettings:
    """Read the part of the edge.

    Raises:
        SettingsError: a variable can't be used.
    """
    origins = listed(told, ALLOWED_ORIGINS)
    if any(not _is_origin(origin) for origin in origins):
        raise SettingsError(
            f"{ALLOWED_ORIGINS} has a part that is no origin, such as https://console.example.com"
        )
    level = told.get(LOG_LEVEL, "info").lower()
    if level not in _LEVELS:
        raise SettingsError(f"{LOG_LEVEL} is '{level[:20]}', expected one of {', '.join(_LEVELS)}")
    return EdgeSettings(
        allowed_origins=origins,
        request_rate=_rate(told.get(REQUEST_RATE)),
        metrics_token=token(told, METRICS_TOKEN, TOKEN, least=16),
        log_level=level,
        console=_mounted(told.get(CONSOLE, "off")),
    )


def _mounted(text: str) -> bool:
    if text not in {MOUNTED, "off"}:
        raise SettingsError(f"{CONSOLE} is '{text[:20]}', expected {MOUNTED} or off")
    return text == MOUNTED


def _rate(text: str | None) -> Rate | None:
    if text is None:
        return USUAL_RATE
    if text == "off":
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise SettingsError(f"{REQUEST_RATE} is '{text[:20]}', expected as in 600/1200, or off")
    return Rate(per_s=int(found[1]), burst=int(found[2]))


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and text == f"{parts.scheme}://{parts.netloc}"
