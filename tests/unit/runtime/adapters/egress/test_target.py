"""Tests of reading the address of a request."""

from ipaddress import ip_address

import pytest

from runtime.adapters.egress.target import LONGEST_URL, read_target
from runtime.ports.effect_failure import PermanentError


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("https://Example.COM/a?b=c", "example.com", 443, "/a?b=c", "example.com"),
        ("HTTPS://example.com:8443/", "example.com", 8443, "/", "example.com:8443"),
        ("https://example.com:443/a", "example.com", 443, "/a", "example.com"),
        ("http://example.com?q", "example.com", 80, "/?q", "example.com"),
        ("https://xn--bcher-kva.example/%C3%A9", "xn--bcher-kva.example", 443, "/%C3%A9", None),
        ("https://93.184.215.14/", "93.184.215.14", 443, "/", "93.184.215.14"),
        ("https://[2606:4700::1111]:8443/", "2606:4700::1111", 8443, "/", "[2606:4700::1111]:8443"),
        ("https://[2606:4700:0::1111]/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
    ],
)
def test_an_address_is_read_in_its_one_spelling(
    url: str, host: str, port: int, path: str, authority: str | None
) -> None:
    """Scheme and host lose their case, ports their absence; the path is sent as written."""
    target = read_target(url)

    assert (target.host, target.port, target.path) == (host, port, path)
    assert target.authority == (authority or host)
    assert target.secure is url.lower().startswith("https")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("93.184.215.14", "https://93.184.215.14:8443/a%20b?c=d"),
        ("2606:4700::1111", "https://[2606:4700::1111]:8443/a%20b?c=d"),
    ],
)
def test_a_judged_address_takes_the_place_of_the_name(address: str, url: str) -> None:
    """What is connected to is the address; nothing else of the URL changes."""
    target = read_target("https://example.com:8443/a%20b?c=d")

    assert str(target.at(ip_address(address))) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "data:text/plain,hello",
        "https:///path",
        "https://",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com#@127.0.0.1/",
        "https://example.com/#fragment",
        "https://example.com\\@127.0.0.1/",
        "https:\\\\example.com/",
        "https://example.com/a b",
        "https://example.com/\r\nHost: evil",
        "https://example.com/\t",
        " https://example.com/",
        "https://example.com/\n",
        "https://exam\u00adple.com/",
        "https://example\u3002com/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://b\u00fccher.example/",
        "https://example.com/\u00e9",
        "https://%31%32%37.0.0.1/",
        "https://example.com.:443/",
        "https://example..com/",
        "https://.example.com/",
        "https://-example.com/",
        "https://example-.com/",
        f"https://{'a' * 64}.com/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.0.0.1.1/",
        "https://127.0.0.01/",
        "https://1.2.3.256/",
        "https://example.0x/",
        "https://[::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[127.0.0.1]/",
        "https://[example.com]/",
        "https://[::1/",
        "https://::1/",
        "https://[:::]/",
        "https://example.com:0/",
        "https://example.com:/",
        "https://example.com:65536/",
        "https://example.com:0443/",
        "https://example.com:44 3/",
        "https://example.com:+443/",
        "https://example.com/" + "a" * LONGEST_URL,
    ],
)
def test_what_two_readers_could_read_differently_is_refused(url: str) -> None:
    """There is one reading of an address, or none."""
    with pytest.raises(PermanentError, match="can't be used"):
        read_target(url)


def test_a_refused_address_is_not_repeated() -> None:
    """An address may hold a credential, so that messages leave it out."""
    with pytest.raises(PermanentError) as raised:
        read_target("https://user:hunter2@example.com/?token=hunter2")

    assert "hunter2" not in raised.value.reason
