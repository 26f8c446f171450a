"""Write the API's description anew: `python -m tests.api.renew_openapi`."""

from __future__ import annotations

import orjson
from pydantic import SecretStr

from runtime.app import create_app
from runtime.settings import ServiceSettings
from tests.api.test_openapi import SNAPSHOT

if __name__ == "__main__":
    settings = ServiceSettings(database_url=SecretStr("postgresql://app@127.0.0.1/none"))
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    SNAPSHOT.write_bytes(orjson.dumps(create_app(settings).openapi(), option=options) + b"\n")
