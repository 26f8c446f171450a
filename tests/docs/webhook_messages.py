"""Sign messages as the platform does, and change them as an attacker or an accident would."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runtime.kit.webhook_keys import private_key, public_key, shared_secret
from runtime.kit.webhook_signature import signature_headers

NOW_S = 1_800_000_000
BODY = '{"type":"plan.executed","data":{"name":"Überweisung № 5 🚀"}}'.encode()
SHARED = shared_secret(bytes(range(32)))
OLDER = shared_secret(bytes(range(1, 33)))
PRIVATE = private_key(bytes(range(32)))
PUBLIC = public_key(PRIVATE)
OTHER_PUBLIC = public_key(private_key(bytes(32)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Hold a message as it arrives, by which keys it is read, and what has to come of it.

    Attributes:
        says: a part of the reason why it is refused; None: it is believed.
    """

    name: str
    headers: Mapping[str, str]
    body: bytes = BODY
    keys: tuple[str, ...] = (SHARED, PUBLIC)
    now_s: int = NOW_S
    says: str | None = None


def signed(*secrets: str, **changed: str) -> dict[str, str]:
    """Return the headers of the message, with some of them changed."""
    made = signature_headers(BODY, secrets=secrets, message_id="evt_1", timestamp_s=NOW_S)
    return {**made, **{name.replace("_", "-"): value for name, value in changed.items()}}


def messages() -> Iterator[Message]:
    """Yield all messages."""
    yield from _believed()
    yield from _changed()
    yield from _not_headers()
    yield from _not_keys()


def _believed() -> Iterator[Message]:
    both = signed(PRIVATE, SHARED, OLDER)
    for name, key in (("shared", SHARED), ("older", OLDER), ("public", PUBLIC)):
        yield Message(name=f"one of many by the {name} key", headers=both, keys=(key,))
    bare = SHARED.removeprefix("whsec_")
    yield Message(name="without prefix", headers=signed(SHARED), keys=(bare,))
    yield Message(name="one of two keys", headers=signed(OLDER), keys=(SHARED, OLDER))
    upper = {name.title(): value for name, value in signed(SHARED).items()}
    yield Message(name="names in another case", headers=upper)
    yield Message(name="at the end of its time", headers=signed(SHARED), now_s=NOW_S + 300)
    yield Message(name="of a clock ahead", headers=signed(SHARED), now_s=NOW_S - 300)
    later = f"v2,AAAA v1,!!! {signed(SHARED)['webhook-signature']}"
    yield Message(name="beside unknown ones", headers=signed(SHARED, webhook_signature=later))


def _changed() -> Iterator[Message]:
    none = "no signature fits"
    for secret, kind in ((SHARED, "v1"), (PRIVATE, "v1a")):
        for at in (0, len(BODY) // 2, len(BODY) - 1):
            body = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]
            yield Message(name=f"{kind} byte {at}", headers=signed(secret), body=body, says=none)
        yield Message(name=f"{kind} longer", headers=signed(secret), body=BODY + b" ", says=none)
        yield Message(name=f"{kind} empty", headers=signed(secret), body=b"", says=none)
        other_id = signed(secret, webhook_id="evt_2")
        yield Message(name=f"{kind} another id", headers=other_id, says=none)
        later = signed(secret, webhook_timestamp=str(NOW_S + 1))
        yield Message(name=f"{kind} another instant", headers=later, says=none)
        signature = signed(secret)["webhook-signature"]
        for what, text in (
            ("cut", signature[:-4]),
            ("without version", signature.partition(",")[2]),
            ("of a later version", signature.replace("v1", "v2")),
            ("comma for blank", f"v1,AAAA,{signature}"),
            ("twice its length", f"{kind},{b64encode(bytes(64) * 2).decode()}"),
            ("after too many", "v1,AAAA " * 32 + signature),
        ):
            headers = signed(secret, webhook_signature=text)
            yield Message(name=f"{kind} signature {what}", headers=headers, says=none)
    shared, pair = (signed(key)["webhook-signature"].partition(",")[2] for key in (SHARED, PRIVATE))
    swapped = signed(SHARED, webhook_signature=f"v1a,{shared} v1,{pair}")
    yield Message(name="schemes swapped", headers=swapped, says=none)
    yield Message(name="late", headers=signed(SHARED), now_s=NOW_S + 301, says="signed 301 s ago")
    yield Message(name="early", headers=signed(SHARED), now_s=NOW_S - 301, says="signed -301 s ago")
    strangers = (OLDER, OTHER_PUBLIC)
    both = signed(SHARED, PRIVATE)
    yield Message(name="a stranger's keys", headers=both, keys=strangers, says=none)
    yield Message(name="no key", headers=both, keys=(), says=none)


def _not_headers() -> Iterator[Message]:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    for name in names:
        says = "no signature fits" if name == "webhook-signature" else f"{name} is missing"
        without = {key: value for key, value in signed(SHARED).items() if key != name}
        yield Message(name=f"without {name}", headers=without, says=says)
    for value in ("", "a.b", "a b", "x" * 257):
        headers = signed(SHARED, webhook_id=value)
        yield Message(name=f"id {value[:4]!r}", headers=headers, says="webhook-id is missing")
    for value in ("", "0", "-1", "1e9", "1800000000.0", " 1800000000", "9" * 12, "Infinity"):
        headers = signed(SHARED, webhook_timestamp=value)
        yield Message(name=f"instant {value!r}", headers=headers, says="webhook-timestamp is")


def _not_keys() -> Iterator[Message]:
    for key, says in (
        ("whsec_not base64", "no base64"),
        ("whsec_" + b64encode(bytes(8)).decode(), "8 bytes"),
        ("whpk_" + b64encode(bytes(31)).decode(), "31 bytes"),
        (PRIVATE, "a private one"),
        ("", "0 bytes"),
    ):
        yield Message(name=f"key {key[:8]!r}", headers=signed(SHARED), keys=(key,), says=says)


MESSAGES = tuple(messages())
