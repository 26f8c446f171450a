"""Read the address of an audit sink: where copies go, and how long they are kept there.

`s3://BUCKET/PREFIX?keep_days=2557&region=eu-central-1`, `splunk+https://HOST:8088?token=…`,
`datadog+https://HOST?token=…`, `file:///DIR`. Addresses stand in settings and logs, so they hold
references to secrets and never a secret; no message here repeats a value that could be one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from runtime.domain.secret_reference import SecretReferenceError, read_reference

MOST_DAYS: Final = 36_500

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX: Final = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/?)*", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_USUAL_TIMEOUT_S: Final = 10.0
_SPLUNK_TIMEOUT_S: Final = 30.0
"""An indexer acknowledges what it has written and replicated, which takes it seconds."""


class SinkAddressError(ValueError):
    """An address that can't be used; the message says how to write it."""


class SinkKind(StrEnum):
    """Say which adapter keeps the copies."""

    S3 = "s3"
    SPLUNK = "splunk"
    DATADOG = "datadog"
    FILES = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkAddress:
    """Say where a sink is.

    Attributes:
        kind: the adapter.
        name: the address without its options; no two sinks have the same.
        place: a bucket, `https://HOST:PORT`, or the absolute path of a folder.
        prefix: what the names of objects in a bucket begin with; empty, or with a slash at its end.
        timeout_s: how long a copy may take.
        keep_days: how long a copy is locked whose object does not say; 0 where nothing is locked.
        token: reference of what a sink knows us by; None where it needs none.
        index: Splunk's; None for the token's own.
        endpoint: of an S3 that is not Amazon's; None for Amazon's.
        region: of the bucket; None for what the machine says.
        access_key: reference of an S3 key's id; None for the machine's own identity.
        secret_key: reference of the key itself; goes with `access_key`.
    """

    kind: SinkKind
    name: str
    place: str
    prefix: str = ""
    timeout_s: float = _USUAL_TIMEOUT_S
    keep_days: int = 0
    token: str | None = None
    index: str | None = None
    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = None

    @property
    def immutable(self) -> bool:
        """Say whether nobody can delete copies there before their time."""
        return self.kind is SinkKind.S3


def read_sink_address(text: str) -> SinkAddress:
    """Return what an address says.

    Raises:
        SinkAddressError: it says nothing that could be used.

    >>> read_sink_address("s3://records/plangate?keep_days=2557").name
    's3://records/plangate'
    """
    parts = _split(text)
    readers = {"s3": _s3, "file": _files, **dict.fromkeys(("splunk+https", "splunk+http"), _splunk)}
    readers |= dict.fromkeys(("datadog+https", "datadog+http"), _datadog)
    reader = readers.get(parts.scheme)
    if reader is None:
        raise SinkAddressError(
            "a sink's address begins with none of s3://, splunk+https://, datadog+https:// and "
            "file:///"
        )
    return reader(parts, _options(parts))


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise SinkAddressError("a sink's address has an unreadable host or port") from None
    if parts.fragment or "#" in text:
        raise SinkAddressError("a sink's address has a '#'; in a reference write it as %23")
    if parts.username is not None or parts.password is not None:
        raise SinkAddressError(
            "a sink's address has a user before its host; name a secret by a reference, as in "
            "?token=vault://kv/plangate/sink%23token"
        )
    return parts


