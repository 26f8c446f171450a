"""Prove that a trial's line reads back as what was written."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import JsonObject
from tests.worlds import a_record, findings

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)
RECORDS = st.builds(
    TrialRecord,
    key=st.builds(TrialKey, scenario=TEXT, model=TEXT, index=st.integers(0, 99)),
    suite=TEXT,
    environment=TEXT,
    tags=st.lists(TEXT, max_size=3).map(tuple),
    family=TEXT,
    seed=st.integers(0, 2**31 - 1),
    status=st.sampled_from(TrialStatus),
    passed=st.none() | st.booleans(),
    kind=TEXT,
    message=TEXT,
    golden=OBJECTS,
    proposal=st.none() | OBJECTS,
    outcome=st.none() | OBJECTS,
    state_diff=st.lists(OBJECTS, max_size=2).map(tuple),
    scores=st.dictionaries(TEXT, OBJECTS, max_size=2),
    problems=st.lists(TEXT, max_size=2).map(tuple),
    cost_micros=st.none() | st.integers(0, 2**40),
    latency_s=st.floats(0, 1e6),
)


@given(RECORDS)
def test_a_record_reads_back_as_it_was(record: TrialRecord) -> None:
    """Writing and reading is the identity."""
    line = orjson.dumps(record.document())

    assert TrialRecord.from_document(orjson.loads(line)) == record


@pytest.mark.parametrize("field", sorted({*TrialRecord.__slots__, "version"}))
def test_a_record_that_lacks_a_field_is_refused(field: str) -> None:
    """Nothing is made up for it."""
    document: JsonObject = a_record().document()
    del document[field]

    with pytest.raises(ValueError, match=field):
        TrialRecord.from_document(document)


def test_findings_are_those_of_governance() -> None:
    """A record without that score has none."""
    assert a_record().findings == ()
    assert [item["kind"] for item in a_record(scores=findings("risk")).findings] == ["risk"]
