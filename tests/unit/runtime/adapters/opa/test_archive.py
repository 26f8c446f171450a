"""An archive is a function of its files, and its signature covers each of them."""

from __future__ import annotations

import io
import tarfile
from datetime import timedelta

import jwt
import orjson

from runtime.adapters.opa.archive import MANIFEST, signed_archive
from tests.builders import NOW
from tests.servers.opa_signing import a_signer, verification_of

FILES = {"b.rego": b"package b", MANIFEST: b"{}"}


def test_an_archive_holds_its_files_and_a_signature_of_each() -> None:
    """By name, in order."""
    signer = a_signer()

    packed = signed_archive(FILES, issued_at=NOW, signer=signer)

    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        held = {
            member.name: file.read() for member in archive if (file := archive.extractfile(member))
        }
    (token,) = orjson.loads(held.pop(".signatures.json"))["signatures"]
    payload = jwt.decode(token, verification_of(signer).key, algorithms=["HS256"])
    assert held == FILES
    assert [item["name"] for item in payload["files"]] == sorted(FILES)
    assert payload["iat"] == int(NOW.timestamp())


def test_equal_files_of_one_second_are_equal_bytes() -> None:
    """Nothing tells where and when it was packed."""
    first, second = (
        signed_archive(FILES, issued_at=NOW + timedelta(microseconds=number), signer=a_signer())
        for number in (0, 1)
    )

    assert first == second
