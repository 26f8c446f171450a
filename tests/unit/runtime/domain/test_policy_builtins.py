"""The list of what rules of tenants may call, held to what both engines have."""

from __future__ import annotations

import subprocess

import orjson
import pytest
from regorus import Engine

from runtime.domain.policy_builtins import ALLOWED, KEYWORDS, NAMESPACES, RESERVED, portable_pattern
from tests.servers.opa_server import needs_opa

FORBIDDEN = (
    "http.send",
    "io.jwt.decode",
    "net.lookup_ip_addr",
    "opa.runtime",
    "print",
    "rand.intn",
    "time.now_ns",
    "trace",
    "uuid.rfc4122",
)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_reaches_out_or_differs_by_the_hour_is_not_allowed(name: str) -> None:
    """No I/O, no clock, no chance, nothing that is written anywhere."""
    assert name not in ALLOWED


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_the_embedded_engine_has_each_function(name: str) -> None:
    """A function that it lacks would fail when it is called, years later."""
    engine = Engine()
    engine.add_policy("a.rego", f"package a\np := {name}()")

    with pytest.raises(RuntimeError) as refusal:
        engine.eval_rule_as_json("data.a.p")

    assert "could not find function" not in str(refusal.value)


def test_opa_has_each_function_and_each_of_its_names_is_known() -> None:
    """The lists are OPA's own: names of one word can't be taken, first words neither."""
    listed = subprocess.run(
        [needs_opa(), "capabilities", "--current"], capture_output=True, check=True, timeout=50
    )
    names = {builtin["name"] for builtin in orjson.loads(listed.stdout)["builtins"]}

    assert names >= ALLOWED
    assert {name for name in names if "." not in name} <= RESERVED
    assert {name.partition(".")[0] for name in names if "." in name} == NAMESPACES


def test_no_keyword_is_a_function() -> None:
    """`contains` is both: what follows it in a head is no argument."""
    assert {"contains"} == KEYWORDS & ALLOWED


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z0-9._-]+@example[.]com$",
        r"^\$[0-9]{1,3}\.[0-9]{2}$",
        "^(a|b)*c?.+$",
        "[^,]+",
        r"\[\]\\",
        "é",
    ],
)
def test_a_plain_pattern_is_portable(pattern: str) -> None:
    """Sets, groups, repetitions and escaped signs mean the same everywhere."""
    assert portable_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"\d", id="digits of every script to one engine"),
        pytest.param(r"\w", id="letters of every script"),
        pytest.param(r"\bx", id="a border between them"),
        pytest.param(r"\Qa.b\E", id="quoting"),
        pytest.param(r"\pL", id="a class of Unicode"),
        pytest.param("(?x) a b", id="flags"),
        pytest.param("(?i)a", id="case"),
        pytest.param("[a&&b]", id="a set of both"),
        pytest.param("[a--b]", id="a set without"),
        pytest.param("[[:alpha:]]", id="a named class"),
        pytest.param("[a[b]]", id="a set in a set"),
        pytest.param("a{1001}", id="more repetitions than one engine takes"),
        pytest.param("a{1,1001}", id="up to more repetitions"),
        pytest.param("\\\n", id="an escaped line"),
    ],
)
def test_a_pattern_that_engines_read_differently_is_not(pattern: str) -> None:
    """Each of these matched for one and not for the other, or was refused by one."""
    assert not portable_pattern(pattern)
