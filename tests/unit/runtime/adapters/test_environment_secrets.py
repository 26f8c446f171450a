"""Tests of secrets that the operator hands over in the environment."""

import orjson
import pytest

from runtime.adapters.environment_secrets import SecretsError, read_secrets
from runtime.ports.effect_failure import PermanentError

ONE = "org_01KDVDNA000000000000000000"
OTHER = "org_01KDVDNA000000000000000001"


def written(**item: object) -> str:
    """Return the variable with one secret of an organization."""
    return orjson.dumps(
        {ONE: {"crm": {"value": "hunter2", "hosts": ["a.example"], **item}}}
    ).decode()


async def test_an_organization_gets_its_own_secret() -> None:
    """A reference becomes the value, with the hosts that it was made for."""
    secret = await read_secrets(written()).secret("crm", organization=ONE)

    assert (secret.name, secret.value, secret.hosts) == ("crm", "hunter2", ("a.example",))
    assert "hunter2" not in repr(secret)


@pytest.mark.parametrize(("organization", "name"), [(OTHER, "crm"), (ONE, "mail"), ("", "crm")])
async def test_what_belongs_to_others_is_not_there(organization: str, name: str) -> None:
    """Another organization's secret is answered like one that does not exist."""
    with pytest.raises(PermanentError, match=f"no secret '{name}'"):
        await read_secrets(written()).secret(name, organization=organization)


async def test_without_the_variable_there_are_no_secrets() -> None:
    """An installation without secrets starts."""
    with pytest.raises(PermanentError):
        await read_secrets("").secret("crm", organization=ONE)


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
    ],
)
def test_what_can_not_be_read_is_refused_and_not_repeated(text: str) -> None:
    """A wrong setting is found at the start; no message holds a value."""
    with pytest.raises(SecretsError) as raised:
        read_secrets(text)

    assert "hunter2" not in str(raised.value)