def _options(parts: SplitResult) -> Mapping[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    found = dict(pairs)
    if len(found) < len(pairs):
        raise SinkAddressError("a sink's address has an option twice")
    return found


def _s3(parts: SplitResult, options: Mapping[str, str]) -> SinkAddress:
    known = ("keep_days", "endpoint", "region", "access_key", "secret_key", "timeout_s")
    _only(options, known, scheme="s3")
    prefix = parts.path.strip("/")
    if not _BUCKET.fullmatch(parts.netloc) or not _PREFIX.fullmatch(prefix):
        raise SinkAddressError("a sink's address is not as in s3://BUCKET/PREFIX?keep_days=2557")
    access, secret = _reference(options, "access_key"), _reference(options, "secret_key")
    if (access is None) != (secret is None):
        raise SinkAddressError("access_key and secret_key go together: set both, or none")
    return SinkAddress(
        kind=SinkKind.S3,
        name=f"s3://{parts.netloc}/{prefix}".rstrip("/"),
        place=parts.netloc,
        prefix=f"{prefix}/" if prefix else "",
        timeout_s=_timeout_s(options, usual=_USUAL_TIMEOUT_S),
        keep_days=_keep_days(options),
        endpoint=_endpoint(options),
        region=_word(options, "region"),
        access_key=access,
        secret_key=secret,
    )


def _splunk(parts: SplitResult, options: Mapping[str, str]) -> SinkAddress:
    _only(options, ("token", "index", "timeout_s"), scheme=parts.scheme)
    return SinkAddress(
        kind=SinkKind.SPLUNK,
        name=f"{parts.scheme}://{parts.netloc}",
        place=_host(parts),
        timeout_s=_timeout_s(options, usual=_SPLUNK_TIMEOUT_S),
        token=_needed_token(options),
        index=_word(options, "index"),
    )


def _datadog(parts: SplitResult, options: Mapping[str, str]) -> SinkAddress:
    _only(options, ("token", "timeout_s"), scheme=parts.scheme)
    return SinkAddress(
        kind=SinkKind.DATADOG,
        name=f"{parts.scheme}://{parts.netloc}",
        place=_host(parts),
        timeout_s=_timeout_s(options, usual=_USUAL_TIMEOUT_S),
        token=_needed_token(options),
    )


def _files(parts: SplitResult, options: Mapping[str, str]) -> SinkAddress:
    _only(options, ("timeout_s",), scheme="file")
    if parts.netloc or not parts.path.strip("/") or ".." in parts.path.split("/"):
        raise SinkAddressError("a sink's address is not as in file:///ABSOLUTE/FOLDER")
    return SinkAddress(
        kind=SinkKind.FILES,
        name=f"file://{parts.path}",
        place=parts.path,
        timeout_s=_timeout_s(options, usual=_USUAL_TIMEOUT_S),
    )


def _only(options: Mapping[str, str], known: tuple[str, ...], *, scheme: str) -> None:
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise SinkAddressError(
            f"a sink's address has the option '{unknown[0][:40]}', expected of {scheme}:// only "
            f"{', '.join(known)}"
        )


def _host(parts: SplitResult) -> str:
    """Return the origin; http is for this machine only, since a token goes there."""
    scheme = parts.scheme.partition("+")[2]
    if not parts.hostname or parts.path.strip("/"):
        raise SinkAddressError(f"a sink's address is not as in {parts.scheme}://HOST:PORT")
    if scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SinkAddressError(f"{parts.scheme}:// is for this machine only, expected +https")
    return f"{scheme}://{parts.netloc}"


def _endpoint(options: Mapping[str, str]) -> str | None:
    text = options.get("endpoint")
    if text is None:
        return None
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
        raise SinkAddressError(
            "endpoint is not as in https://HOST:PORT; http is for this machine only"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _keep_days(options: Mapping[str, str]) -> int:
    """Return how long copies are locked: nobody can take it back, so nothing is usual."""
    text = options.get("keep_days", "")
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text) or int(text) > MOST_DAYS:
        raise SinkAddressError(
            f"s3:// needs keep_days of 1 to {MOST_DAYS}: until then nobody can delete a copy"
        )
    return int(text)


def _timeout_s(options: Mapping[str, str], *, usual: float) -> float:
    try:
        seconds = float(options.get("timeout_s", usual))
    except ValueError:
        seconds = math.nan
    if not 0.1 <= seconds <= 120:  # noqa: PLR2004  # what a copy may take
        raise SinkAddressError("timeout_s is no number from 0.1 to 120")
    return seconds


def _word(options: Mapping[str, str], name: str) -> str | None:
    text = options.get(name)
    if text is not None and not _WORD.fullmatch(text):
        raise SinkAddressError(f"{name} is not 1 to 128 of A-Z, a-z, 0-9, '_', '.' and '-'")
    return text


def _needed_token(options: Mapping[str, str]) -> str:
    token = _reference(options, "token")
    if token is None:
        raise SinkAddressError(
            "a sink needs its token by reference, as in ?token=vault://kv/plangate/sink%23token"
        )
    return token


def _reference(options: Mapping[str, str], name: str) -> str | None:
    text = options.get(name)
    if text is None:
        return None
    try:
        return read_reference(text).text()
    except SecretReferenceError as error:
        raise SinkAddressError(f"{name} is no reference to a secret: {error}") from None
