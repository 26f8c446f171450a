"""The checksum is the one that Google computes."""

import pytest

from runtime.adapters.secret_providers.crc32c import crc32c


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        pytest.param(b"", 0, id="nothing"),
        pytest.param(b"123456789", 0xE3069283, id="the usual check"),
        pytest.param(bytes(32), 0x8A9136AA, id="RFC 3720, zeros"),
        pytest.param(b"\xff" * 32, 0x62A8AB43, id="RFC 3720, ones"),
        pytest.param(bytes(range(32)), 0x46DD794E, id="RFC 3720, going up"),
        pytest.param(bytes(range(31, -1, -1)), 0x113FDB5C, id="RFC 3720, going down"),
    ],
)
def test_the_vectors_of_the_standard_hold(kept: bytes, expected: int) -> None:
    """Source: RFC 3720, appendix B.4."""
    assert crc32c(kept) == expected
