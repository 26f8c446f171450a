"""Small messages share a parcel; what is large, urgent or suspect travels by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.adapters.celery.parcels import MOST_JOBS, parcels_of, read_parcel, spelled
from runtime.domain.errors import JobMessageError
from runtime.kit.json_value import JsonValue
from runtime.ports.job_queue import JobMessage
from tests.broker import a_message

MESSAGES = st.lists(
    st.builds(
        lambda jobs, priority, alone: a_message(
            *range(1, 1 + (1 if alone else jobs)), priority=priority, alone=alone
        ),
        st.integers(1, 25),
        st.integers(3, 5),
        st.booleans(),
    ),
    max_size=30,
)


@given(messages=MESSAGES)
def test_nothing_is_lost_or_moved(messages: list[JobMessage]) -> None:
    """Parcels one after the other are the messages one after the other."""
    assert [item for parcel in parcels_of(messages) for item in parcel] == messages


@given(messages=MESSAGES)
def test_a_parcel_of_several_is_small_and_without_suspects(
    messages: list[JobMessage],
) -> None:
    """So that few jobs wait for each other's acknowledgement, and none dies with another."""
    for parcel in parcels_of(messages):
        if len(parcel) > 1:
            assert sum(len(item.job_ids) for item in parcel) <= MOST_JOBS
            assert len({item.priority for item in parcel}) == 1
            assert not any(item.alone for item in parcel)


def test_lone_jobs_of_many_organizations_share_one() -> None:
    """That is what parcels are for."""
    messages = [a_message(number) for number in range(1, 8)]

    assert list(parcels_of(messages)) == [tuple(messages)]


@given(messages=MESSAGES)
def test_what_is_spelled_is_read(messages: list[JobMessage]) -> None:
    """A worker gets what a relay packed."""
    for parcel in parcels_of(messages):
        assert read_parcel([list(spelled(parcel)), {}, {}]) == parcel


@pytest.mark.parametrize(
    "payload",
    [None, 5, [], {}, [[]], [[5]], ["text"], [["{}"]], [[a_message().spelled()] * (MOST_JOBS + 1)]],
)
def test_what_relays_do_not_send_is_refused(payload: JsonValue) -> None:
    """Whoever else writes to the broker is not heard."""
    with pytest.raises(JobMessageError):
        read_parcel(payload)
