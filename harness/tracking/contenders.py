"""Keep one logged model for each configuration of a contender, and the champions among them.

A logged model has no files: it stands for a reference with its sampling, prompts and registries.
"""

from __future__ import annotations

from typing import Final

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from harness.record import RunRecord
from harness.tracking.champion import Champion
from harness.tracking.configuration import Configuration, comparability_of, registered_name
from harness.tracking.store import Store
from harness.tracking.tags import (
    CHAMPION,
    COMPARABILITY_TAG,
    CONFIGURATION_TAG,
    LOGGED_MODEL_TAG,
    MODEL_TAG,
    RUN_TAG,
    SUITE_TAG,
)

MODEL_TYPE: Final = "plangate-contender"
MISSING: Final = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"})
TAKEN: Final = "RESOURCE_ALREADY_EXISTS"


def logged_model(store: Store, configuration: Configuration) -> str:
    """Return the id of a configuration's logged model; make it when it is a new one."""
    digest = configuration.digest
    known = store.client.search_logged_models(
        [store.experiment], filter_string=f"tags.`{CONFIGURATION_TAG}` = '{digest}'", max_results=1
    )
    if known:
        return str(known[0].model_id)
    made = store.client.create_logged_model(
        store.experiment,
        name=configuration.name,
        tags={CONFIGURATION_TAG: digest, MODEL_TAG: configuration.model},
        params={"model": configuration.model, **configuration.parameters},
        model_type=MODEL_TYPE,
    )
    store.client.finalize_logged_model(made.model_id, "READY")
    return str(made.model_id)


def crown(store: Store, run: RunRecord, configuration: Configuration) -> str:
    """Let the champion alias point to a configuration's version, and return that version."""
    version = _version(store, configuration)
    said = {
        RUN_TAG: run.manifest.run,
        SUITE_TAG: run.manifest.suite_digest,
        COMPARABILITY_TAG: comparability_of(run.manifest, configuration.model),
    }
    number = str(version.version)
    for key, value in said.items():
        store.client.set_model_version_tag(configuration.name, number, key, value)
    store.client.set_registered_model_alias(configuration.name, CHAMPION, number)
    return number


def crowned(store: Store, model: str) -> Champion | None:
    """Return the champion of a model, or None.

    Raises:
        MlflowException: the store can't be read.
    """
    name = registered_name(model)
    try:
        version = store.client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException as error:
        if error.error_code in {*MISSING, "INVALID_PARAMETER_VALUE"}:  # SQL stores say the latter
            return None
        raise
    return Champion(
        model=model,
        name=name,
        version=str(version.version),
        run=version.tags[RUN_TAG],
        suite_digest=version.tags[SUITE_TAG],
        comparability=version.tags[COMPARABILITY_TAG],
        configuration=version.tags[CONFIGURATION_TAG],
    )


def _version(store: Store, configuration: Configuration) -> ModelVersion:
    """Return the registered version of a configuration; make it when it is a new one."""
    client, digest = store.client, configuration.digest
    try:
        client.create_registered_model(configuration.name, tags={MODEL_TAG: configuration.model})
    except MlflowException as error:
        if error.error_code != TAKEN:
            raise
    for version in client.search_model_versions(f"name = '{configuration.name}'"):
        if version.tags.get(CONFIGURATION_TAG) == digest:
            return version
    model_id = logged_model(store, configuration)
    # Neither `models:/<id>` nor `model_id=`: MLflow looks those up in its global store, not here.
    return client.create_model_version(
        configuration.name,
        source=client.get_logged_model(model_id).artifact_location,
        tags={
            CONFIGURATION_TAG: digest,
            MODEL_TAG: configuration.model,
            LOGGED_MODEL_TAG: model_id,
        },
    )
