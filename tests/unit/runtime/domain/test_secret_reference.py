"""A reference has one spelling, leads nowhere else, and its errors repeat no value."""

from __future__ import annotations

import pytest

from runtime.domain.secret_reference import (
    MAX_CHARACTERS,
    SecretRef,
    SecretReferenceError,
    is_reference,
    read_reference,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "vault://kv/shop/crm#token",
            SecretRef(scheme="vault", path="kv/shop/crm", field="token"),
            id="a field of Vault",
        ),
        pytest.param(
            "vault://kv/crm?version=3#token",
            SecretRef(scheme="vault", path="kv/crm", field="token", version="3"),
            id="a version of Vault",
        ),
        pytest.param(
            "vault://database/creds/app",
            SecretRef(scheme="vault", path="database/creds/app"),
            id="a whole credential",
        ),
        pytest.param(
            "awssm://arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/crm-AbCdEf",
            SecretRef(
                scheme="awssm",
                path="arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/crm-AbCdEf",
            ),
            id="an ARN",
        ),
        pytest.param(
            "awssm:///shop/crm?stage=AWSPREVIOUS#token",
            SecretRef(scheme="awssm", path="/shop/crm", field="token", stage="AWSPREVIOUS"),
            id="a stage of AWS, of a name that begins with a slash",
        ),
        pytest.param(
            "awssm://crm?version=0d7f8f2c-0a6b-4d55-9a40-1f0a8b7e1c22",
            SecretRef(scheme="awssm", path="crm", version="0d7f8f2c-0a6b-4d55-9a40-1f0a8b7e1c22"),
            id="a version of AWS",
        ),
        pytest.param(
            "gcpsm://shop-prod/crm_token?version=latest",
            SecretRef(scheme="gcpsm", path="shop-prod/crm_token", version="latest"),
            id="a version of Google",
        ),
        pytest.param(
            "file:///var/run/secrets/crm/..data/token.json#key",
            SecretRef(scheme="file", path="/var/run/secrets/crm/..data/token.json", field="key"),
            id="a file of the kubelet",
        ),
        pytest.param("env://CRM_TOKEN", SecretRef(scheme="env", path="CRM_TOKEN"), id="a variable"),
    ],
)
def test_a_reference_is_read_and_written_alike(text: str, expected: SecretRef) -> None:
    """What was read is spelled as it was."""
    assert read_reference(text) == expected
    assert expected.text() == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("hunter2", id="a value"),
        pytest.param("postgresql://app:hunter2@db/plangate", id="an address"),
        pytest.param("VAULT://kv/hunter2", id="letter case of the scheme"),
        pytest.param("vault:/kv/hunter2", id="one slash"),
        pytest.param("vault://kv", id="a mount alone"),
        pytest.param("vault://kv//hunter2", id="two slashes"),
        pytest.param("vault://kv/a/../hunter2", id="a way up"),
        pytest.param("vault://kv/..", id="a way up at the end"),
        pytest.param("vault://kv/./hunter2", id="a way to stay"),
        pytest.param("vault://kv/%2e%2e/hunter2", id="a way up in disguise"),
        pytest.param("vault://kv/a%2Fhunter2", id="a slash in disguise"),
        pytest.param("vault://kv/hunter2/", id="a slash at the end"),
        pytest.param("vault:///kv/hunter2", id="a slash at the beginning"),
        pytest.param("vault://kv/hunter2\n", id="a line's end"),
        pytest.param("vault://kv/hunter2 ", id="a blank"),
        pytest.param("vault://kv/\u202ehunter2", id="a mark that turns text round"),
        pytest.param("vault://kv/hunter\u0662", id="a digit that is no ASCII"),
        pytest.param("vault://kv\\hunter2", id="a backslash"),
        pytest.param("vault://kv/x#hunter2#y", id="two fields"),
        pytest.param("vault://kv/x#", id="an empty field"),
        pytest.param("vault://kv/x#hunter2?version=1", id="a version after the field"),
        pytest.param("vault://kv/x?version=0", id="version zero"),
        pytest.param("vault://kv/x?version=01", id="another spelling of a version"),
        pytest.param("vault://kv/x?version=hunter2", id="a version that is no number"),
        pytest.param("vault://kv/x?version=", id="an empty version"),
        pytest.param("vault://kv/x?", id="an empty question"),
        pytest.param("vault://kv/x?hunter2", id="a question without a value"),
        pytest.param("vault://kv/x?namespace=hunter2", id="a question that nobody knows"),
        pytest.param("vault://kv/x?version=1&version=2", id="two versions"),
        pytest.param("vault://kv/x?stage=AWSCURRENT", id="a stage of Vault"),
        pytest.param("awssm://crm?stage=a&version=b", id="a stage and a version"),
        pytest.param("awssm:////crm", id="two slashes at the beginning"),
        pytest.param("gcpsm://shop-prod/a/hunter2", id="a third part of Google"),
        pytest.param("gcpsm://Shop/hunter2", id="a project in capitals"),
        pytest.param("file://etc/hunter2", id="a path that is not absolute"),
        pytest.param("file:////etc/hunter2", id="an empty folder"),
        pytest.param("file:///etc/../hunter2", id="a way up among files"),
        pytest.param("file:///x?version=1", id="a version of a file"),
        pytest.param("env://hunter-2", id="a name that no variable has"),
        pytest.param("env://A/B", id="a path of a variable"),
        pytest.param("env://A#hunter2", id="a field of a variable"),
        pytest.param(f"file:///{'hunter2/' * 200}x", id="too long"),
    ],
)
def test_what_is_no_reference_is_refused_without_repeating_it(text: str) -> None:
    """A text in the place of a reference may be the secret itself."""
    with pytest.raises(SecretReferenceError) as caught:
        read_reference(text)

    assert "hunter" not in str(caught.value)


def test_a_reference_that_no_text_could_say_is_not_made() -> None:
    """Whoever makes one in code is held to the same."""
    with pytest.raises(SecretReferenceError):
        SecretRef(scheme="vault", path="kv/../crm")
    with pytest.raises(SecretReferenceError, match="not both"):
        SecretRef(scheme="awssm", path="crm", version="0" * 32, stage="AWSCURRENT")


def test_the_longest_reference_is_read() -> None:
    """The limit itself is allowed, and one more is not."""
    longest = "file:///" + "/".join(["x" * 200] * 5) + "/"
    longest += "y" * (MAX_CHARACTERS - len(longest))

    assert read_reference(longest).text() == longest
    with pytest.raises(SecretReferenceError, match="too long"):
        read_reference(f"{longest}y")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vault://kv/crm", True),
        ("env://", True),
        ("File:///x/../y", True),
        ("hunter2", False),
        ("vault:kv", False),
        ("https://example.com/vault://kv", False),
        ("", False),
    ],
)
def test_what_is_meant_as_a_reference_is_told_from_a_value(text: str, *, expected: bool) -> None:
    """One that can't be read is no value, or it would be sent as one."""
    assert is_reference(text) is expected
