"""Write the schema of GraphQL anew: `python -m tests.docs.renew_sdl`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from runtime.entrypoints.graphql.schema import schema_text

FILE: Final = Path(__file__).parents[2] / "docs" / "schema.graphql"

if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
