"""Name a live target: `target+URL` stands where a model's reference stands."""

from __future__ import annotations

from typing import Final

from yarl import URL

PREFIX: Final = "target+"


class TargetError(Exception):
    """A target that can't be used as it stands; nothing was asked of it yet. Exit code 5."""


def is_target(reference: str) -> bool:
    """Say whether a reference names a live target.

    >>> is_target("target+https://platform.example"), is_target("openai/gpt-4o-mini")
    (True, False)
    """
    return reference.startswith(PREFIX)


def reference_of(url: str) -> str:
    """Return the reference of the target at an address."""
    return f"{PREFIX}{str(target_url(url)).rstrip('/')}"


def url_of(reference: str) -> str:
    """Return the address that a target's reference holds."""
    return reference.removeprefix(PREFIX)


def target_url(text: str) -> URL:
    """Read the address of a platform: what stands before /v1.

    Raises:
        TargetError: it is no address over HTTP, or holds more than one, such as a password.
    """
    try:
        url = URL(text)
        usable = url.scheme in {"http", "https"} and bool(url.host)
    except ValueError:
        usable = False
        url = URL()
    extra = url.user is not None or url.password is not None or url.query_string or url.fragment
    if not usable or extra:
        raise TargetError(
            f"--target {url.host or 'URL'!r}: expected the address of a platform, as in "
            "https://platform.example, without user, query or fragment; the token comes from "
            "PLANGATE_EVAL_TOKEN"
        )
    return url
