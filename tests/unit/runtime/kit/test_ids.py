"""Tests of ids."""

import pytest

from runtime.kit.ids import ENTROPY_BYTES, IdError, ParsedId, new_id, parse_id


def an_id(
    *, prefix: str = "run", now_ms: int = 1_767_225_600_000, entropy: bytes = bytes(10)
) -> str:
    """Return a valid id."""
    return new_id(prefix, now_ms=now_ms, entropy=entropy)


@pytest.mark.parametrize(
    ("now_ms", "entropy", "body"),
    [
        pytest.param(0, bytes(10), "0" * 26, id="least"),
        pytest.param(2**48 - 1, b"\xff" * 10, "7" + "Z" * 25, id="greatest"),
        pytest.param(1, bytes(9) + b"\x01", "0000000001" + "0" * 15 + "1", id="ones"),
    ],
)
def test_ids_are_made_of_their_parts(now_ms: int, entropy: bytes, body: str) -> None:
    """The milliseconds come first, then the entropy, and both can be read back."""
    made = new_id("audit_leaf", now_ms=now_ms, entropy=entropy)

    assert made == f"audit_leaf_{body}"
    assert parse_id(made, "audit_leaf") == ParsedId(
        prefix="audit_leaf", created_ms=now_ms, entropy=entropy
    )


def test_ids_sort_by_time() -> None:
    """A later id is greater, whatever its entropy."""
    earlier = an_id(now_ms=1_767_225_600_000, entropy=b"\xff" * ENTROPY_BYTES)
    later = an_id(now_ms=1_767_225_600_001, entropy=bytes(ENTROPY_BYTES))

    assert earlier < later


@pytest.mark.parametrize("prefix", ["", "Run", "1run", "run_", "_run", "r-n", "run__x", "run\n"])
def test_bad_prefix_is_refused(prefix: str) -> None:
    """A prefix is lower-case words."""
    with pytest.raises(IdError, match="expected lower-case words joined by '_'"):
        an_id(prefix=prefix)


@pytest.mark.parametrize("now_ms", [-1, 2**48])
def test_time_out_of_range_is_refused(now_ms: int) -> None:
    """48 bits hold the time."""
    with pytest.raises(IdError, match=f"id time is {now_ms} ms"):
        an_id(now_ms=now_ms)


@pytest.mark.parametrize("size", [0, 9, 11])
def test_wrong_amount_of_entropy_is_refused(size: int) -> None:
    """Less would collide, more would be lost."""
    with pytest.raises(IdError, match=f"has {size} bytes, expected 10"):
        an_id(entropy=bytes(size))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("0" * 26, id="no prefix"),
        pytest.param("plan_" + "0" * 26, id="another prefix"),
        pytest.param("run_" + "0" * 25, id="too short"),
        pytest.param("run_" + "0" * 27, id="too long"),
        pytest.param("run_8" + "0" * 25, id="above 128 bits"),
        pytest.param("run_" + "0" * 25 + "a", id="lower case"),
        pytest.param("run_" + "0" * 25 + "I", id="a letter that Crockford leaves out"),
        pytest.param("run_" + "0" * 26 + "\n", id="line end"),
        pytest.param("x_run_" + "0" * 26, id="more before the prefix"),
    ],
)
def test_text_that_is_no_id_of_the_kind_is_refused(text: str) -> None:
    """One id has one spelling."""
    with pytest.raises(IdError, match="expected 'run_' and 26 base32 letters"):
        parse_id(text, "run")


def test_a_long_text_is_cut_in_the_message() -> None:
    """A hostile id does not fill the log."""
    with pytest.raises(IdError) as caught:
        parse_id("x" * 10_000, "run")

    assert len(str(caught.value)) < 200
