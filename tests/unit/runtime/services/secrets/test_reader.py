"""Tests of reading secrets: one asking for all, bounded age, and what a refusal sets off."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
    StorageUnavailableError,
)
from runtime.domain.secret_reference import read_reference
from runtime.domain.secret_value import SecretValueError
from runtime.ports.secret_provider import Lease
from runtime.services.secrets.budget import CallBudget
from runtime.services.secrets.cache import RETIRED_S
from runtime.services.secrets.classes import FRESH_S, SecretClass
from runtime.services.secrets.measures import FetchResult
from runtime.services.secrets.prefixes import read_prefix
from runtime.services.secrets.reader import ASKED_AGAIN_S, CLOSED_S, HELD_OFF_S
from runtime.services.secrets.wishes import Wish
from tests.secret_keeping import CRM, OTHER, Keeping, a_keeping, a_wish, down

LEASED = read_reference("vault://database/creds/shop")


def passed(keeping: Keeping, seconds: float) -> None:
    """Let time pass."""
    keeping.clock.advance(timedelta(seconds=seconds))


async def text_of(keeping: Keeping, wish: Wish | None = None) -> str:
    """Read the shop's secret."""
    return (await keeping.reader.read(wish or a_wish())).value.text()


async def test_a_value_is_asked_for_once_and_then_remembered() -> None:
    """Within its freshness nobody is asked again; at its end somebody is."""
    keeping = a_keeping()

    assert [await text_of(keeping) for _ in range(3)] == ["hunter2"] * 3
    passed(keeping, FRESH_S - 0.1)
    await text_of(keeping)
    assert len(keeping.provider.fetched) == 1

    passed(keeping, 0.1)
    await text_of(keeping)
    assert len(keeping.provider.fetched) == 2
    assert keeping.reader.standing().hits == 3


async def test_a_hundred_who_read_at_once_wait_for_one_answer() -> None:
    """The provider is asked once, and all get the same."""
    keeping = a_keeping()
    keeping.provider.hold = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        reads = [group.create_task(text_of(keeping)) for _ in range(100)]
        await asyncio.sleep(0)
        keeping.provider.hold.set()

    assert {read.result() for read in reads} == {"hunter2"}
    assert len(keeping.provider.fetched) == 1


