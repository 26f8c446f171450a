"""Read the store and print JSON for the parent process.

`python -m harness.tracking.read history LIMIT [MODEL…]`, `… champion MODEL`, or
`… traces EXPERIMENT LIMIT`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from dataclasses import asdict
from itertools import islice

import orjson
from mlflow.entities import Run
from mlflow.tracing.client import TracingClient

from harness.settings import HarnessSettings
from harness.tracking.contenders import crowned
from harness.tracking.edge import told
from harness.tracking.history import Point
from harness.tracking.store import Store, find_experiment, is_unmade, open_store
from harness.tracking.tags import (
    COMPARABILITY_TAG,
    CREATED_TAG,
    GATE_TAG,
    MODEL_TAG,
    PARENT_TAG,
    RUN_TAG,
    SUITE_TAG,
)
from runtime.public import JsonValue

PAGE = 200
TRACES_A_PAGE = 100
TAGGED = f"tags.`{MODEL_TAG}` != '' AND attributes.status = 'FINISHED'"


def main() -> None:
    """Answer the question of the command line."""
    answer = answered(sys.argv[1:], tracking_uri=HarnessSettings.read().tracking_uri)
    sys.stdout.buffer.write(orjson.dumps(answer))


def answered(arguments: list[str], *, tracking_uri: str) -> JsonValue:
    """Return the answer to one question as JSON; a store that was never written has none.

    Raises:
        ValueError: the experiment does not exist.
        MlflowException: the store can't be read.
    """
    question, *rest = arguments
    if is_unmade(tracking_uri):
        return None if question == "champion" else []
    store = open_store(tracking_uri, now_ms=0)
    if question == "history":
        points = islice(_points(store, rest[1:]), int(rest[0]))
        return [asdict(point) for point in points][::-1]
    if question == "traces":
        return list(islice(_traces(store, rest[0]), int(rest[1])))
    found = crowned(store, rest[0])
    return None if found is None else asdict(found)


def _points(store: Store, models: Collection[str]) -> Iterator[Point]:
    """Yield points, newest first; of a run that was logged again only what was logged last."""
    seen: set[tuple[str, str]] = set()
    for run in _children(store):
        key = (run.data.tags.get(RUN_TAG, ""), run.data.tags[MODEL_TAG])
        if key in seen or (models and key[1] not in models):
            continue
        seen.add(key)
        yield _point(run)


def _children(store: Store) -> Iterator[Run]:
    token = None
    while True:
        page = store.client.search_runs(
            [store.experiment],
            filter_string=TAGGED,
            order_by=["attributes.start_time DESC"],
            max_results=PAGE,
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def _point(run: Run) -> Point:
    tags, metrics = run.data.tags, run.data.metrics
    bounds = [metrics.get("pass_rate_low"), metrics.get("pass_rate_high")]
    cost = metrics.get("cost_micros")
    return Point(
        run=tags[RUN_TAG],
        created=tags[CREATED_TAG],
        model=tags[MODEL_TAG],
        scored=int(metrics.get("scored", 0)),
        pass_rate=metrics.get("pass_rate"),
        interval=None if bounds[0] is None or bounds[1] is None else (bounds[0], bounds[1]),
        findings=int(metrics.get("findings", 0)),
        cost_micros=None if cost is None else int(cost),
        latency_p95_s=metrics.get("latency_p95_s"),
        verdict=tags.get(GATE_TAG),
        suite_digest=tags[SUITE_TAG],
        comparability=tags[COMPARABILITY_TAG],
        store_run=tags[PARENT_TAG],
    )


def _traces(store: Store, experiment: str) -> Iterator[JsonValue]:
    """Yield the traces of an experiment, newest first, as MLflow spells them in JSON."""
    found = find_experiment(store.client, experiment)
    if found is None:
        raise ValueError(f"the store has no experiment '{experiment}'")
    tracing, token = TracingClient(store.uri), None
    while True:
        page = tracing.search_traces(locations=[found], max_results=TRACES_A_PAGE, page_token=token)
        for trace in page:
            yield orjson.loads(trace.to_json())
        token = page.token
        if not token:
            return


if __name__ == "__main__":
    sys.exit(told(main))
