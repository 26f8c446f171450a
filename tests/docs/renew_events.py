"""Write the page about events anew: `python -m tests.docs.renew_events`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.docs.event_page import event_page

PAGE: Final = Path(__file__).parents[2] / "docs" / "events.md"

if __name__ == "__main__":
    PAGE.write_text(event_page(), encoding="utf-8")
