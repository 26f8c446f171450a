"""The environment is quiet unless somebody asked for noise, and the service reads its own part."""

from pathlib import Path

import pytest

from runtime.domain.approval_request import APPROVAL_LASTS
from runtime.kit.quiet import QUIET
from runtime.settings import ServiceSettings, SettingsError, quiet_environment


def test_unset_variables_are_set() -> None:
    """Every constant lands in an empty environment."""
    environ: dict[str, str] = {}

    quiet_environment(environ)

    assert environ == dict(QUIET)
    assert environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


def test_set_variables_stay() -> None:
    """Who set a variable keeps it."""
    environ = {"LITELLM_LOG": "DEBUG"}

    quiet_environment(environ)

    assert environ["LITELLM_LOG"] == "DEBUG"


def test_the_service_reads_its_variables() -> None:
    """Blanks around a value are nobody's intention."""
    read = ServiceSettings.read(
        {"PLANGATE_MODEL": " openai/m ", "PLANGATE_EVAL_TOKEN": "a" * 16, "OPENAI_API_KEY": "k"}
    )

    assert read.model == "openai/m"
    assert read.eval_token is not None
    assert read.eval_token.get_secret_value() == "a" * 16
    assert read.environ["OPENAI_API_KEY"] == "k"
    assert "a" * 16 not in repr(read)
    assert "OPENAI_API_KEY" not in repr(read)


def test_blank_variables_are_unset_ones() -> None:
    """An empty token would open to everybody."""
    read = ServiceSettings.read({"PLANGATE_MODEL": "", "PLANGATE_EVAL_TOKEN": "  "})

    assert (read.model, read.eval_token) == ("", None)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("short", id="easily guessed"),
        pytest.param("a" * 513, id="beyond a header"),
        pytest.param("two words of some length", id="with spaces"),
        pytest.param("\u00e9" * 20, id="beyond ASCII"),
    ],
)
def test_a_token_that_no_header_should_carry_is_refused(token: str) -> None:
    """The message names the variable and does not repeat the token."""
    with pytest.raises(SettingsError, match="PLANGATE_EVAL_TOKEN has") as caught:
        ServiceSettings.read({"PLANGATE_EVAL_TOKEN": token})

    assert token not in str(caught.value)


WHOLE = {
    "PLANGATE_DATABASE_URL": "postgresql://app:hunter7@db/plangate",
    "PLANGATE_REDIS_URL": "redis://one:6379/0, redis://two:6379/0",
    "PLANGATE_TOKEN_KEYS": f"{'a' * 32},{'b' * 40}",
    "PLANGATE_SEALING_KEYS": f"{'s' * 32}, {'t' * 32}",
    "PLANGATE_OPERATOR_TOKEN": "o" * 32,
    "PLANGATE_PUBLIC_URL": "https://plangate.example.com/",
    "PLANGATE_EGRESS_ALLOW": "keys.internal",
    "PLANGATE_ALLOWED_ORIGINS": "https://console.example.com",
    "PLANGATE_REQUEST_RATE": "10/20",
    "PLANGATE_LEASE_TTL_S": "3.5",
    "PLANGATE_APPROVAL_LASTS_S": "7200",
    "PLANGATE_EVALUATIONS": "/srv/evaluations",
    "PLANGATE_LOG_LEVEL": "WARNING",
    "PLANGATE_METRICS_TOKEN": "m" * 16,
    "PLANGATE_MIGRATION_URL": "postgresql://owner@db/plangate",
    "PLANGATE_ISSUERS": (
        '[{"issuer": "https://login.example.com", "audiences": ["api"], "client_id": "plangate", '
        '"organization_id": "org_01KDVDNA000000000000000000"}]'
    ),
}


def test_a_whole_platform_is_read() -> None:
    """Lists are split, spaces and a closing slash go, and secrets don't show."""
    read = ServiceSettings.read(WHOLE)

    read.require_platform()
    assert [url.get_secret_value() for url in read.redis_urls] == [
        "redis://one:6379/0",
        "redis://two:6379/0",
    ]
    assert len(read.identity.token_keys) == 2
    assert [key.get_secret_value() for key in read.identity.sealing_keys] == ["s" * 32, "t" * 32]
    assert read.identity.public_url == "https://plangate.example.com"
    assert (read.identity.egress_allow, read.work.effects.egress_allow) == ("keys.internal",) * 2
    assert read.identity.issuers[0].issuer == "https://login.example.com"
    assert read.edge.request_rate is not None
    assert (read.edge.request_rate.per_s, read.edge.request_rate.burst) == (10, 20)
    assert (read.lease_ttl_s, read.edge.log_level) == (3.5, "warning")
    assert read.approval_lasts_s == 7_200
    assert read.evaluations == Path("/srv/evaluations")
    assert "hunter7" not in repr(read)


