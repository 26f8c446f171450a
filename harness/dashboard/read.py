"""Print what the dashboard asks the tracking store, in one child: points and who is champion.

`python -m harness.dashboard.read LIMIT`.
"""

from __future__ import annotations

import sys

import orjson

from harness.settings import HarnessSettings
from harness.tracking.edge import told
from harness.tracking.read import answered
from runtime.public import JsonObject


def main() -> None:
    """Answer for the store of the environment."""
    answer = overview(sys.argv[1], tracking_uri=HarnessSettings.read().tracking_uri)
    sys.stdout.buffer.write(orjson.dumps(answer))


def overview(limit: str, *, tracking_uri: str) -> JsonObject:
    """Return the latest points, and the champion of each model among them that has one.

    Raises:
        MlflowException: the store can't be read.
    """
    points = answered(["history", limit], tracking_uri=tracking_uri)
    models = sorted({point["model"] for point in points})
    champions = [answered(["champion", model], tracking_uri=tracking_uri) for model in models]
    return {"points": points, "champions": [found for found in champions if found]}


if __name__ == "__main__":
    sys.exit(told(main))