async def test_who_gives_up_leaves_the_answer_to_the_others() -> None:
    """A reader that is cancelled does not cancel the asking."""
    keeping = a_keeping()
    keeping.provider.hold = asyncio.Event()
    first, second = (asyncio.create_task(text_of(keeping)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    keeping.provider.hold.set()

    assert await second == "hunter2"
    assert len(keeping.provider.fetched) == 1


async def test_all_of_a_failure_hear_of_it_and_it_is_repeated_for_a_moment_only() -> None:
    """Who reads at once, or soon after, gets the same error; then somebody is asked again."""
    keeping = a_keeping()
    keeping.provider.fails = down
    async with asyncio.TaskGroup() as group:
        reads = [group.create_task(_error(keeping)) for _ in range(100)]
    assert all(isinstance(read.result(), SecretUnavailableError) for read in reads)
    passed(keeping, HELD_OFF_S - 0.1)
    await _error(keeping)
    assert len(keeping.provider.fetched) == 1

    passed(keeping, 0.1)
    keeping.provider.fails = None
    assert await text_of(keeping) == "hunter2"


async def _error(keeping: Keeping, wish: Wish | None = None) -> SecretError:
    with pytest.raises(SecretError) as raised:
        await keeping.reader.read(wish or a_wish())
    return raised.value


@pytest.mark.parametrize(
    ("kind", "stale_s"),
    [
        pytest.param(SecretClass.SIGNING, 86_400, id="signing keys"),
        pytest.param(SecretClass.CREDENTIAL, 3_600, id="credentials"),
    ],
)
async def test_in_an_outage_a_value_serves_for_as_long_as_its_class_says(
    kind: SecretClass, stale_s: float
) -> None:
    """To the last second it serves, then nobody gets it, whatever was there before."""
    keeping = a_keeping()
    await text_of(keeping, a_wish(kind=kind))
    keeping.provider.fails = down

    passed(keeping, stale_s - 1)
    assert await text_of(keeping, a_wish(kind=kind)) == "hunter2"
    standing = keeping.reader.standing()
    assert (standing.stale, standing.oldest_stale_s, standing.closed) == (1, stale_s - 1, 0)

    passed(keeping, 1)
    assert isinstance(await _error(keeping, a_wish(kind=kind)), SecretUnavailableError)
    standing = keeping.reader.standing()
    assert (standing.stale, standing.closed) == (0, 1)


async def test_a_value_that_two_classes_share_gets_no_older_than_each_says() -> None:
    """Whichever of them had it fetched."""
    keeping = a_keeping()
    await keeping.reader.read(a_wish(kind=SecretClass.SIGNING))
    keeping.provider.fails = down
    passed(keeping, 3_600)
    with pytest.raises(SecretUnavailableError):
        await keeping.reader.read(a_wish())
    kept = await keeping.reader.read(a_wish(kind=SecretClass.SIGNING))
    assert kept.value.text() == "hunter2"


async def test_an_outage_of_an_hour_is_stale_then_closed_then_over() -> None:
    """Each five seconds somebody looks again; what was closed opens with the first answer."""
    keeping = a_keeping()
    await text_of(keeping)
    keeping.provider.fails = down
    served = 0
    for _ in range(60 * 12 + 12):
        passed(keeping, HELD_OFF_S)
        try:
            await text_of(keeping)
            served += 1
        except SecretUnavailableError:
            break
    assert served == 3_600 / HELD_OFF_S - 1

    keeping.provider.fails = None
    passed(keeping, HELD_OFF_S)
    assert await text_of(keeping) == "hunter2"
    assert keeping.reader.standing().closed == 0


async def test_what_nobody_asks_for_any_more_is_not_told_as_closed_for_ever() -> None:
    """One failed read says for a minute that the platform lacks a secret."""
    keeping = a_keeping()
    keeping.provider.fails = down
    await _error(keeping)
    assert keeping.reader.standing().closed == 1
    passed(keeping, CLOSED_S)
    assert keeping.reader.standing().closed == 0


async def test_what_a_provider_says_of_a_secret_counts_at_once() -> None:
    """A value that is gone does not serve on, as it would in an outage."""
    keeping = a_keeping()
    await text_of(keeping)
    gone = keeping.provider.values.pop("kv/shop/crm")
    passed(keeping, FRESH_S)

    assert isinstance(await _error(keeping), SecretMissingError)
    keeping.provider.fails = down
    passed(keeping, HELD_OFF_S)
    assert isinstance(await _error(keeping), SecretUnavailableError)

    keeping.provider.values["kv/shop/crm"], keeping.provider.fails = gone, None
    passed(keeping, HELD_OFF_S)
    assert await text_of(keeping) == "hunter2"


async def test_what_came_together_does_not_end_together() -> None:
    """A hundred values that were read in one instant are asked for anew over five seconds."""
    ends = set()
    for number in range(100):
        keeping = a_keeping(draw=number / 100)
        await text_of(keeping)
        for tenth in range(int(FRESH_S * 9), int(FRESH_S * 11) + 1):
            keeping.clock.advance(
                timedelta(seconds=tenth / 10) - timedelta(seconds=keeping.clock.monotonic_s())
            )
            if keeping.reader.peek(a_wish()) is None:
                ends.add(tenth)
                break
    assert min(ends) <= FRESH_S * 9.1
    assert max(ends) >= FRESH_S * 10.9
    assert len(ends) > 40


async def test_a_provider_is_asked_no_more_often_than_its_budget_says() -> None:
    """Beyond it older values serve, and what nobody has read yet has to wait."""
    keeping = a_keeping(budget=lambda now_s: CallBudget(per_hour=60, at_once=2, now_s=now_s))
    await text_of(keeping)
    passed(keeping, FRESH_S)
    await text_of(keeping)
    passed(keeping, FRESH_S)
    assert keeping.reader.standing().calls_left == {"vault": 0}

    assert await text_of(keeping) == "hunter2"
    error = await _error(keeping, a_wish(reference=read_reference("vault://kv/shop/mail#token")))
    assert isinstance(error, SecretThrottledError)
    assert len(keeping.provider.fetched) == 2
    assert keeping.measures.results[-2:] == [FetchResult.THROTTLED, FetchResult.THROTTLED]

    passed(keeping, 60)
    await text_of(keeping)
    assert len(keeping.provider.fetched) == 3


async def test_a_provider_that_wants_rest_gets_it() -> None:
    """After a 429 nothing of it is asked for as long as it says, whichever secret it is."""
    keeping = a_keeping(crm="hunter2", mail="hunter3")
    keeping.provider.fails = lambda found: SecretThrottledError(
        reference=found.text(), problem="too often", advice="wait", retry_after_s=20
    )
    await _error(keeping)
    keeping.provider.fails = None
    mail = read_reference("vault://kv/shop/mail")

    passed(keeping, 19)
    assert isinstance(await _error(keeping, a_wish(reference=mail)), SecretThrottledError)
    assert len(keeping.provider.fetched) == 1

    passed(keeping, 1)
    assert await text_of(keeping, a_wish(reference=mail)) == "hunter3"


async def test_a_value_that_was_refused_is_asked_for_once_more() -> None:
    """All who were refused it get the newer one, from one asking."""
    keeping = a_keeping()
    await text_of(keeping)
    keeping.provider.values["kv/shop/crm"] = ("hunter3", "2")

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(keeping.reader.refused(a_wish(), version="1")) for _ in range(100)
        ]
    newer = {found.value.text() for task in asked if (found := task.result()) is not None}

    assert newer == {"hunter3"}
    assert len(keeping.provider.fetched) == 2
    assert await text_of(keeping) == "hunter3"


async def test_a_version_is_asked_about_once_in_a_while() -> None:
    """A receiver that refuses a good value can't make the provider be asked all the time."""
    keeping = a_keeping()
    await text_of(keeping)
    for _ in range(10):
        assert await keeping.reader.refused(a_wish(), version="1") is None
    assert len(keeping.provider.fetched) == 2

    passed(keeping, ASKED_AGAIN_S - 1)
    assert await keeping.reader.refused(a_wish(), version="1") is None
    assert len(keeping.provider.fetched) == 2


async def test_a_refusal_for_another_reason_hides_no_rotation() -> None:
    """What was good when somebody else was refused may be rotated a moment later."""
    keeping = a_keeping()
    await text_of(keeping)
    assert await keeping.reader.refused(a_wish(), version="1") is None
    keeping.provider.values["kv/shop/crm"] = ("hunter3", "2")

    passed(keeping, ASKED_AGAIN_S)
    assert await text_of(keeping) == "hunter2"
    newer = await keeping.reader.refused(a_wish(), version="1")
    assert newer is not None
    assert newer.value.text() == "hunter3"


async def test_a_value_that_was_rotated_while_it_was_fetched_is_overwritten_too() -> None:
    """Whoever waited for it gets it; nobody keeps it, and a minute later it is gone."""
    keeping = a_keeping()
    keeping.provider.hold = asyncio.Event()
    waiting = asyncio.create_task(keeping.reader.read(a_wish()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    keeping.reader.invalidate(read_prefix(CRM.text()))
    keeping.provider.hold.set()
    found = await waiting
    assert (found.value.text(), keeping.reader.peek(a_wish())) == ("hunter2", None)

    passed(keeping, RETIRED_S)
    keeping.reader.sweep()
    with pytest.raises(SecretValueError):
        found.value.text()


async def test_who_was_refused_an_older_version_gets_the_one_that_is_known() -> None:
    """Nobody is asked: somebody else brought the newer one already."""
    keeping = a_keeping()
    keeping.provider.values["kv/shop/crm"] = ("hunter3", "2")
    await text_of(keeping)

    newer = await keeping.reader.refused(a_wish(), version="1")

    assert newer is not None
    assert newer.value.text() == "hunter3"
    assert len(keeping.provider.fetched) == 1


async def test_a_refused_value_does_not_serve_where_nobody_can_be_asked() -> None:
    """The caller learns that there is no newer one to be had, and the provider has its rest."""
    keeping = a_keeping()
    await text_of(keeping)
    keeping.provider.fails = down

    for _ in range(5):
        with pytest.raises(SecretUnavailableError):
            await keeping.reader.refused(a_wish(), version="1")
    assert len(keeping.provider.fetched) == 2


@pytest.mark.parametrize(
    ("told", "asked_again"),
    [
        pytest.param("vault://kv/shop/crm#token", True, id="the reference"),
        pytest.param("vault://kv/shop/crm", True, id="without its field"),
        pytest.param("vault://kv/shop/", True, id="all below"),
        pytest.param("vault://kv/shop/cr", False, id="a beginning that is no place"),
        pytest.param("vault://kv/shopping/", False, id="another place"),
        pytest.param("awssm://kv/shop/crm", False, id="another keeper"),
    ],
)
async def test_what_was_rotated_is_not_used_again(told: str, asked_again: bool) -> None:  # noqa: FBT001  # a table
    """Not even in an outage: who rotates may do so because the old value got out."""
    keeping = a_keeping()
    await text_of(keeping)
    keeping.provider.fails = down

    keeping.reader.invalidate(read_prefix(told))

    if asked_again:
        await _error(keeping)
    else:
        assert await text_of(keeping) == "hunter2"


async def test_what_was_being_fetched_while_it_was_rotated_is_not_remembered() -> None:
    """The answer may be of before; who asks from then on asks anew."""
    keeping = a_keeping()
    keeping.provider.hold = asyncio.Event()
    before = asyncio.create_task(text_of(keeping))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    keeping.provider.values["kv/shop/crm"] = ("hunter3", "2")
    keeping.reader.invalidate(read_prefix(CRM.text()))
    keeping.provider.hold.set()

    assert await before == "hunter2"
    assert keeping.reader.peek(a_wish()) is None
    assert await text_of(keeping) == "hunter3"
    assert len(keeping.provider.fetched) == 2


async def test_who_asks_after_a_rotation_does_not_wait_for_an_answer_of_before() -> None:
    """Both askings are under way at once; the younger one counts."""
    keeping = a_keeping()
    keeping.provider.hold = asyncio.Event()
    before = asyncio.create_task(text_of(keeping))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    keeping.provider.values["kv/shop/crm"] = ("hunter3", "2")
    keeping.reader.invalidate(read_prefix(CRM.text()))
    after = asyncio.create_task(text_of(keeping))
    keeping.provider.hold.set()

    assert (await before, await after) == ("hunter2", "hunter3")


async def test_a_rotation_ends_the_rest_after_an_error() -> None:
    """Who tells of a new value may have mended what was wrong with the old one."""
    keeping = a_keeping()
    gone = keeping.provider.values.pop("kv/shop/crm")
    await _error(keeping)
    keeping.provider.values["kv/shop/crm"] = gone
    await _error(keeping)
    keeping.reader.invalidate(read_prefix(CRM.text()))
    assert await text_of(keeping) == "hunter2"


async def test_another_organizations_secret_is_refused_before_anybody_is_asked() -> None:
    """The platform may name it, whose space it is may, and nobody else."""
    keeping = a_keeping()
    assert await text_of(keeping) == "hunter2"
    assert await text_of(keeping, a_wish(organization=None)) == "hunter2"
    for organization in (OTHER, "", "org"):
        assert isinstance(
            await _error(keeping, a_wish(organization=organization)), SecretDeniedError
        )
        with pytest.raises(SecretDeniedError):
            await keeping.reader.refused(a_wish(organization=organization), version="1")
    assert len(keeping.provider.fetched) == 2


async def test_each_answer_is_recorded_and_no_hit_is() -> None:
    """Reference, version and reason are; what nobody answered is measured only."""
    keeping = a_keeping()
    for _ in range(3):
        await text_of(keeping)
    keeping.provider.fails = down
    await _error(keeping, a_wish(reference=read_reference("vault://kv/shop/mail")))
    keeping.provider.fails = None
    await _error(keeping, a_wish(reference=read_reference("vault://kv/shop/sms")))

    told = [(item.reference, result, version) for item, result, version in keeping.records.read_of]
    assert told == [
        (CRM.text(), FetchResult.READ, "1"),
        ("vault://kv/shop/sms", FetchResult.MISSING, None),
    ]
    assert "hunter2" not in repr(keeping.records.read_of)
    assert keeping.measures.results == [
        FetchResult.READ,
        FetchResult.UNAVAILABLE,
        FetchResult.MISSING,
    ]


async def test_nobody_gets_a_value_whose_reading_can_not_be_recorded() -> None:
    """Without the database there is no record, so there is no secret."""
    keeping = a_keeping()
    keeping.records.fails = StorageUnavailableError(reason="down")
    for _ in range(2):
        with pytest.raises(StorageUnavailableError):
            await keeping.reader.read(a_wish())
    assert keeping.reader.peek(a_wish()) is None


async def leased(keeping: Keeping, *, renewable: bool = True) -> None:
    """Let the provider lease credentials for a hundred seconds, and read them."""
    keeping.provider.values["database/creds/shop"] = ("user-1", "1")
    keeping.provider.lease = Lease(id="lease-1", lasts_s=100, renewable=renewable)
    assert await text_of(keeping, a_wish(reference=LEASED)) == "user-1"


async def _renewed(keeping: Keeping) -> str:
    found = await text_of(keeping, a_wish(reference=LEASED))
    for _ in range(10):
        await asyncio.sleep(0)
    return found


async def test_a_lease_is_renewed_at_its_half_while_it_is_used() -> None:
    """Nobody waits for that; the value lasts as long as the renewal says."""
    keeping = a_keeping(draw=0.0)
    await leased(keeping)
    keeping.provider.renewals = [Lease(id="lease-1", lasts_s=100, renewable=True)]
    passed(keeping, 49)
    await _renewed(keeping)
    assert keeping.provider.renewed == []

    passed(keeping, 1)
    assert keeping.reader.peek(a_wish(LEASED)) is not None
    assert await _renewed(keeping) == "user-1"
    assert keeping.provider.renewed == ["lease-1"]
    passed(keeping, 49)
    assert await _renewed(keeping) == "user-1"
    assert (len(keeping.provider.fetched), len(keeping.provider.renewed)) == (1, 1)
    keeping.provider.renewals = [Lease(id="lease-1", lasts_s=100, renewable=True)]
    passed(keeping, 1)
    await _renewed(keeping)
    assert len(keeping.provider.renewed) == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Lease(id="lease-1", lasts_s=60, renewable=True), id="cut by the longest life"),
        pytest.param(
            SecretDeniedError(reference="x", problem="at its end", advice="fetch"), id="refused"
        ),
        pytest.param(None, id="not renewable"),
    ],
)
async def test_at_the_end_of_a_leases_life_new_credentials_are_there_in_time(
    answer: Lease | SecretError | None,
) -> None:
    """The next reader gets them, and none of them waits."""
    keeping = a_keeping(draw=0.0)
    await leased(keeping, renewable=answer is not None)
    keeping.provider.renewals = [] if answer is None else [answer]
    keeping.provider.values["database/creds/shop"] = ("user-2", "2")

    passed(keeping, 50)
    assert await _renewed(keeping) == "user-1"
    assert await _renewed(keeping) == "user-2"
    assert len(keeping.provider.fetched) == 2


