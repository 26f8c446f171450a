"""Write the page about audit records anew: `python -m tests.docs.renew_records`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.docs.record_page import record_page

PAGE: Final = Path(__file__).parents[2] / "docs" / "audit-records.md"

if __name__ == "__main__":
    PAGE.write_text(record_page(), encoding="utf-8")
