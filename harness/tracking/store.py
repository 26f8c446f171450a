"""Open the tracking store: the client, our experiment, and the folder of a local one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from runtime.public import quiet_environment

quiet_environment()

from mlflow import MlflowClient  # noqa: E402  # reads the quiet environment on import
from mlflow.entities import Metric, Param  # noqa: E402  # as above
from mlflow.exceptions import MlflowException, RestException  # noqa: E402  # as above

from harness.tracking.tags import EXPERIMENT  # noqa: E402

METRICS_A_BATCH = 1_000
PARAMETERS_A_BATCH = 100
_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Write runs of our experiment, all stamped with the same instant."""

    client: MlflowClient
    uri: str
    experiment: str
    now_ms: int

    @contextmanager
    def run(self, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Open a run and end it: finished, or failed when something goes wrong.

        A server that is gone is not asked to note it, or a dead one would be waited for twice.
        """
        created = self.client.create_run(self.experiment, tags=dict(tags), run_name=name)
        run_id = str(created.info.run_id)
        try:
            yield run_id
        except BaseException as error:
            if not self._gone(error):
                with suppress(MlflowException):
                    self.client.set_terminated(run_id, status="FAILED")
            raise
        self.client.set_terminated(run_id, status="FINISHED")

    def batch(
        self,
        run_id: str,
        parameters: Mapping[str, str],
        metrics: Mapping[str, float],
        *,
        model_id: str | None = None,
    ) -> None:
        """Write parameters and metrics, as many a round trip as MLflow takes.

        With a model's id the metrics stand at that logged model as well.
        """
        params = [Param(key, value) for key, value in parameters.items()]
        values = [
            Metric(key, value, self.now_ms, 0, model_id=model_id, run_id=run_id)
            for key, value in metrics.items()
        ]
        most = METRICS_A_BATCH - PARAMETERS_A_BATCH
        while params or values:
            self.client.log_batch(run_id, metrics=values[:most], params=params[:PARAMETERS_A_BATCH])
            del values[:most], params[:PARAMETERS_A_BATCH]

    def _gone(self, error: BaseException) -> bool:
        """Say whether the server did not answer; what it answers with is a RestException."""
        remote = urlsplit(self.uri).scheme in {"http", "https"}
        silent = isinstance(error, MlflowException | OSError)
        return remote and silent and not isinstance(error, RestException)


def open_store(uri: str, *, now_ms: int) -> Store:
    """Open a store for writing; a local one is made where there is none.

    Raises:
        OSError: the folder of a local store can't be made.
        MlflowException: the store can't be reached.
    """
    if uri.startswith(_SQLITE):
        _folder(uri).mkdir(parents=True, exist_ok=True)
    client = MlflowClient(tracking_uri=uri)
    return Store(client=client, uri=uri, experiment=_experiment(client, uri), now_ms=now_ms)


def find_experiment(client: MlflowClient, name: str = EXPERIMENT) -> str | None:
    """Return the id of an experiment; None where nothing was logged yet."""
    found = client.get_experiment_by_name(name)
    return None if found is None else str(found.experiment_id)


def is_unmade(uri: str) -> bool:
    """Say whether a store is a local file that does not exist: reading it would make it."""
    return uri.startswith(_SQLITE) and not Path(uri.removeprefix(_SQLITE)).exists()


def _experiment(client: MlflowClient, uri: str) -> str:
    """Find or make our experiment; with a local store its files go beside the database."""
    found = find_experiment(client)
    if found is not None:
        return found
    location = None
    if uri.startswith(_SQLITE):
        location = (_folder(uri).resolve() / "mlartifacts").as_uri()
    try:
        return str(client.create_experiment(EXPERIMENT, artifact_location=location))
    except MlflowException:  # another run made it in this very moment
        found = find_experiment(client)
        if found is None:
            raise
        return found


def _folder(uri: str) -> Path:
    return Path(uri.removeprefix(_SQLITE)).parent
