"""Tests of the audit log's settings: sinks, in their order, with errors that name the variable."""

import pytest

from runtime.settings import SettingsError
from runtime.settings.audit import AUDIT_SINKS, read_audit

S3 = "s3://records?keep_days=30"
FILES = "file:///var/copies"


def test_sinks_are_read_in_their_order() -> None:
    """None by default."""
    assert read_audit({}).sinks == ()
    assert [sink.name for sink in read_audit({AUDIT_SINKS: f"{FILES} , {S3}"}).sinks] == [
        FILES,
        "s3://records",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(f"{FILES},gs://x", f"{AUDIT_SINKS}, sink 2: ", id="one that can't be used"),
        pytest.param(f"{S3},{S3}&region=eu-1", "s3://records twice", id="one sink twice"),
        pytest.param(",".join(f"{FILES}/{n}" for n in range(9)), "has 9 sinks", id="too many"),
    ],
)
def test_sinks_that_cannot_be_used_are_told(text: str, told: str) -> None:
    """The message names the variable and the sink."""
    with pytest.raises(SettingsError) as error:
        read_audit({AUDIT_SINKS: text})

    assert told in str(error.value)


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        pytest.param("", False, id="no sink"),
        pytest.param(S3, False, id="an immutable one"),
        pytest.param(f"{FILES},{S3}", False, id="one of two"),
        pytest.param(FILES, True, id="a folder"),
    ],
)
def test_an_operator_is_warned_where_no_sink_is_immutable(text: str, *, warned: bool) -> None:
    """The caution names the sinks, and what would make it better."""
    caution = read_audit({AUDIT_SINKS: text}).caution

    assert (caution is not None) is warned
    assert caution is None or FILES in caution
