"""An address is judged when it is stated by the rules that hold when it is called."""

from __future__ import annotations

import pytest

from runtime.adapters.egress.endpoint_check import RulesCheck
from runtime.adapters.egress.rules import EgressRules, read_rules
from runtime.ports.effect_failure import PermanentError

STRANGERS = RulesCheck(EgressRules())


@pytest.mark.parametrize(
    ("url", "place"),
    [
        pytest.param("https://Hooks.Example.com/a?b=c", "https://hooks.example.com", id="a name"),
        pytest.param(
            "https://hooks.example.com:8443/", "https://hooks.example.com:8443", id="port"
        ),
        pytest.param("https://93.184.215.14/x", "https://93.184.215.14", id="a public address"),
        pytest.param("https://[2606:4700::1111]/", "https://[2606:4700::1111]", id="IPv6"),
    ],
)
def test_only_the_place_of_an_address_is_told(url: str, place: str) -> None:
    """The path may hold a secret."""
    assert STRANGERS.place(url) == place


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://hooks.example.com:25/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://user@hooks.example.com/",
        "https://0x7f000001/",
        "nothing",
    ],
)
def test_what_could_never_be_called_is_refused(url: str) -> None:
    """Without looking anything up, and without repeating it."""
    with pytest.raises(PermanentError) as caught:
        STRANGERS.place(url)

    assert url not in caught.value.reason


def test_an_operator_may_open_an_address() -> None:
    """On the port that is named, and by http too."""
    check = RulesCheck(read_rules("127.0.0.1:9000"))

    assert check.place("http://127.0.0.1:9000/in") == "http://127.0.0.1:9000"
    with pytest.raises(PermanentError):
        check.place("http://127.0.0.1:9001/in")
