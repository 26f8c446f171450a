"""Tests of what an operator allows requests to reach."""

from ipaddress import ip_address

import pytest

from runtime.adapters.egress.rules import AllowListError, read_rules
from runtime.adapters.egress.target import read_target


def verdict(allow: str, url: str, address: str) -> str | None:
    """Return the refusal of a target or of its address, or None."""
    rules, target = read_rules(allow), read_target(url)
    return rules.refusal_of_target(target) or rules.refusal_of_address(target, ip_address(address))


PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    ("allow", "url", "address"),
    [
        pytest.param("", "https://a.example/", PUBLIC, id="a stranger by https"),
        pytest.param("", "https://a.example:8443/", PUBLIC, id="a stranger's other port"),
        pytest.param("", f"https://{PUBLIC}/", PUBLIC, id="a stranger without a name"),
        pytest.param("crm.internal", "https://crm.internal/", "10.0.0.1", id="a name inside"),
        pytest.param("crm.internal", "http://crm.internal/", "10.0.0.1", id="its http"),
        pytest.param("CRM.internal ", "http://crm.internal/", "10.0.0.1", id="written loosely"),
        pytest.param("crm:9000", "http://crm:9000/", "127.0.0.1", id="a local name and port"),
        pytest.param("*.lab.example", "http://a.b.lab.example/", "10.0.0.1", id="names below"),
        pytest.param("10.2.0.0/16", "http://a.example/", "10.2.3.4", id="a network by any name"),
        pytest.param("127.0.0.1:9000", "http://127.0.0.1:9000/", "127.0.0.1", id="an address"),
        pytest.param("[::1]:9000", "http://[::1]:9000/", "::1", id="an address of IPv6"),
        pytest.param("[fd00::/8]", "https://a.example/", "fd00::1", id="a network of IPv6"),
        pytest.param("169.254.169.254", "http://169.254.169.254/", "169.254.169.254", id="odd"),
        pytest.param("x.example,y.example", "http://y.example/", "10.0.0.1", id="the second"),
    ],
)
def test_what_is_allowed_is_reached(allow: str, url: str, address: str) -> None:
    """Strangers by https; of what the operator names, http and inner addresses too."""
    assert verdict(allow, url, address) is None


