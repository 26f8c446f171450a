"""Tests of where a secret may go."""

import pytest

from runtime.ports.secret_source import Secret


@pytest.mark.parametrize(
    ("hosts", "host", "allowed"),
    [
        (("a.example",), "a.example", True),
        (("a.example", "b.example"), "b.example", True),
        (("*.a.example",), "x.a.example", True),
        (("*.a.example",), "x.y.a.example", True),
        (("127.0.0.1",), "127.0.0.1", True),
        ((), "a.example", False),
        (("a.example",), "x.a.example", False),
        (("a.example",), "ba.example", False),
        (("a.example",), "a.example.evil", False),
        (("*.a.example",), "a.example", False),
        (("*.a.example",), "xa.example", False),
        (("*.a.example",), "x.a.example.evil", False),
    ],
)
def test_a_secret_goes_to_the_hosts_that_it_was_made_for(
    hosts: tuple[str, ...], host: str, *, allowed: bool
) -> None:
    """A star stands for names below, and for nothing else."""
    assert Secret(name="crm", value="x", hosts=hosts).may_go_to(host) is allowed
