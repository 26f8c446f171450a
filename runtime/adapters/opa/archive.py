"""Pack the files of a bundle as an OPA fetches them, signed.

Source: OPA's bundle format, https://www.openpolicyagent.org/docs/management-bundles
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from runtime.adapters.opa.signing import BundleSigner

MANIFEST: Final = ".manifest"
_SIGNATURES: Final = ".signatures.json"


def signed_archive(
    files: Mapping[str, bytes], *, issued_at: datetime, signer: BundleSigner
) -> bytes:
    """Return a tar.gz without a trace of when and where it was packed.

    Args:
        files: the content by name; those of JSON in canonical spelling.
        issued_at: when the signature says that it was made, to the second.
        signer: by whose key.
    """
    signatures = signer.signatures(files, issued_at_s=int(issued_at.timestamp()))
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in sorted({**files, _SIGNATURES: signatures}.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
