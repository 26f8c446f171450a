"""Write the traces of a run into the store, a hundred at a time.

MLflow's tracer opens and closes each span and costs 70 ms a trace; a batch of finished spans costs
one transaction, or one OTLP request to a server: about 8 ms a trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from mlflow.entities import Span
from mlflow.tracing.client import TracingClient

from harness.tracking.store import Store
from harness.tracking.traces import TraceSource, trace_document
from harness.trial import TrialRecord
from runtime.public import JsonObject

TRACES_A_BATCH: Final = 100
"""The most that MLflow links to a run in one call."""


def log_traces(
    store: Store, run_id: str, records: Iterable[TrialRecord], *, source: TraceSource
) -> None:
    """Write one trace a trial and link them to a run of the store.

    Raises:
        MlflowException: the store does not take them.
    """
    tracing = TracingClient(store.uri)
    documents = (trace_document(record, source) for record in records)
    for batch in _batches(documents, TRACES_A_BATCH):
        spans = [Span.from_dict(span) for trace in batch for span in trace["data"]["spans"]]
        tracing.log_spans(store.experiment, spans)
        store.client.link_traces_to_run([trace["info"]["trace_id"] for trace in batch], run_id)


def _batches(items: Iterable[JsonObject], size: int) -> Iterator[list[JsonObject]]:
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
