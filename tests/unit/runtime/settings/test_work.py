"""What is told of the queue and its workers is read, and what can't be used is said."""

import pytest

from runtime.settings import ServiceSettings, SettingsError, WorkSettings


def read(**variables: str) -> WorkSettings:
    """Return what an environment says of work."""
    return ServiceSettings.read(variables).work


def test_nothing_is_reached_unless_somebody_says_so() -> None:
    """An empty environment knows no broker, no secret, no mail, no model and no browser."""
    assert read() == WorkSettings()


@pytest.mark.parametrize("redis", ["redis://a:6379/0,redis://b:6379/0", "unix:///run/redis.sock"])
def test_the_broker_is_the_first_redis_of_leases(redis: str) -> None:
    """One server is enough to begin with."""
    settings = ServiceSettings.read({"PLANGATE_REDIS_URL": redis})

    assert settings.broker_url is not None
    assert settings.broker_url.get_secret_value() == redis.partition(",")[0]


@pytest.mark.parametrize("url", ["redis://q/1", "sqs://key:secret@", "gcpubsub://projects/p"])
def test_a_broker_is_named_by_its_address(url: str) -> None:
    """A broker of its own is taken before the Redis of leases."""
    settings = ServiceSettings.read({"PLANGATE_BROKER_URL": url, "PLANGATE_REDIS_URL": "redis://a"})

    assert settings.broker_url is not None
    assert settings.broker_url.get_secret_value() == url


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PLANGATE_BROKER_URL", "amqp://user:hush@host", "is no address of a broker"),
        ("PLANGATE_BROKER_URL", "hush", "is no address of a broker"),
        ("PLANGATE_JOB_LEASE_S", "0.5", "expected seconds from 1 to 300"),
        ("PLANGATE_WATCHDOG_S", "soon", "expected seconds from 1 to 3600"),
        ("PLANGATE_EFFECT_MODELS", '["hush"]', "is no JSON object"),
        ("PLANGATE_EFFECT_MODELS", "{", "is no JSON object"),
        ("PLANGATE_CHROMIUM_SANDBOX", "maybe", "expected on or off"),
    ],
)
def test_what_cannot_be_used_is_named_and_not_repeated(name: str, value: str, told: str) -> None:
    """The message names the variable; what may be a secret is not in it."""
    with pytest.raises(SettingsError, match=name) as refused:
        read(**{name: value})

    assert told in str(refused.value)
    assert "hush" not in str(refused.value)


def test_what_effects_may_reach_is_read() -> None:
    """Each part has a variable of its own; what opens something is not shown."""
    work = read(
        PLANGATE_JOB_LEASE_S="20",
        PLANGATE_WATCHDOG_S="90",
        PLANGATE_EGRESS_ALLOW="crm.internal",
        PLANGATE_SECRETS='{"hush": 1}',
        PLANGATE_SMTP_URL="smtps://me:hush@mail",
        PLANGATE_MAIL_FROM="gate@example.com",
        PLANGATE_EFFECT_MODELS='{"writer": "openai/gpt-4o-mini"}',
        PLANGATE_CHROMIUM="/usr/bin/chromium",
        PLANGATE_CHROMIUM_SANDBOX="off",
    )

    effects = work.effects
    assert (work.job_lease_s, work.watchdog_s) == (20, 90)
    assert (effects.egress_allow, effects.mail_from) == ("crm.internal", "gate@example.com")
    assert effects.models == {"writer": "openai/gpt-4o-mini"}
    assert (effects.chromium, effects.chromium_sandbox) == ("/usr/bin/chromium", False)
    assert effects.secrets is not None
    assert effects.smtp_url is not None
    assert "hush" not in repr(work)
