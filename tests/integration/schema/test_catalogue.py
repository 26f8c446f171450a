"""Hold everything that the schema is to a golden file, so that a review sees what a revision does.

Renew it: PLANGATE_RENEW=1 pytest tests/integration/schema/test_catalogue.py
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Final

from tests.database import DatabaseUrls
from tests.integration.schema.catalogue import written_down

GOLDEN: Final = Path(__file__).with_name("catalogue.txt")


def test_the_catalogue_is_the_golden_one(database_urls: DatabaseUrls) -> None:
    """Tables, defaults, keys, row security, grants, triggers, function bodies: nothing drifts."""
    sentences = written_down(database_urls)
    if os.environ.get("PLANGATE_RENEW"):
        GOLDEN.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    golden = GOLDEN.read_text(encoding="utf-8").splitlines()

    drift = list(difflib.unified_diff(golden, sentences, "golden", "database", n=0, lineterm=""))

    assert not drift, "\n".join([*drift, f"if this is meant: {(__doc__ or '').splitlines()[2]}"])


def test_every_kind_of_object_is_in_the_golden_file() -> None:
    """A dump that forgot a kind would never see it drift."""
    kinds = {line.split(" ", 1)[0] for line in GOLDEN.read_text(encoding="utf-8").splitlines()}

    assert kinds >= {
        "column",
        "constraint",
        "function",
        "grant",
        "index",
        "policy",
        "role",
        "table",
        "trigger",
    }
