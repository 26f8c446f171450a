"""The API's description is one that clients can be made from, and changes are seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from pydantic import SecretStr

from runtime.app import create_app
from runtime.settings import IdentitySettings, ServiceSettings

SNAPSHOT: Final = Path(__file__).parents[2] / "docs" / "openapi.json"
RENEW: Final = "python -m tests.api.renew_openapi"
A_PLATFORM: Final = ServiceSettings(
    database_url=SecretStr("postgresql://app@127.0.0.1/none"),
    redis_urls=(SecretStr("redis://127.0.0.1/0"),),
    identity=IdentitySettings(token_keys=(SecretStr("key-of-no-value-0123456789-0123456789"),)),
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Describe the app as it would be served."""
    return create_app(A_PLATFORM).openapi()


def test_the_description_is_the_one_that_is_kept(document: dict[str, Any]) -> None:
    """A change of the API shows in a diff; renew the file when it is meant."""
    kept = orjson.loads(SNAPSHOT.read_bytes())

    assert document == kept, f"the API changed; if that is meant: {RENEW}"


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    """Generators name their methods after it."""
    names = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]

    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """Bodies that are read by hand are described as well."""
    schemas = document["components"]["schemas"]
    text = orjson.dumps(document).decode()
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert named <= set(schemas)


def test_every_operation_says_what_goes_wrong(document: dict[str, Any]) -> None:
    """Each route of the platform may answer with problem details, and says so."""
    silent = [
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "default" not in operation["responses"] and path not in {"/v1/healthz", "/v1/readyz"}
    ]

    assert silent == []


def test_every_mutating_operation_takes_a_key(document: dict[str, Any]) -> None:
    """Whatever changes something can be repeated safely; simulations and logins change nothing."""
    keyless = [
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in {"post", "put", "patch", "delete"}
        and "Idempotency-Key" not in {item["name"] for item in operation.get("parameters", ())}
    ]

    assert set(keyless) <= {
        "post /v1/environments/{environment}/proposals:evaluate",
        "post /v1/sessions:logout",
        "post /v1/hooks/{address}",  # whose signed id is its key
    }
