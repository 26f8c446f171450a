"""Speak S3 with one bucket, blocking: write under a lock, read by version, list all versions.

With `s3_failures` the only module that imports boto3 (an extra). What a server says is believed
only where it is read back: the version, the bytes, the lock and its time.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import boto3  # type: ignore[import-untyped]  # it has no types
from botocore.config import Config  # type: ignore[import-untyped]  # as above

from runtime.adapters.audit_sinks.s3_failures import (
    BucketError,
    ExistsError,
    GoneError,
    UnlockedError,
    told,
)
from runtime.kit.clock import Clock
from runtime.ports.audit_sink import MOST_OBJECT_BYTES, Listed, ListedKind
from runtime.ports.sink_address import SinkAddress

LOCK: Final = "COMPLIANCE"
PAGE: Final = 1_000

_CHUNK_BYTES: Final = 1_048_576
_CONNECT_S: Final = 3.0
_ANY_REGION: Final = "us-east-1"
"""What an S3 that is not Amazon's is signed for, where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Hold what S3 knows us by."""

    access: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Hold some versions and markers in the order of their keys, and where the next ones begin.

    Attributes:
        listed: by whole keys, with the prefix.
        key_mark: the last key; empty where nothing follows.
        version_mark: its last version that was listed.
    """

    listed: Sequence[Listed]
    key_mark: str = ""
    version_mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lock:
    """Say until when nobody can delete a version, if at all."""

    mode: str | None
    until: datetime | None

    def holds(self, *, until: datetime) -> bool:
        return self.mode == LOCK and self.until is not None and self.until >= until


class Bucket:
    """Be the client of one bucket; each call ends within its own time, and is tried once."""

    def __init__(self, address: SinkAddress, *, key: Key | None, clock: Clock) -> None:
        """Open a client, which connects on first use.

        Args:
            address: of the bucket.
            key: what to sign with; None: the identity that the machine gives (workload identity,
                environment, profile), as boto3 finds it.
            clock: measures how long an answer takes.

        Raises:
            BucketError: the machine says not enough.
        """
        self._bucket = address.place
        self._timeout_s = address.timeout_s
        # Amazon's S3 writes a name once, whoever else writes; Ceph does not if there are versions.
        self._looks_first = address.endpoint is not None
        self._clock = clock
        with told():
            self._client: Any = boto3.session.Session(
                aws_access_key_id=key and key.access,
                aws_secret_access_key=key and key.secret,
                region_name=address.region or (_ANY_REGION if address.endpoint else None),
            ).client("s3", endpoint_url=address.endpoint, config=_config(address))

    def check(self) -> None:
        """Return if the bucket keeps versions and has object lock.

        Raises:
            BucketError: it does not, or can't be asked.
        """
        with told():
            versioning = self._client.get_bucket_versioning(Bucket=self._bucket)
        if versioning.get("Status") != "Enabled":
            raise BucketError("the bucket keeps no versions; make one with object lock")
        try:
            with told():
                lock = self._client.get_object_lock_configuration(Bucket=self._bucket)
        except UnlockedError:
            lock = {}
        if lock.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
            raise BucketError("the bucket has no object lock; make one that has")

    def put(self, key: str, body: bytes, *, until: datetime) -> str:
        """Return the version that holds a body, locked until an instant, as it was read back.

        Raises:
            ExistsError: the key has another body.
            BucketError: that is not so, or can't be told.
        """
        until = _whole_second(until)
        if self._looks_first and (found := self._found(key, body, until=until)) is not None:
            return found
        try:
            version = self._written(key, body, until=until)
        except ExistsError:
            found = self._found(key, body, until=until)
            if found is None:
                raise BucketError("there is such a copy, and it can't be found") from None
            return found
        try:
            answer = self._got(key, version)
        except GoneError:
            raise BucketError("what was written can't be found") from None
        if self._body(answer, most_bytes=len(body)) != body:
            raise BucketError("other bytes were read back than were written")
        if not self._lock(key, version, told_by=answer).holds(until=until):
            raise BucketError("the copy was written and is not locked for as long as it must be")
        return version

    def read(self, key: str, version: str) -> bytes:
        """Return the bytes of one version.

        Raises:
            GoneError: it is not there.
            BucketError: it can't be told.
        """
        return self._body(self._got(key, version), most_bytes=MOST_OBJECT_BYTES)

    def page(self, prefix: str, *, key_mark: str, version_mark: str) -> Page:
        """Return the versions and markers that follow a place.

        Args:
            prefix: what their keys begin with.
            key_mark: the key that was listed last; empty for the first page.
            version_mark: its version that was listed last; empty: all of the key were.

        Raises:
            BucketError: they can't be listed.
        """
        marks = {"KeyMarker": key_mark, "VersionIdMarker": version_mark}
        given = {name: mark for name, mark in marks.items() if mark}
        with told():
            answer = self._client.list_object_versions(
                Bucket=self._bucket, Prefix=prefix, MaxKeys=PAGE, **given
            )
            listed = [_version(item) for item in answer.get("Versions", ())]
            listed += [_marker(item) for item in answer.get("DeleteMarkers", ())]
            page = Page(listed=sorted(listed, key=lambda one: one.name))
            if not answer["IsTruncated"]:
                return page
            return Page(
                listed=page.listed,
                key_mark=answer["NextKeyMarker"],
                version_mark=answer.get("NextVersionIdMarker", ""),
            )

    def hold(self, key: str, version: str, *, held: bool) -> None:
        """Put a version under a legal hold, or end it, and read it back.

        Raises:
            GoneError: it is not there.
            BucketError: it is not so, or can't be told.
        """
        named = {"Bucket": self._bucket, "Key": key, "VersionId": version}
        status = "ON" if held else "OFF"
        with told():
            self._client.put_object_legal_hold(**named, LegalHold={"Status": status})
            answer = self._client.get_object_legal_hold(**named)
        if answer.get("LegalHold", {}).get("Status") != status:
            raise BucketError(f"the legal hold is not {status}")

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _written(self, key: str, body: bytes, *, until: datetime) -> str:
        """Return the new version; a key that has one gets no other."""
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
        with told():
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType="application/octet-stream",
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=digest,
                ObjectLockMode=LOCK,
                ObjectLockRetainUntilDate=until,
            )
        version = answer.get("VersionId")
        if not version:
            raise BucketError("the bucket answered without a version")
        return str(version)

    def _found(self, key: str, body: bytes, *, until: datetime) -> str | None:
        """Return the version that an earlier try wrote, locked for as long as this one asks.

        None: there is none.
        """
        try:
            answer = self._got(key, None)
        except GoneError:
            return None
        version = str(answer.get("VersionId", ""))
        if self._body(answer, most_bytes=len(body)) != body:
            raise ExistsError("the name is taken by another body")
        lock = self._lock(key, version, told_by=answer)
        if lock.mode == LOCK and not lock.holds(until=until):
            self._extend(key, version, until=until)
            lock = self._lock(key, version, told_by=self._got(key, version))
        if not version or not lock.holds(until=until):
            raise BucketError("there is such a copy, not locked for as long as it must be")
        return version

    def _extend(self, key: str, version: str, *, until: datetime) -> None:
        with told():
            self._client.put_object_retention(
                Bucket=self._bucket,
                Key=key,
                VersionId=version,
                Retention={"Mode": LOCK, "RetainUntilDate": until},
            )

    def _lock(self, key: str, version: str, *, told_by: Mapping[str, Any]) -> _Lock:
        """Return the lock of a version; some servers tell of it only where they are asked."""
        mode, until = told_by.get("ObjectLockMode"), told_by.get("ObjectLockRetainUntilDate")
        if mode is None:
            try:
                with told():
                    answer = self._client.get_object_retention(
                        Bucket=self._bucket, Key=key, VersionId=version
                    ).get("Retention", {})
            except UnlockedError:
                answer = {}
            mode, until = answer.get("Mode"), answer.get("RetainUntilDate")
        return _Lock(mode=mode, until=until)

    def _got(self, key: str, version: str | None) -> Mapping[str, Any]:
        named = {} if version is None else {"VersionId": version}
        with told():
            answer: Mapping[str, Any] = self._client.get_object(
                Bucket=self._bucket, Key=key, **named
            )
        return answer

    def _body(self, answer: Mapping[str, Any], *, most_bytes: int) -> bytes:
        """Read at most one byte more than there may be, and not longer than there is time."""
        ends_s = self._clock.monotonic_s() + self._timeout_s
        body = bytearray()
        with told():
            stream = answer["Body"]
            try:
                while chunk := stream.read(min(_CHUNK_BYTES, most_bytes + 1 - len(body))):
                    body += chunk
                    if len(body) > most_bytes:
                        break
                    if self._clock.monotonic_s() > ends_s:
                        raise BucketError("the copy could not be read back in time")
            finally:
                stream.close()
        return bytes(body)


def _config(address: SinkAddress) -> Any:  # noqa: ANN401  # boto3 has no types
    """Return how a client behaves: one try within the time, since callers try again."""
    return Config(
        connect_timeout=min(_CONNECT_S, address.timeout_s),
        read_timeout=address.timeout_s,
        retries={"total_max_attempts": 1},
        signature_version="s3v4",
        s3={"addressing_style": "path" if address.endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra="plangate",
    )


def _version(item: Mapping[str, Any]) -> Listed:
    kind = ListedKind.COPY if item["IsLatest"] else ListedKind.HIDDEN
    return Listed(
        name=item["Key"], version=item["VersionId"], kind=kind, size_bytes=int(item["Size"])
    )


def _marker(item: Mapping[str, Any]) -> Listed:
    return Listed(name=item["Key"], version=item["VersionId"], kind=ListedKind.MARKER, size_bytes=0)


def _whole_second(instant: datetime) -> datetime:
    """Return the next whole second: S3 drops fractions, and a lock must not end early."""
    whole = instant.replace(microsecond=0)
    return whole if whole == instant else whole + timedelta(seconds=1)
