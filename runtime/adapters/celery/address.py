"""Read the address of a broker, without loading what will connect to it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from runtime.domain.errors import BrokerUrlError

SOCKETS: Final = frozenset({"redis+socket", "unix"})
REDIS: Final = frozenset({"redis", "rediss", *SOCKETS})
SCHEMES: Final = frozenset({*REDIS, "sqs", "gcpubsub"})
_EXTRAS: Final = {
    "sqs": ("sqs", ("boto3", "pycurl")),
    "gcpubsub": ("pubsub", ("google.cloud.pubsub_v1",)),
}


def broker_url(url: str) -> str:
    """Return an address as kombu spells it.

    Raises:
        BrokerUrlError: it is none that this can use.

    >>> broker_url("rediss://host:6379/0")
    'rediss://host:6379/0?ssl_cert_reqs=required'
    >>> broker_url("unix://:secret@/run/redis.sock?db=2")
    'redis+socket://:secret@/run/redis.sock?virtual_host=2'
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise BrokerUrlError(problem=f"its scheme is '{parts.scheme[:20]}'")
    extra, modules = _EXTRAS.get(parts.scheme, ("", ()))
    if not all(_installed(module) for module in modules):
        raise BrokerUrlError(
            problem=f"{parts.scheme}:// takes what is not installed: "
            f"pip install 'plangate[{extra}]'"
        )
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "rediss":  # without a word about certificates kombu would not encrypt
        query.setdefault("ssl_cert_reqs", "required")
        return urlunsplit(parts._replace(query=urlencode(query)))
    if parts.scheme in SOCKETS:
        asked = urlencode({"virtual_host": query.get("virtual_host") or query.get("db", "0")})
        return f"redis+socket://{parts.netloc}{parts.path}?{asked}"
    return url


def shown(url: str) -> str:
    """Return where a broker is, without who logs in there and how.

    >>> shown("redis://:secret@127.0.0.1:6379/0")
    'redis://127.0.0.1:6379/0'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
