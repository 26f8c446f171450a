"""Write the API's description anew: `python -m tests.api.renew_openapi`."""

from __future__ import annotations

import orjson

from runtime.app import create_app
from tests.api.test_openapi import A_PLATFORM, SNAPSHOT

if __name__ == "__main__":
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    SNAPSHOT.write_bytes(orjson.dumps(create_app(A_PLATFORM).openapi(), option=options) + b"\n")
