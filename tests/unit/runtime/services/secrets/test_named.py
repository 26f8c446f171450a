"""Tests of secrets that an operator names for an organization, by value or by reference."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from runtime.domain.errors import StorageUnavailableError
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.services.secrets.classes import SecretClass
from runtime.services.secrets.named import (
    YOUNG_S,
    NamedSecrets,
    SecretsError,
    read_named,
    references_of,
)
from runtime.services.secrets.prefixes import read_prefix
from tests.secret_keeping import CRM, ORGANIZATION, OTHER, Keeping, a_keeping, down


def written(**item: object) -> str:
    """Return the variable with one secret of an organization, by its value."""
    return orjson.dumps(
        {ORGANIZATION: {"crm": {"value": "hunter2", "hosts": ["a.example"], **item}}}
    ).decode()


def named_by(keeping: Keeping, reference: str = CRM.text(), **item: object) -> NamedSecrets:
    """Return the secrets of an organization with one by reference."""
    document = {ORGANIZATION: {"crm": {"ref": reference, "hosts": ["a.example"], **item}}}
    named = read_named(orjson.dumps(document).decode())
    return NamedSecrets(named, reader=keeping.reader, clock=keeping.clock)


def by_value(keeping: Keeping, text: str | None = None) -> NamedSecrets:
    """Return the secrets of an organization with one by value."""
    named = read_named(written() if text is None else text)
    return NamedSecrets(named, reader=keeping.reader, clock=keeping.clock)


async def test_an_organization_gets_its_own_secret() -> None:
    """A name becomes the value, with the hosts that it was made for."""
    keeping = a_keeping()
    secret = await by_value(keeping).secret("crm", organization=ORGANIZATION)

    assert (secret.name, secret.value, secret.hosts) == ("crm", "hunter2", ("a.example",))
    assert "hunter2" not in repr(secret)
    assert await by_value(keeping).refused(secret, organization=ORGANIZATION) is None


@pytest.mark.parametrize(
    ("organization", "name"), [(OTHER, "crm"), (ORGANIZATION, "mail"), ("", "crm")]
)
async def test_what_belongs_to_others_is_not_there(organization: str, name: str) -> None:
    """Another organization's secret is answered like one that does not exist."""
    for secrets in (by_value(a_keeping()), named_by(a_keeping())):
        with pytest.raises(PermanentError, match=f"no secret '{name}'"):
            await secrets.secret(name, organization=organization)


async def test_without_the_variable_there_are_no_secrets() -> None:
    """An installation without secrets starts."""
    with pytest.raises(PermanentError):
        await by_value(a_keeping(), "").secret("crm", organization=ORGANIZATION)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("hunter2", id="no JSON"),
        pytest.param('["hunter2"]', id="no object"),
        pytest.param('{"acme": {"crm": {"value": "hunter2", "hosts": ["a"]}}}', id="no id"),
        pytest.param(written(hosts=[]), id="no host"),
        pytest.param(written(hosts=["*"]), id="every host"),
        pytest.param(written(hosts=["https://a.example"]), id="an address"),
        pytest.param(written(hosts=["A.example"]), id="another spelling"),
        pytest.param(written(value=""), id="no value"),
        pytest.param(written(other="hunter2"), id="something else"),
        pytest.param(written().replace("crm", "CRM"), id="no name"),
        pytest.param(written(ref="vault://kv/shop/crm#token"), id="a value and a reference"),
        pytest.param(written(value=None), id="neither"),
        pytest.param(written(value=None, ref="hunter2"), id="a value as a reference"),
        pytest.param(written(value=None, ref="vault://hunter2"), id="half a reference"),
        pytest.param(written(kind="hunter2"), id="no class"),
    ],
)
def test_what_can_not_be_read_is_refused_and_not_repeated(text: str) -> None:
    """A wrong setting is found at the start; no message holds a value."""
    with pytest.raises(SecretsError) as raised:
        read_named(text)

    assert "hunter2" not in str(raised.value)