@pytest.mark.parametrize(
    ("allow", "url", "address", "reason"),
    [
        pytest.param("", "http://a.example/", PUBLIC, "http reaches only", id="plain http"),
        pytest.param("", "https://a.example:22/", PUBLIC, "port 22", id="ssh"),
        pytest.param("", "https://a.example:25/", PUBLIC, "port 25", id="mail"),
        pytest.param("", "https://a.example:6379/", PUBLIC, "port 6379", id="redis"),
        pytest.param("", "https://a.example:5432/", PUBLIC, "port 5432", id="postgres"),
        pytest.param("", "https://localhost/", "127.0.0.1", "local name", id="this machine"),
        pytest.param("", "https://a.example/", "127.0.0.1", "not public", id="loopback"),
        pytest.param("", "https://a.example/", "::ffff:127.0.0.1", "not public", id="mapped"),
        pytest.param("x.example", "https://a.example/", "10.0.0.1", "not public", id="other name"),
        pytest.param("x.example", "https://bx.example/", "10.0.0.1", "not public", id="a suffix"),
        pytest.param("*.x.example", "https://x.example/", "10.0.0.1", "not public", id="itself"),
        pytest.param("crm:9000", "http://crm:9001/", "10.0.0.1", "http reaches", id="other port"),
        pytest.param("crm.internal", "https://crm.internal:22/", "10.0.0.1", "port 22", id="port"),
        pytest.param("10.2.0.0/16", "http://a.example/", "10.3.0.1", "not public", id="beside"),
        pytest.param("10.2.0.0/16", "http://a.example/", PUBLIC, "not one that", id="http public"),
        pytest.param("10.2.0.0/16:9000", "https://a.example:9000/", PUBLIC, "not one", id="port+"),
        pytest.param("127.0.0.1", "https://[::ffff:127.0.0.1]/", "::ffff:7f00:1", "not", id="v6"),
        pytest.param("crm.internal", "http://crm.internal/", "169.254.169.254", "never", id="aws"),
        pytest.param("crm.internal", "http://crm.internal/", "fd00:ec2::254", "never", id="aws6"),
        pytest.param("crm.internal", "http://crm.internal/", "168.63.129.16", "never", id="azure"),
        pytest.param(
            "crm.internal", "http://crm.internal/", "::ffff:169.254.169.254", "never", id="hidden"
        ),
        pytest.param("crm.internal", "http://crm.internal/", "64:ff9b::a9fe:a9fe", "never", id="n"),
        pytest.param("crm.internal", "http://crm.internal/", "0.0.0.0", "never", id="any"),  # noqa: S104  # an address to refuse
    ],
)
def test_what_is_not_allowed_is_refused(allow: str, url: str, address: str, reason: str) -> None:
    """Everything else stays out, with a reason that names no address."""
    refusal = verdict(allow, url, address)

    assert refusal is not None
    assert reason in refusal


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://crm.internal", "no HOST"),
        ("crm.internal/path", "no HOST"),
        ("crm.internal/24", "prefix length"),
        ("*", "no HOST"),
        ("*.", "no HOST"),
        ("a.*.example", "no HOST"),
        ("crm internal", "no HOST"),
        ("10.0.0.0/33", "can't be allowed"),
        ("10.0.0.1/8", "host bits"),
        ("[::1", "no HOST"),
        ("[::zz]", "no HOST"),
        ("[:::1]", "can't be allowed"),
        ("crm:65536", "above 65535"),
        ("crm:0", "no HOST"),
        ("127.1", "can't be allowed"),
    ],
)
def test_an_entry_that_can_not_be_read_is_named(text: str, problem: str) -> None:
    """A list that is not understood in full allows nothing, and says where it went wrong."""
    with pytest.raises(AllowListError, match=problem):
        read_rules(f"fine.example, {text}")


def test_an_empty_list_allows_strangers_only() -> None:
    """Blank parts between commas are no entries."""
    assert read_rules(" , ,").allowed == ()


@pytest.mark.parametrize(
    ("named", "url", "address", "open_"),
    [
        ("https://login.internal/realm", "https://login.internal/keys", "10.0.0.5", True),
        ("https://login.internal:8444/x", "https://login.internal:8444/", "10.0.0.5", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/keys", "127.0.0.1", True),
        ("https://[fd00::1]/", "https://[fd00::1]/keys", "fd00::1", True),
        ("https://login.internal", "https://login.internal:8443/", "10.0.0.5", False),
        ("https://login.internal", "http://login.internal/", "10.0.0.5", False),
        ("https://login.internal", "https://www.login.internal/", "10.0.0.5", False),
        ("https://login.internal", "https://login.internal/", "169.254.169.254", False),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8081/", "127.0.0.1", False),
        ("http://127.0.0.1:8080", "http://127.0.0.2:8080/", "127.0.0.2", False),
    ],
)
def test_what_a_setting_names_is_open_and_nothing_beside_it(
    named: str, url: str, address: str, *, open_: bool
) -> None:
    """An operator who names an identity provider opens its host and port only."""
    rules, target = read_rules("", named=[named]), read_target(url)
    refusal = rules.refusal_of_target(target) or rules.refusal_of_address(
        target, ip_address(address)
    )

    assert (refusal is None) == open_


@pytest.mark.parametrize("named", ["", "login.internal", "https://127.1/", "https://u@a.example/"])
def test_what_a_setting_names_can_not_be_read_in_two_ways(named: str) -> None:
    """It is read as the address of a request is."""
    with pytest.raises(AllowListError, match="can't be used"):
        read_rules("fine.example", named=[named])
