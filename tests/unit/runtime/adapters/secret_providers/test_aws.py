"""AWS is asked for one version or stage, and stale credentials are found anew once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

pytest.importorskip("boto3", reason="pip install 'plangate[aws]' un-skips this")

from runtime.adapters.secret_providers.aws import AwsProvider
from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import SecretRef, read_reference
from runtime.ports.secret_places import AwsPlace
from tests.secret_canaries import told_by
from tests.servers.aws_secrets import ENVIRONMENT, REGION, AwsSecrets, aws_secrets

CANARY = "canary-7f3a9c51e0"
CRM = read_reference("awssm://shop/crm")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSecrets]:
    """Serve Secrets Manager to a workload with credentials in its environment."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with aws_secrets() as server:
        yield server


@pytest.fixture
async def provider(aws: AwsSecrets) -> AsyncIterator[AwsProvider]:
    """Open a provider."""
    opened = AwsProvider(AwsPlace(endpoint=aws.url, region=REGION))
    yield opened
    await opened.close()


async def test_the_current_stage_is_named(aws: AwsSecrets, provider: AwsProvider) -> None:
    """Without a stage some servers answer with a version that was current once."""
    aws.write("shop/crm", CANARY)

    await provider.fetch(CRM)

    assert aws.asked == [{"SecretId": "shop/crm", "VersionStage": "AWSCURRENT"}]


async def test_the_stage_before_is_read_for_who_names_it(
    aws: AwsSecrets, provider: AwsProvider
) -> None:
    """A roll back is a change of the reference, or of the labels."""
    old, new = aws.write("shop/crm", "old"), aws.write("shop/crm", "new")

    before = await provider.fetch(SecretRef(scheme="awssm", path="shop/crm", stage="AWSPREVIOUS"))
    client = aws.client()
    client.update_secret_version_stage(
        SecretId="shop/crm",
        VersionStage="AWSCURRENT",
        MoveToVersionId=old,
        RemoveFromVersionId=new,
    )
    client.close()
    after = await provider.fetch(CRM)

    assert (before.value.text(), before.version) == ("old", old)
    assert (after.value.text(), after.version) == ("old", old)


async def test_an_arn_names_a_secret(aws: AwsSecrets, provider: AwsProvider) -> None:
    """As its name does."""
    client = aws.client()
    arn = client.create_secret(Name="shop/crm", SecretString=CANARY)["ARN"]
    client.close()

    fetched = await provider.fetch(read_reference(f"awssm://{arn}"))

    assert fetched.value.text() == CANARY


async def test_a_secret_that_is_being_deleted_is_missing(
    aws: AwsSecrets, provider: AwsProvider
) -> None:
    """Although AWS still has it."""
    aws.write("shop/crm", CANARY)
    client = aws.client()
    client.delete_secret(SecretId="shop/crm", RecoveryWindowInDays=7)
    client.close()

    with pytest.raises(SecretMissingError):
        await provider.fetch(CRM)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ResourceNotFoundException", 400, SecretMissingError),
        ("InvalidRequestException", 400, SecretMissingError),
        ("AccessDeniedException", 400, SecretDeniedError),
        ("DecryptionFailure", 400, SecretDeniedError),
        ("ExpiredTokenException", 400, SecretDeniedError),
        ("UnrecognizedClientException", 400, SecretDeniedError),
        ("InvalidSignatureException", 400, SecretDeniedError),
        ("ThrottlingException", 400, SecretThrottledError),
        ("TooManyRequestsException", 429, SecretThrottledError),
        ("InvalidParameterException", 400, SecretMalformedError),
        ("InternalServiceError", 500, SecretUnavailableError),
        ("ServiceUnavailable", 503, SecretUnavailableError),
        ("SomethingNew", 400, SecretUnavailableError),
    ],
)
async def test_each_code_has_its_meaning(
    aws: AwsSecrets, provider: AwsProvider, code: str, status: int, expected: type[SecretError]
) -> None:
    """One that nobody knows is no answer about the secret."""
    aws.fault, aws.status = code, status

    with pytest.raises(expected) as caught:
        await provider.fetch(read_reference(f"awssm://{CANARY}"))

    assert type(caught.value) is expected
    assert "SecretId" not in told_by(caught.value)


async def test_stale_credentials_are_found_anew_once(
    aws: AwsSecrets, provider: AwsProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role's session that was ended is replaced by what the machine has now."""
    aws.write("shop/crm", CANARY)
    await provider.fetch(CRM)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAI44QH8DHBEXAMPLE")
    aws.fault, aws.once = "ExpiredTokenException", True

    fetched = await provider.fetch(CRM)

    assert fetched.value.text() == CANARY
    assert "AKIAI44QH8DHBEXAMPLE" in aws.signed[-1]
    assert len(aws.asked) == 3


async def test_a_denial_by_policy_is_asked_once(aws: AwsSecrets, provider: AwsProvider) -> None:
    """Other credentials than the workload's own there are none."""
    aws.denied.add("shop/crm")

    with pytest.raises(SecretDeniedError, match="secretsmanager:GetSecretValue"):
        await provider.fetch(CRM)

    assert len(aws.asked) == 1


async def test_nothing_is_tried_again_behind_the_callers_back(
    aws: AwsSecrets, provider: AwsProvider
) -> None:
    """Calls are budgeted: each is seen by who counts them."""
    aws.fault, aws.status = "InternalServiceError", 500

    with pytest.raises(SecretUnavailableError):
        await provider.fetch(CRM)

    assert len(aws.asked) == 1


@pytest.mark.parametrize("body", [b"{}", b'{"VersionId": "x"}', b'{"SecretString": "x"}', b"["])
async def test_an_answer_without_a_value_is_refused(
    aws: AwsSecrets, provider: AwsProvider, body: bytes
) -> None:
    """Whatever else is in it."""
    aws.body = body

    with pytest.raises(SecretMalformedError):
        await provider.fetch(CRM)


async def test_where_nobody_listens_aws_is_unavailable(aws: AwsSecrets) -> None:
    """That is no denial."""
    provider = AwsProvider(AwsPlace(endpoint="http://127.0.0.1:9", region=REGION))

    with pytest.raises(SecretUnavailableError, match="can't be reached"):
        await provider.fetch(CRM)
    await provider.close()


async def test_without_a_region_the_advice_names_it(aws: AwsSecrets) -> None:
    """It is what is forgotten most."""
    provider = AwsProvider(AwsPlace(endpoint=aws.url))

    with pytest.raises(SecretDeniedError, match="PLANGATE_AWS_REGION"):
        await provider.fetch(CRM)
    await provider.close()


async def test_without_credentials_this_server_is_not_ready(
    aws: AwsSecrets, provider: AwsProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it asks for is denied."""
    await provider.ready()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")

    with pytest.raises(SecretDeniedError):
        await provider.ready()
    with pytest.raises(SecretDeniedError):
        await provider.fetch(CRM)
