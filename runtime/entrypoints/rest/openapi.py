"""Describe the API: what FastAPI derives, and the bodies of routes that read theirs by hand."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from runtime.entrypoints.rest.plans import PlanRequestIn
from runtime.entrypoints.rest.problems import MEDIA_TYPE, ProblemOut

READ_BY_HAND: Final[tuple[type[BaseModel], ...]] = (PlanRequestIn,)
_PROBLEM: Final = {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}
DESCRIPTION: Final = (
    "Plangate proves an agent's plans before it lets them run. Send a token as "
    "`Authorization: Bearer`. Errors are problem details (RFC 9457) with a stable `code`."
)


def describe(app: FastAPI) -> None:
    """Let an app describe itself at `/openapi.json`, once and for all of its routes."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way of extending it


def _document(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(
        title=app.title,
        version=app.version,
        description=DESCRIPTION,
        routes=app.routes,
        separate_input_output_schemas=app.separate_input_output_schemas,
    )
    components = described.setdefault("components", {})
    _, extra = models_json_schema(
        [(model, "validation") for model in READ_BY_HAND],
        ref_template="#/components/schemas/{model}",
    )
    for name, schema in extra["$defs"].items():
        components.setdefault("schemas", {}).setdefault(name, schema)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"bearer": []}]
    for operations in described["paths"].values():
        for operation in operations.values():
            _name_problems(operation["responses"])
    return described


def _name_problems(responses: dict[str, Any]) -> None:
    """Give problems their media type, which FastAPI can't be told together with their model."""
    for response in responses.values():
        content = response.get("content", {})
        for media_type in tuple(content):
            if content[media_type].get("schema") == _PROBLEM:
                content[MEDIA_TYPE] = content.pop(media_type)
