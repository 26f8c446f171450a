"""Hold every provider of secrets to the port's contract."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import SecretRef
from runtime.ports.secret_provider import MAX_VALUE_BYTES, Lease, SecretProvider
from tests.contract.secret_providers.keepers import Keeper
from tests.contract.secret_providers.opened import (
    ALL,
    DEADLINE_S,
    REMOTE,
    WITH_BYTES,
    WITH_FIELDS,
    WITH_OUTAGES,
    WITH_QUOTAS,
    WITH_RIGHTS,
    WITH_VERSIONS,
    opened,
)
from tests.secret_canaries import found_in, logged, told_by

CANARY: Final = "canary-7f3a9c51e0"


@pytest.fixture
async def keeper(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Keeper]:
    """Open the keeper that a test asks for."""
    if request.param == "aws":
        from tests.servers.aws_secrets import ENVIRONMENT  # noqa: PLC0415  # optional

        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
    with opened(request.param, tmp_path) as found:
        yield found
        await found.provider.close()


async def _text(provider: SecretProvider, reference: SecretRef) -> str:
    return (await provider.fetch(reference)).value.text()


async def _refusal(provider: SecretProvider, reference: SecretRef) -> SecretError:
    with pytest.raises(SecretError) as caught:
        await provider.fetch(reference)
    return caught.value


every = pytest.mark.parametrize("keeper", ALL, indirect=True)


@every
async def test_a_kept_value_is_answered_with_its_version(keeper: Keeper) -> None:
    """What is kept comes back, as it is."""
    keeper.keep("crm", CANARY.encode())

    fetched = await keeper.provider.fetch(keeper.reference("crm"))

    assert fetched.value.text() == CANARY
    assert fetched.version
    assert fetched.lease is None


@every
async def test_a_rotated_value_is_seen_by_the_next_fetch(keeper: Keeper) -> None:
    """A provider remembers no value, and another value has another version."""
    keeper.keep("crm", b"old")
    before = await keeper.provider.fetch(keeper.reference("crm"))
    keeper.keep("crm", b"new")

    after = await keeper.provider.fetch(keeper.reference("crm"))

    assert (before.value.text(), after.value.text()) == ("old", "new")
    assert before.version != after.version


@every
async def test_an_unchanged_value_keeps_its_version(keeper: Keeper) -> None:
    """Who compares versions sees no rotation where there was none."""
    keeper.keep("crm", CANARY.encode())

    versions = {(await keeper.provider.fetch(keeper.reference("crm"))).version for _ in range(3)}

    assert len(versions) == 1


@pytest.mark.parametrize("keeper", WITH_VERSIONS, indirect=True)
async def test_a_pinned_version_outlives_a_rotation(keeper: Keeper) -> None:
    """Whoever names a version gets that one: a rollback is a change of the reference."""
    pin = keeper.keep("crm", b"old")
    keeper.keep("crm", b"new")

    fetched = await keeper.provider.fetch(keeper.reference("crm", version=pin))

    assert fetched.value.text() == "old"
    assert fetched.version == pin


@pytest.mark.parametrize("keeper", WITH_VERSIONS, indirect=True)
async def test_a_version_that_never_was_is_missing(keeper: Keeper) -> None:
    """A pin on nothing is no other version."""
    pin = keeper.keep("crm", b"old")
    other = "9" * len(pin) if pin.isdecimal() else pin.translate(str.maketrans("0123", "1230"))

    with pytest.raises(SecretMissingError):
        await keeper.provider.fetch(keeper.reference("crm", version=other))


@every
async def test_text_beyond_ascii_is_kept(keeper: Keeper) -> None:
    """A password is any text."""
    keeper.keep("crm", "pässwörd-日本-🔑\n".encode())

    assert await _text(keeper.provider, keeper.reference("crm")) == "pässwörd-日本-🔑\n"


@pytest.mark.parametrize("keeper", WITH_BYTES, indirect=True)
async def test_bytes_that_are_no_text_are_kept(keeper: Keeper) -> None:
    """A key may be binary."""
    keeper.keep("key", bytes(range(256)))

    fetched = await keeper.provider.fetch(keeper.reference("key"))

    assert fetched.value.bytes() == bytes(range(256))


@pytest.mark.parametrize("keeper", WITH_FIELDS, indirect=True)
async def test_one_field_of_a_document_is_answered(keeper: Keeper) -> None:
    """What follows '#' names a member; one that is no text is JSON."""
    keeper.keep_document("db", {"user": "app", "password": CANARY, "port": 5432, "none": None})

    names = ("user", "password", "port")
    texts = [await _text(keeper.provider, keeper.reference("db", field=name)) for name in names]

    assert texts == ["app", CANARY, "5432"]


@pytest.mark.parametrize("keeper", WITH_FIELDS, indirect=True)
@pytest.mark.parametrize("field", ["absent", "none", "User"])
async def test_a_field_that_is_not_there_is_malformed(keeper: Keeper, field: str) -> None:
    """Nothing is guessed: not by letter case, and no null for a value."""
    keeper.keep_document("db", {"user": CANARY, "none": None})

    error = await _refusal(keeper.provider, keeper.reference("db", field=field))

    assert isinstance(error, SecretMalformedError)
    assert not found_in([CANARY], told_by(error))


@every
async def test_what_is_not_kept_is_missing(keeper: Keeper) -> None:
    """A name that nobody wrote has an error of its own, which says the reference."""
    error = await _refusal(keeper.provider, keeper.reference("nothing"))

    assert isinstance(error, SecretMissingError)
    assert error.reference == keeper.reference("nothing").text()


@pytest.mark.parametrize("keeper", WITH_RIGHTS, indirect=True)
async def test_what_this_server_may_not_read_is_denied(keeper: Keeper) -> None:
    """A denial is no absence, and stays one."""
    keeper.keep("crm", CANARY.encode())
    assert await _text(keeper.provider, keeper.reference("crm")) == CANARY
    keeper.deny("crm")

    errors = [await _refusal(keeper.provider, keeper.reference("crm")) for _ in range(2)]

    assert [type(error) for error in errors] == [SecretDeniedError] * 2
    assert not found_in([CANARY], *map(told_by, errors))


@pytest.mark.parametrize("keeper", WITH_QUOTAS, indirect=True)
async def test_who_asks_too_often_is_told_so(keeper: Keeper) -> None:
    """The caller backs off, for as long as it is told where it is."""
    keeper.keep("crm", CANARY.encode())
    keeper.throttle()

    error = await _refusal(keeper.provider, keeper.reference("crm"))

    assert isinstance(error, SecretThrottledError)
    assert error.retry_after_s is None or error.retry_after_s > 0


@pytest.mark.parametrize("keeper", WITH_OUTAGES, indirect=True)
async def test_an_outage_is_no_answer_about_the_secret(keeper: Keeper) -> None:
    """Unavailable says: what was read before may still be so."""
    keeper.keep("crm", CANARY.encode())
    assert await _text(keeper.provider, keeper.reference("crm")) == CANARY
    keeper.lose("crm")

    with pytest.raises(SecretUnavailableError):
        await keeper.provider.fetch(keeper.reference("crm"))


@pytest.mark.parametrize("keeper", REMOTE, indirect=True)
async def test_silence_ends_at_the_deadline(keeper: Keeper) -> None:
    """Nobody waits longer than one call may take, and others are not held up by it."""
    keeper.keep("crm", CANARY.encode())
    keeper.fall_silent()
    began = time.monotonic()

    errors = [
        task.exception()
        for task in await _done(
            [
                asyncio.ensure_future(keeper.provider.fetch(keeper.reference("crm")))
                for _ in range(20)
            ]
        )
    ]

    assert {type(error) for error in errors} == {SecretUnavailableError}
    assert time.monotonic() - began < 2 * DEADLINE_S


async def _done(tasks: list[asyncio.Future[object]]) -> list[asyncio.Future[object]]:
    await asyncio.wait(tasks)
    return tasks


@every
async def test_the_largest_value_is_answered(keeper: Keeper) -> None:
    """The limit itself is allowed."""
    keeper.keep("large", b"x" * MAX_VALUE_BYTES)

    fetched = await keeper.provider.fetch(keeper.reference("large"))

    assert len(fetched.value.bytes()) == MAX_VALUE_BYTES


@every
async def test_one_byte_more_is_refused(keeper: Keeper) -> None:
    """Nothing unbounded is held in memory."""
    keeper.keep("large", b"x" * (MAX_VALUE_BYTES + 1))

    with pytest.raises(SecretMalformedError, match="more than 65536 bytes"):
        await keeper.provider.fetch(keeper.reference("large"))


@every
async def test_many_at_once_get_their_own_values(keeper: Keeper) -> None:
    """Answers are never mixed up."""
    names = [f"secret-{number}" for number in range(12)]
    for name in names:
        keeper.keep(name, f"value of {name}".encode())

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_text(keeper.provider, keeper.reference(name))) for name in names * 4
        ]

    assert [task.result() for task in tasks] == [f"value of {name}" for name in names * 4]


@every
async def test_a_value_is_never_shown(keeper: Keeper, caplog: pytest.LogCaptureFixture) -> None:
    """No log of any library at any level has it, and no text that is made of an answer."""
    caplog.set_level(1)
    keeper.keep("crm", CANARY.encode())
    caplog.clear()

    fetched = await keeper.provider.fetch(keeper.reference("crm"))
    error = await _refusal(keeper.provider, keeper.reference("nothing"))

    assert fetched.value.text() == CANARY
    shown = (repr(fetched), str(fetched), f"{fetched.value}", told_by(error), logged(caplog))
    assert not found_in([CANARY], *shown)


@every
async def test_who_keeps_a_value_is_ready(keeper: Keeper) -> None:
    """Readiness needs no secret."""
    await keeper.provider.ready()


@every
async def test_a_lease_that_was_not_given_is_not_renewed(keeper: Keeper) -> None:
    """Whoever asks is told to fetch anew."""
    with pytest.raises(SecretDeniedError):
        await keeper.provider.renew(Lease(id="9/nothing", lasts_s=60, renewable=True))


@pytest.mark.parametrize("keeper", [*REMOTE, "file"], indirect=True)
async def test_a_closed_provider_answers_no_more(keeper: Keeper) -> None:
    """Whoever still asks is told that the process ends."""
    keeper.keep("crm", CANARY.encode())
    await keeper.provider.fetch(keeper.reference("crm"))
    await keeper.provider.close()

    with pytest.raises(SecretUnavailableError):
        await keeper.provider.fetch(keeper.reference("crm"))


@every
async def test_a_provider_says_which_references_it_reads(keeper: Keeper) -> None:
    """The scheme of a reference finds its provider."""
    assert keeper.provider.schemes == {keeper.reference("crm").scheme}