def test_references_are_told_with_whose_they_are() -> None:
    """So that a start can refuse those outside of an organization's space."""
    text = written(value=None, ref=CRM.text(), kind="signing")
    named = read_named(text)

    assert references_of(named) == ((ORGANIZATION, CRM),)
    assert named[ORGANIZATION]["crm"].kind is SecretClass.SIGNING
    assert references_of(read_named(written())) == ()


async def test_what_is_named_by_a_reference_is_read_when_it_is_used() -> None:
    """A value that was rotated needs no new start."""
    keeping = a_keeping()
    secrets = named_by(keeping)
    first = await secrets.secret("crm", organization=ORGANIZATION)
    keeping.provider.values["kv/shop/crm"] = ("hunter3", "2")

    newer = await secrets.refused(first, organization=ORGANIZATION)

    assert newer is not None
    assert (first.value, first.version) == ("hunter2", "1")
    assert (newer.value, newer.version, newer.hosts) == ("hunter3", "2", ("a.example",))
    assert (await secrets.secret("crm", organization=ORGANIZATION)).value == "hunter3"


async def test_a_value_without_a_newer_one_is_refused_for_good() -> None:
    """It was not rotated, so the receiver means it."""
    secrets = named_by(a_keeping())
    first = await secrets.secret("crm", organization=ORGANIZATION)
    assert await secrets.refused(first, organization=ORGANIZATION) is None


async def test_a_value_that_is_refused_just_after_it_was_told_is_tried_again_later() -> None:
    """Word of a rotation drops the old value; the new one is young all the same."""
    keeping = a_keeping()
    secrets = named_by(keeping)
    await secrets.secret("crm", organization=ORGANIZATION)
    keeping.provider.values["kv/shop/crm"] = ("hunter3", "2")
    keeping.reader.invalidate(read_prefix(CRM.text()))
    newer = await secrets.secret("crm", organization=ORGANIZATION)
    with pytest.raises(RetryableError, match="rotated just now"):
        await secrets.refused(newer, organization=ORGANIZATION)

    keeping.clock.advance(timedelta(seconds=YOUNG_S))
    await secrets.secret("crm", organization=ORGANIZATION)
    assert await secrets.refused(newer, organization=ORGANIZATION) is None


async def test_a_value_that_is_refused_just_after_its_rotation_is_tried_again_later() -> None:
    """The other side may learn of it a moment after us; a minute later it means it."""
    keeping = a_keeping()
    secrets = named_by(keeping)
    first = await secrets.secret("crm", organization=ORGANIZATION)
    keeping.provider.values["kv/shop/crm"] = ("hunter3", "2")
    newer = await secrets.refused(first, organization=ORGANIZATION)
    assert newer is not None
    with pytest.raises(RetryableError, match="rotated just now"):
        await secrets.refused(newer, organization=ORGANIZATION)

    keeping.clock.advance(timedelta(seconds=YOUNG_S))
    again = await secrets.secret("crm", organization=ORGANIZATION)
    assert await secrets.refused(again, organization=ORGANIZATION) is None


async def test_what_can_not_be_had_is_tried_again_later() -> None:
    """Nobody answers, nothing is there, or no record can be written: none of it is for ever."""
    for change in (
        lambda keeping: setattr(keeping.provider, "fails", down),
        lambda keeping: keeping.provider.values.clear(),
        lambda keeping: setattr(keeping.records, "fails", StorageUnavailableError(reason="down")),
    ):
        keeping = a_keeping()
        secrets = named_by(keeping)
        first = await secrets.secret("crm", organization=ORGANIZATION)
        change(keeping)
        with pytest.raises(RetryableError) as raised:
            await secrets.refused(first, organization=ORGANIZATION)
        assert "vault" not in str(raised.value)
        keeping.clock.advance(timedelta(hours=2))
        with pytest.raises(RetryableError):
            await secrets.secret("crm", organization=ORGANIZATION)


@pytest.mark.parametrize("value", ["", "x" * 8_193])
async def test_a_value_that_no_header_holds_is_refused(value: str) -> None:
    """What was put there is no secret that an effect can use."""
    keeping = a_keeping(crm=value)
    with pytest.raises(PermanentError, match="characters"):
        await named_by(keeping).secret("crm", organization=ORGANIZATION)
