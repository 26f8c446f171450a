"""Take the pictures of the README: `python docs/capture.py reports/runs/RUN/report.html`.

Needs Debian's Chromium (`apt-get install chromium`) and the `dev` extra.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
WIDTH = 1280


def main(report: Path) -> None:
    """Write the overview in light and the heat map in dark."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, scheme, heading, height in (
            ("report", "light", "Models", 1060),
            ("heatmap", "dark", "Scenarios", 860),
        ):
            page = browser.new_page(
                viewport={"width": WIDTH, "height": height}, color_scheme=scheme
            )
            page.goto(report.resolve().as_uri())
            title = page.get_by_role("heading", name=heading, exact=True)
            if name == "heatmap":
                title.evaluate("heading => heading.scrollIntoView()")
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
