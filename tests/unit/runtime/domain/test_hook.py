"""Hooks have an address that says where it leads, and deliveries know when they are in doubt."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.hook import (
    KEPT,
    SURE_FOR,
    Delivery,
    DeliveryStatus,
    Hook,
    HookPlace,
    HookSecret,
    forgettable_before,
    read_address,
    spelled_address,
)
from runtime.domain.hook_mapping import HookMapping
from runtime.domain.hook_signature import HookStyle
from runtime.kit import base62
from runtime.kit.ids import new_id
from runtime.services.expired_keys import KEPT as KEYS_KEPT

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACE = HookPlace(
    organization_id=new_id("org", now_ms=1_767_225_600_000, entropy=bytes(range(10))),
    hook_id=new_id("hok", now_ms=1_767_225_600_001, entropy=bytes(range(10, 20))),
)


def a_secret(*, age: timedelta = HOUR, ends_in: timedelta | None = None) -> HookSecret:
    """Build a secret."""
    return HookSecret(
        id="hks_1",
        hook_id=PLACE.hook_id,
        sealed=b"never shown",
        created_at=NOW - age,
        ends_at=None if ends_in is None else NOW + ends_in,
    )


def a_delivery(*, open_tries: int, claimed: timedelta) -> Delivery:
    """Build a delivery of which a try began a while ago."""
    return Delivery(
        id="hkd_1",
        hook_id=PLACE.hook_id,
        named="msg_1",
        body_digest="d",
        status=DeliveryStatus.RECEIVED,
        reason=None,
        outcome_id=None,
        tries=1,
        open_tries=open_tries,
        claimed_at=NOW - claimed,
        received_at=NOW - claimed,
        ended_at=None,
    )


def test_an_address_is_read_as_it_was_spelled() -> None:
    """It leads to one hook of one organization."""
    assert read_address(spelled_address(PLACE)) == PLACE


def test_a_hook_has_the_address_of_its_place() -> None:
    """Its own organization stands in it, and no other."""
    hook = Hook(
        id=PLACE.hook_id,
        organization_id=PLACE.organization_id,
        project_id="prj_1",
        name="n",
        style=HookStyle.GITHUB,
        service_id="mem_1",
        mapping=HookMapping.model_validate({"steps": [{"action": "a"}]}),
        enabled=True,
        created_at=NOW,
        created_by="mem_2",
        updated_at=NOW,
    )

    assert hook.address == spelled_address(PLACE)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text[:-1], id="shorter"),
        pytest.param(lambda text: text + "0", id="longer"),
        pytest.param(lambda text: text.replace("hook_", "pgt_"), id="another kind"),
        pytest.param(lambda text: text[:10] + ("1" if text[10] != "1" else "2") + text[11:],
                     id="a typing error"),
        pytest.param(lambda _: "../../etc", id="a path"),
        pytest.param(lambda _: "", id="nothing"),
        pytest.param(lambda text: text + "\n", id="a line break"),
    ],
)  # fmt: skip
def test_what_is_no_address_leads_nowhere(change: object) -> None:
    """And is told before anything is looked up."""
    assert callable(change)
    assert read_address(change(spelled_address(PLACE))) is None


def test_an_address_that_no_ids_spell_leads_nowhere() -> None:
    """Though its checksum fits."""
    body = "z" * 43
    checksum = base62.encode(zlib.crc32(body.encode()).to_bytes(4))

    assert read_address(f"hook_{body}{checksum}") is None


def test_a_secret_lives_until_it_ends() -> None:
    """The newest one has no end."""
    assert a_secret().live(NOW)
    assert a_secret(ends_in=HOUR).live(NOW)
    assert not a_secret(ends_in=timedelta(0)).live(NOW)
    assert "never shown" not in repr(a_secret())


@pytest.mark.parametrize(
    ("open_tries", "claimed", "uncertain"),
    [
        pytest.param(0, timedelta(days=9), False, id="every try has ended"),
        pytest.param(1, SURE_FOR, False, id="its key is still kept"),
        pytest.param(1, SURE_FOR + HOUR, True, id="its key may be gone"),
    ],
)
def test_a_try_without_an_end_is_uncertain_in_time(
    open_tries: int,
    claimed: timedelta,
    uncertain: bool,  # noqa: FBT001  # a case
) -> None:
    """Before the key by which a repetition finds what it did may be forgotten."""
    assert a_delivery(open_tries=open_tries, claimed=claimed).uncertain(NOW) is uncertain
    assert SURE_FOR + HOUR < KEYS_KEPT


def test_only_answers_that_stay_are_final() -> None:
    """What failed did nothing, and may be tried again."""
    assert {status for status in DeliveryStatus if status.final} == {
        DeliveryStatus.EXECUTED,
        DeliveryStatus.SKIPPED,
    }


@pytest.mark.parametrize(
    ("style", "secrets", "before"),
    [
        pytest.param(HookStyle.STANDARD, [a_secret(age=90 * 24 * HOUR)], KEPT, id="stale by then"),
        pytest.param(HookStyle.STRIPE, [], KEPT, id="stale as well"),
        pytest.param(
            HookStyle.GITHUB, [a_secret(age=90 * 24 * HOUR)], 90 * 24 * HOUR, id="never stale"
        ),
        pytest.param(HookStyle.GITHUB, [a_secret(age=HOUR)], KEPT, id="a young secret"),
        pytest.param(
            HookStyle.GITHUB,
            [a_secret(age=40 * 24 * HOUR), a_secret(age=90 * 24 * HOUR, ends_in=HOUR)],
            90 * 24 * HOUR,
            id="an old secret that still fits",
        ),
        pytest.param(
            HookStyle.GITHUB,
            [a_secret(age=40 * 24 * HOUR), a_secret(age=90 * 24 * HOUR, ends_in=-HOUR)],
            40 * 24 * HOUR,
            id="an old secret that ended",
        ),
    ],
)
def test_deliveries_are_known_for_as_long_as_they_could_come_again(
    style: HookStyle, secrets: list[HookSecret], before: timedelta
) -> None:
    """Without an instant, a delivery could be replayed as long as its secret fits."""
    assert forgettable_before(style, secrets, now=NOW) == NOW - before
