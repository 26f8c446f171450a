"""A target's reference says where it is, and holds nothing that must not show."""

from __future__ import annotations

import pytest

from harness.target.address import TargetError, is_target, reference_of, url_of


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("https://platform.example", "target+https://platform.example"),
        ("https://platform.example/", "target+https://platform.example"),
        ("http://127.0.0.1:8000/plangate/", "target+http://127.0.0.1:8000/plangate"),
    ],
)
def test_an_address_becomes_a_reference_and_back(url: str, reference: str) -> None:
    """A run that is resumed finds its target again."""
    assert reference_of(url) == reference
    assert is_target(reference)
    assert reference_of(url_of(reference)) == reference


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="nothing"),
        pytest.param("platform.example", id="no scheme"),
        pytest.param("ftp://platform.example", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://me:s3cret@platform.example", id="a password"),
        pytest.param("https://me@platform.example", id="a user"),
        pytest.param("https://platform.example?token=s3cret", id="a query"),
        pytest.param("https://platform.example/#s3cret", id="a fragment"),
        pytest.param("https://platform.example:port", id="no port"),
    ],
)
def test_what_is_no_address_of_a_platform_is_refused(url: str) -> None:
    """The message says what is expected, and repeats no secret."""
    with pytest.raises(TargetError, match="expected the address of a platform") as caught:
        reference_of(url)

    assert "s3cret" not in str(caught.value)


def test_a_model_is_no_target() -> None:
    """Its reference begins otherwise."""
    assert not is_target("openai/target+https")
