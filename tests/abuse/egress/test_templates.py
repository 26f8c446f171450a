"""Try to have what people write read as a template: it arrives as it was written (GOALS: X1)."""

from __future__ import annotations

from itertools import product

import orjson
import pytest

from runtime.kit.clock import FixedClock
from runtime.plugins.stdlib.effects.http_call import HTTP_CALL
from runtime.plugins.stdlib.effects.references import filled
from runtime.ports.effect import EffectTools
from runtime.ports.effect_failure import PermanentError
from tests.effects import TableSecrets, a_call
from tests.egress import NOW, an_egress
from tests.servers.receiver import a_receiver

MARKS = (
    ("{{", "}}"),
    ("{%", "%}"),
    ("${", "}"),
    ("#{", "}"),
    ("<%=", "%>"),
    ("{", "}"),
    ("%(", ")s"),
    ("$(", ")"),
    ("{{=", "=}}"),
    ("[[", "]]"),
    ("@(", ")"),
    ("{php}", "{/php}"),
    ("*{", "}"),
    ("~{", "}"),
)
EXPRESSIONS = (
    "7*7",
    "9**9**9",
    "'a'*10**9",
    "''.__class__.__mro__[1].__subclasses__()",
    "self.__init__.__globals__.__builtins__",
    "config.items()",
    "request['application']['__globals__']",
    "lipsum.__globals__['os'].popen('id').read()",
    "cycler.__init__.__globals__.os.getpid()",
    "()|attr('__class__')|attr('__base__')",
    "'%s'|format(x)",
    "'{0.__class__}'.format(x)",
    "import('os').system('id')",
    "T(java.lang.Runtime).getRuntime().exec('id')",
    "input.secret",
    "secrets.crm",
    "include '/etc/passwd'",
)
PAYLOADS = tuple(f"{start} {text} {end}" for (start, end), text in product(MARKS, EXPRESSIONS))


def test_the_corpus_is_large() -> None:
    """There are at least 200 different texts."""
    assert len(set(PAYLOADS)) >= 200


async def test_no_text_is_evaluated() -> None:
    """In declarations and in inputs, as values and as keys, templates are text."""
    inputs = {"all": list(PAYLOADS), "keys": dict.fromkeys(PAYLOADS, 1)}
    body = {
        "given": {"input": "/all"},
        "keys": {"input": "/keys"},
        "declared": list(PAYLOADS),
    }
    async with a_receiver() as receiver, an_egress(f"127.0.0.1:{receiver.port}") as egress:
        tools = EffectTools(
            clock=FixedClock(NOW),
            egress=egress,
            secrets=TableSecrets(crm=("hunter2", ("127.0.0.1",))),
        )
        url = f"http://127.0.0.1:{receiver.port}/"
        await HTTP_CALL.handler(a_call({"url": url, "body": body}, inputs=inputs), tools)

    (received,) = receiver.received
    assert orjson.loads(received.body) == {
        "given": inputs["all"],
        "keys": inputs["keys"],
        "declared": inputs["all"],
    }
    assert b"hunter2" not in received.body


@pytest.mark.parametrize(
    "pointer",
    [
        "/__class__",
        "/a/__class__",
        "/a/items",
        "/a/0",
        "/l/__len__",
        "/l/-1",
        "/l/-",
        "/l/1e0",
        "/s/0",
    ],
)
def test_a_pointer_reads_members_and_nothing_else(pointer: str) -> None:
    """Attributes, methods, negative indices and letters of a text are not members."""
    source = {"a": {"b": 1}, "l": [1, 2], "s": "text"}

    with pytest.raises(PermanentError, match="has nothing"):
        filled({"input": pointer}, sources={"input": source})
