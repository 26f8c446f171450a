"""Prove that batches hold every job once and survive their message."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.matrix import jobs
from harness.remote.parcel import MOST_TRIALS, PARTS, Batch, batches, spelled


@given(count=st.integers(min_value=0, max_value=2 * MOST_TRIALS * PARTS))
def test_batches_hold_every_job_once_in_order(count: int) -> None:
    """None is empty, none is too large, and a small run still goes round."""
    every = list(jobs(["case"], ["m/x"], trials=count, seed=0))

    found = list(batches(every))

    assert [job for batch in found for job in batch] == every
    assert all(0 < len(batch) <= MOST_TRIALS for batch in found)
    assert len(found) >= min(count, PARTS // 2)


def test_a_batch_comes_out_of_its_message_as_it_went_in() -> None:
    """What a worker reads is what was sent."""
    cut = tuple(jobs(["a", "b"], ["m/x?rate=1"], trials=2, seed=3))
    batch = Batch(run="r", generation="g", number="n", jobs=cut)

    assert Batch.from_document(orjson.loads(orjson.dumps(batch.document()))) == batch


@pytest.mark.parametrize("document", [{}, {"run": "r", "trials": 3}, {"trials": [[1]]}])
def test_a_message_that_is_no_batch_is_refused(document: dict[str, object]) -> None:
    """It says so."""
    with pytest.raises(ValueError, match="no batch of trials"):
        Batch.from_document(
            {"run": "r", "generation": "g", "batch": "n", **document, "x": 1}
            | ({} if "trials" in document else {"trials": None})
        )


def test_half_characters_and_huge_numbers_are_spelled() -> None:
    """A model may write them; no trial is lost for it."""
    document = {"a": ["\ud83d", 2**70, 1.5, None], "b": {"c": (1,)}}

    assert orjson.loads(spelled(document)) == {
        "a": ["?", str(2**70), 1.5, None],
        "b": {"c": [1]},
    }
