"""Write the schema of what rules see and answer anew: `python -m tests.docs.policy_schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson

from runtime.domain.policy_input import PolicyInput, PolicyVerdict

SCHEMA: Final = Path(__file__).parents[2] / "docs" / "policy.schema.json"


def policy_schema() -> bytes:
    """Return the schema: of the input, and of the answer."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What rules see of a step, and what `data.plangate.decision` has to be",
        "$defs": {
            "input": PolicyInput.model_json_schema(ref_template="#/$defs/input/$defs/{model}"),
            "answer": PolicyVerdict.model_json_schema(ref_template="#/$defs/answer/$defs/{model}"),
        },
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    return orjson.dumps(document, option=options) + b"\n"


if __name__ == "__main__":
    SCHEMA.write_bytes(policy_schema())
