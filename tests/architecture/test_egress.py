"""Hold the runtime to the ways out that it has: whatever a tenant may address passes the egress.

A module that can open a connection is on the list with the reason why nobody but an operator says
where it leads; effects, webhooks and pages go through `runtime.adapters.egress`.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

import pytest

from tests.architecture.rules import SourceFile
from tests.architecture.tree import python_files

CLIENTS: Final = frozenset(
    {
        "aiohttp",
        "ftplib",
        "http.client",
        "httpx",
        "imaplib",
        "litellm",
        "openai",
        "playwright",
        "poplib",
        "requests",
        "smtplib",
        "telnetlib",
        "urllib.request",
        "urllib3",
        "websockets",
        "xmlrpc.client",
    }
)
CONNECTING: Final = frozenset(
    {"connect_ex", "create_connection", "getaddrinfo", "open_connection", "sock_connect"}
)
EGRESS: Final = "runtime/adapters/egress/"
BY_OPERATORS: Final = {
    "runtime/adapters/chromium.py": "its browser has one way out, the egress's own gate",
    "runtime/adapters/embedded/postgres_roles.py": "this machine's embedded server",
    "runtime/adapters/embedded/redis.py": "this machine's embedded server",
    "runtime/adapters/litellm_model.py": "models of the operator's references",
    "runtime/adapters/opa/wire.py": "the operator's OPA",
    "runtime/adapters/openai_http.py": "models of the operator's references",
    "runtime/adapters/secret_providers/vault_wire.py": "the operator's Vault",
    "runtime/adapters/smtp.py": "the operator's mail server",
    "runtime/client/transport.py": "the platform that whoever makes a client names",
    "runtime/entrypoints/cli/forwarding.py": "the program on this machine that a person names",
}


def ways_out(file: SourceFile) -> Iterator[str]:
    """Yield by what a module could open a connection."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names if _is_client(item.name))
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (node.module, *(f"{node.module}.{item.name}" for item in node.names))
            yield from (name for name in names if _is_client(name))
        elif isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in CONNECTING:
                yield name


def _is_client(name: str) -> bool:
    return any(name == client or name.startswith(f"{client}.") for client in CLIENTS)


def test_only_known_modules_open_connections() -> None:
    """A new way out is a decision: it goes through the egress, or onto the list with its reason."""
    found = {
        str(file.path)
        for file in python_files("runtime")
        if not str(file.path).startswith(EGRESS) and any(ways_out(file))
    }

    assert found - set(BY_OPERATORS) == set(), "send through runtime.ports.egress instead"
    assert set(BY_OPERATORS) - found == set(), "these have no way out any more: shorten the list"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import aiohttp", ["aiohttp"]),
        ("import urllib.request", ["urllib.request"]),
        ("from urllib import request", ["urllib.request"]),
        ("from playwright.async_api import Page", ["playwright.async_api"]),
        ("from http import client", ["http.client"]),
        ("def f():\n    import httpx", ["httpx"]),
        ("asyncio.open_connection('a', 1)", ["open_connection"]),
        ("from socket import *\ncreate_connection(('a', 1))", ["create_connection"]),
        ("from http import HTTPStatus\nfrom urllib.parse import urlsplit\nimport socket", []),
    ],
)
def test_the_rule_sees_each_way_out(text: str, expected: list[str]) -> None:
    """Clients are recognised however they are imported, and connections that need none."""
    file = SourceFile(path=PurePosixPath("runtime/sample.py"), text=text)

    assert expected == [name for name in ways_out(file) if name in expected or not expected]