async def test_a_lease_that_can_not_be_renewed_serves_to_its_end_and_no_longer() -> None:
    """Dynamic credentials are never stale: behind their end they open nothing."""
    keeping = a_keeping(draw=0.0)
    await leased(keeping)
    keeping.provider.fails = down
    keeping.provider.renewals = [down(LEASED), down(LEASED)]

    passed(keeping, 50)
    assert await _renewed(keeping) == "user-1"
    assert await _renewed(keeping) == "user-1"
    assert len(keeping.provider.renewed) == 1
    passed(keeping, HELD_OFF_S)
    await _renewed(keeping)
    assert len(keeping.provider.renewed) == 2

    passed(keeping, 45)
    assert isinstance(await _error(keeping, a_wish(reference=LEASED)), SecretUnavailableError)


@pytest.mark.parametrize("way", ["told", "fetched anew"])
async def test_what_is_replaced_is_overwritten_a_little_later(way: str) -> None:
    """Who was given it just now can still use it; a minute later nobody can."""
    keeping = a_keeping()
    old = await keeping.reader.read(a_wish())
    if way == "told":
        keeping.reader.invalidate(read_prefix(CRM.text()))
    else:
        passed(keeping, FRESH_S)
        await text_of(keeping)
    passed(keeping, RETIRED_S - 1)
    keeping.reader.sweep()
    assert old.value.text() == "hunter2"

    passed(keeping, 1)
    keeping.reader.sweep()
    with pytest.raises(SecretValueError):
        old.value.text()


async def test_what_serves_no_more_is_overwritten_though_nobody_asks() -> None:
    """An old value does not lie in memory for ever."""
    keeping = a_keeping()
    old = await keeping.reader.read(a_wish())
    for seconds in (3_600, RETIRED_S):
        passed(keeping, seconds)
        keeping.reader.sweep()
    with pytest.raises(SecretValueError):
        old.value.text()


async def test_in_the_end_all_values_are_overwritten() -> None:
    """Nothing is left of them in a process that ends."""
    keeping = a_keeping()
    read = await keeping.reader.read(a_wish())
    await keeping.reader.close()
    with pytest.raises(SecretValueError):
        read.value.text()
