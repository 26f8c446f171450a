"""Tell what a bucket did not do in our own words: a server's may hold what was sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import (  # type: ignore[import-untyped]  # it has no types
    BotoCoreError,
    ClientError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]  # as above

_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion"})
_EXISTS: Final = frozenset({"PreconditionFailed", "412"})
_KEY_UNKNOWN: Final = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"}
)
_UNLOCKED: Final = frozenset(
    {"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"}
)
_MOST_CODE_LETTERS: Final = 40


class BucketError(Exception):
    """Report what a bucket did not do."""

    def __init__(
        self, reason: str, *, retry_after: str | None = None, key_unknown: bool = False
    ) -> None:
        """Say what happened.

        Args:
            reason: in words, without what the server said.
            retry_after: the header of that name.
            key_unknown: whether another key may be accepted.
        """
        self.reason = reason
        self.retry_after = retry_after
        self.key_unknown = key_unknown
        super().__init__(reason)


class GoneError(BucketError):
    """Report a version that is not there."""


class ExistsError(BucketError):
    """Report a name that there is an object of already."""


class UnlockedError(BucketError):
    """Report a version, or a bucket, without a lock."""


@contextmanager
def told() -> Iterator[None]:
    """Raise `BucketError` for whatever boto3 raises in the block."""
    try:
        yield
    except ClientError as error:
        raise _failure(error) from None
    except (BotoCoreError, ResponseParserError, OSError, ValueError, KeyError) as error:
        raise BucketError(f"the bucket gave no usable answer ({type(error).__name__})") from None


_KINDS: Final = ((_GONE, GoneError), (_EXISTS, ExistsError), (_UNLOCKED, UnlockedError))


def _failure(error: Any) -> BucketError:  # noqa: ANN401  # boto3 has no types
    code = str(error.response.get("Error", {}).get("Code", ""))
    answer = error.response.get("ResponseMetadata", {})
    spoken = code.isalnum() and len(code) <= _MOST_CODE_LETTERS
    reason = f"HTTP {answer.get('HTTPStatusCode')}{f' ({code})' if spoken else ''}"
    for codes, kind in _KINDS:
        if code in codes:
            return kind(reason)
    return BucketError(
        reason,
        retry_after=answer.get("HTTPHeaders", {}).get("retry-after"),
        key_unknown=code in _KEY_UNKNOWN,
    )
