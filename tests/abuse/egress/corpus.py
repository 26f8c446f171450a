"""List the addresses that no request may lead to, in every spelling that we know of.

Sources: the IANA special-purpose registries, the clouds' metadata services, and the ways in which
parsers of URLs are known to differ. GOALS: S1, S2, S10.
"""

from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

SPECIAL = (
    "0.0.0.0",  # noqa: S104  # an address to refuse
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.254",
    "127.0.0.1",
    "127.0.0.53",
    "127.1.1.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.253",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.17.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)
CANARY_NAMES = ("localhost", "localhost.localdomain", "LOCALHOST", "ip6-localhost", "canary")
SERVICE_PORTS = (21, 22, 23, 25, 53, 110, 111, 389, 445, 1433, 2375, 2379, 3306, 5432, 6379, 9200)
WRITTEN = (
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0X7F.0x0.0x0.0x1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0/",
    "https://0x0/",
    "https://127.0.0.1./",
    "https://127.0.0.1.:443/",
    "https://127.000.000.001/",
    "https://localhost./",
    "https://a.example./",
    "https://%6c%6f%63alhost/",
    "https://%31%32%37%2e0.0.1/",
    "https://127%2e0.0.1/",
    "https://a.example@127.0.0.1/",
    "https://a.example:443@127.0.0.1/",
    "https://127.0.0.1@a.example/",
    "https://a.example#@127.0.0.1/",
    "https://127.0.0.1#@a.example/",
    "https://127.0.0.1\\@a.example/",
    "https://a.example\\@127.0.0.1/",
    "https:\\\\127.0.0.1/",
    "https:/127.0.0.1/",
    "https:127.0.0.1/",
    "https:///127.0.0.1/",
    "//127.0.0.1/",
    "127.0.0.1",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://[::127.0.0.1]/",
    "https://[::1%25lo]/",
    "https://[::1%lo]/",
    "https://[fe80::1%25eth0]/",
    "https://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "https://[::]:443/",
    "https://[::1]a/",
    "https://::1/",
    "https://\u2460\u2461\u2466.0.0.1/",
    "https://127\u30020\u30020\u30021/",
    "https://127\uff0e0\uff0e0\uff0e1/",
    "https://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
    "https://loc\u00adalhost/",
    "https://loc\u200balhost/",
    "https://127.0.0.1\t/",
    "https://127.0.0.1\r\n/",
    "https://127.0.0.1\0/",
    "https://a.example\r\nHost: localhost/",
    "\thttps://127.0.0.1/",
    " https://127.0.0.1/",
    "https://127.0.0.1 /",
    "https://127.0.0.1:443:443/",
    "https://127.0.0.1:/",
    "https://127.0.0.1:-1/",
    "https://127.0.0.1:00443/",
    "https://127.0.0.1:4 43/",
    "https://127.0.0.1:99999/",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:6379/info",
    "ldap://127.0.0.1/",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "jar:https://127.0.0.1!/",
    "netdoc:///etc/passwd",
    "data:text/html,x",
    "javascript:alert(1)",
    "ws://127.0.0.1/",
    "wss://127.0.0.1/",
    "HTTP://127.0.0.1/",
    "hTTps://127.0.0.1/",
    "https://127.0.0.1?@a.example/",
    "https://127.0.0.1;@a.example/",
    "https://a.example&@127.0.0.1/",
    "https://[a.example]@127.0.0.1/",
    "https://a.example%00@127.0.0.1/",
    "https://a.example%0d%0aHost:%20localhost/",
    "https://127.0.0.1%23@a.example/",
    "https://{127.0.0.1}/",
    "https://127.0.0.1|a.example/",
    "https://127.0.0.1,a.example/",
    "https://127.0.0.1_/",
    "https://-127.0.0.1/",
    "",
    "https://",
    "https://?",
)


def hosts() -> Iterator[str]:
    """Yield the special addresses as hosts of a URL, in every spelling that Python gives them."""
    for text in SPECIAL:
        address = ip_address(text)
        if isinstance(address, IPv6Address):
            yield f"[{address.compressed}]"
            yield f"[{address.exploded}]"
            yield f"[{address.compressed.upper()}]"
        else:
            yield str(address)
            yield f"[::ffff:{address}]"
            yield f"[{IPv6Address(0xFFFF << 32 | int(address)).exploded}]"


def attacks() -> Iterator[str]:
    """Yield the addresses of all requests that must not be sent."""
    yield from WRITTEN
    for host in hosts():
        yield f"https://{host}/"
        yield f"http://{host}/latest/meta-data/"
    for name in CANARY_NAMES:
        yield f"https://{name}/"
        yield f"http://{name}/"
    for port in SERVICE_PORTS:
        yield f"https://a.example:{port}/"
        yield f"http://a.example:{port}/"


ATTACKS = tuple(dict.fromkeys(attacks()))