def test_the_request_rate_can_be_off() -> None:
    """And is bounded unless it is."""
    assert ServiceSettings.read({"PLANGATE_REQUEST_RATE": "off"}).edge.request_rate is None
    assert ServiceSettings.read({}).edge.request_rate is not None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("PLANGATE_DATABASE_URL", "mysql://db", id="another database"),
        pytest.param("PLANGATE_MIGRATION_URL", "db", id="no address"),
        pytest.param("PLANGATE_REDIS_URL", "redis://one, http://two", id="one that is no Redis"),
        pytest.param("PLANGATE_TOKEN_KEYS", f"{'a' * 32},short", id="a short key"),
        pytest.param("PLANGATE_SEALING_KEYS", f"{'s' * 32},short", id="a short sealing key"),
        pytest.param("PLANGATE_OPERATOR_TOKEN", "o" * 31, id="a short token"),
        pytest.param("PLANGATE_OPERATOR_TOKEN", "o o" * 20, id="a token with spaces"),
        pytest.param("PLANGATE_METRICS_TOKEN", "m", id="a short metrics token"),
        pytest.param("PLANGATE_PUBLIC_URL", "http://plangate.example.com", id="http"),
        pytest.param("PLANGATE_PUBLIC_URL", "https://user@plangate.example.com", id="a user"),
        pytest.param("PLANGATE_PUBLIC_URL", "plangate.example.com", id="no scheme"),
        pytest.param("PLANGATE_ALLOWED_ORIGINS", "*", id="every origin"),
        pytest.param("PLANGATE_ALLOWED_ORIGINS", "https://a.example.com/path", id="a path"),
        pytest.param("PLANGATE_REQUEST_RATE", "0/1", id="no rate"),
        pytest.param("PLANGATE_REQUEST_RATE", "fast", id="a word"),
        pytest.param("PLANGATE_LEASE_TTL_S", "0.1", id="too short a lease"),
        pytest.param("PLANGATE_LEASE_TTL_S", "nan", id="not a number"),
        pytest.param("PLANGATE_LEASE_TTL_S", "six", id="a lease in words"),
        pytest.param("PLANGATE_APPROVAL_LASTS_S", "59", id="too short a request"),
        pytest.param("PLANGATE_APPROVAL_LASTS_S", "2592001", id="too long a request"),
        pytest.param("PLANGATE_APPROVAL_LASTS_S", "nan", id="no number of seconds"),
        pytest.param("PLANGATE_APPROVAL_LASTS_S", "24h", id="a request in hours"),
        pytest.param("PLANGATE_EVALUATIONS", "runs", id="a folder that depends on where we are"),
        pytest.param("PLANGATE_LOG_LEVEL", "loud", id="no level"),
        pytest.param("PLANGATE_ISSUERS", "{}", id="no list"),
        pytest.param("PLANGATE_ISSUERS", '[{"issuer": "http://evil"}]', id="no issuer"),
    ],
)
def test_a_variable_that_can_not_be_used_is_named(variable: str, value: str) -> None:
    """The message names the variable."""
    with pytest.raises(SettingsError, match=variable):
        ServiceSettings.read({**WHOLE, variable: value})


def test_bounds_are_told_as_they_are_set() -> None:
    """In seconds that a person can copy."""
    with pytest.raises(SettingsError, match=r"'1e9', expected seconds from 60 to 2592000$"):
        ServiceSettings.read({"PLANGATE_APPROVAL_LASTS_S": "1e9"})


def test_requests_for_approval_last_a_day_unless_somebody_says_otherwise() -> None:
    """The same day, wherever it stands."""
    assert ServiceSettings.read({}).approval_lasts_s == APPROVAL_LASTS.total_seconds()
    assert ServiceSettings().approval_lasts_s == APPROVAL_LASTS.total_seconds()


@pytest.mark.parametrize("missing", ["PLANGATE_REDIS_URL", "PLANGATE_TOKEN_KEYS"])
def test_half_a_platform_is_refused(missing: str) -> None:
    """A database alone serves nothing: it fails closed, and says what to set."""
    told = {name: value for name, value in WHOLE.items() if name != missing}

    with pytest.raises(SettingsError, match=f"{missing} is not"):
        ServiceSettings.read(told).require_platform()


def test_the_key_of_bundles_is_a_value_or_a_file() -> None:
    """With an id of its own, if it has one; what kind of key it is, the start finds out."""
    token = {"PLANGATE_BUNDLE_TOKEN": "t" * 32}
    value = ServiceSettings.read({**token, "PLANGATE_BUNDLE_KEY": "-----BEGIN PRIVATE KEY-----"})
    file = ServiceSettings.read(
        {**token, "PLANGATE_BUNDLE_KEY_FILE": "key.pem", "PLANGATE_BUNDLE_KEY_ID": "2026"}
    )

    assert value.rules.bundle_key is not None
    assert "BEGIN" not in repr(value.rules)
    assert (value.rules.bundle_key_id, value.rules.bundle_key_file) == ("plangate", None)
    assert (file.rules.bundle_key_id, file.rules.bundle_key_file) == ("2026", "key.pem")
    assert file.rules.bundle_key is None


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(("KEY",), id="a key without a token"),
        pytest.param(("KEY_FILE",), id="a file without a token"),
        pytest.param(("TOKEN",), id="a token without a key"),
        pytest.param(("KEY", "KEY_FILE", "TOKEN"), id="two keys"),
    ],
)
def test_a_key_and_the_token_of_bundles_go_together(told: tuple[str, ...]) -> None:
    """Bundles that nobody may fetch, or that nobody signs, are a mistake."""
    with pytest.raises(SettingsError, match="go together"):
        ServiceSettings.read({f"PLANGATE_BUNDLE_{name}": "x" * 32 for name in told})
