"""A store is opened where it is, and a server that is gone is not waited for twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from harness.tracking.store import Store
from tests.unit.harness.tracking.conftest import Logged


@dataclass
class Ledger:
    """Stand in for a client and note how runs ended."""

    ended: list[str] = field(default_factory=list)
    gone: bool = False

    def create_run(self, experiment: str, *, tags: dict[str, str], run_name: str) -> object:
        """Open a run."""
        return SimpleNamespace(info=SimpleNamespace(run_id="r"))

    def set_terminated(self, run_id: str, *, status: str) -> None:
        """Note the end."""
        self.ended.append(status)
        if self.gone:
            raise MlflowException("also gone")


def a_store(ledger: Ledger, uri: str) -> Store:
    """Build a store over the stand-in."""
    return Store(client=cast("MlflowClient", ledger), uri=uri, experiment="1", now_ms=0)


REFUSED: Exception = RestException(  # type: ignore[no-untyped-call]  # the driver's own
    {"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}
)


@pytest.mark.parametrize(
    ("uri", "error", "ended"),
    [
        pytest.param("http://h", MlflowException("timed out"), [], id="a server that is gone"),
        pytest.param("http://h", ConnectionError("reset"), [], id="a connection that broke"),
        pytest.param("http://h", REFUSED, ["FAILED"], id="a server that refuses"),
        pytest.param("http://h", ValueError("ours"), ["FAILED"], id="a fault of ours"),
        pytest.param("sqlite:///x", MlflowException("locked"), ["FAILED"], id="a local store"),
    ],
)
def test_a_run_that_breaks_off_is_marked_where_somebody_listens(
    uri: str, error: Exception, ended: list[str]
) -> None:
    """The error itself always comes through."""
    ledger = Ledger()

    with pytest.raises(type(error)) as raised, a_store(ledger, uri).run("name", {}):
        raise error

    assert raised.value is error
    assert ledger.ended == ended


def test_a_mark_that_fails_does_not_hide_the_reason() -> None:
    """The first error is the one to mend."""
    with (
        pytest.raises(ValueError, match="first"),
        a_store(Ledger(gone=True), "http://h").run("", {}),
    ):
        raise ValueError("first")


@pytest.mark.filterwarnings("ignore")  # the driver's own
def test_many_figures_take_several_batches(logged: Logged) -> None:
    """MLflow takes a thousand in one call."""
    store = logged.store
    with store.run("many", {}) as run_id:
        store.batch(
            run_id,
            {f"p{number}": "x" for number in range(150)},
            {f"m{number}": float(number) for number in range(1000)},
        )

    run = store.client.get_run(run_id)
    assert (len(run.data.params), len(run.data.metrics)) == (150, 1000)
    assert run.info.status == "FINISHED"
