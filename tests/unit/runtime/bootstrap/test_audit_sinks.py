"""Tests of how sinks are opened: in order, each kind by its adapter, with a caution where due."""

from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from runtime.bootstrap.audit_sinks import open_audit_sinks, told_by
from runtime.domain.errors import SecretMalformedError
from runtime.kit.clock import SystemClock
from runtime.settings.audit import AUDIT_SINKS, AuditSettings, read_audit
from tests.secret_keeping import CRM, a_keeping

TOKEN = "env%3A%2F%2FTOKEN"  # noqa: S105  # a reference
ALL = (
    "s3://records?keep_days=30",
    f"splunk+https://splunk.internal:8088?token={TOKEN}",
    f"datadog+https://datadog.internal?token={TOKEN}",
    "file:///var/copies",
)


async def nobody(reference: str) -> str:
    """Tell no secret: nothing is asked for before the first copy."""
    raise AssertionError(reference)


def the_settings(*texts: str) -> AuditSettings:
    """Return settings of sinks."""
    return read_audit({AUDIT_SINKS: ",".join(texts)})


async def test_each_kind_is_opened_by_its_adapter() -> None:
    """In the order of the setting, with what each can do; nothing connects."""
    pytest.importorskip("boto3", reason="pip install 'plangate[aws]' un-skips this")
    sinks = open_audit_sinks(the_settings(*ALL), secret=nobody, clock=SystemClock())

    assert [(sink.name.split("?")[0], sink.immutable, sink.listable) for sink in sinks] == [
        ("s3://records", True, True),
        ("splunk+https://splunk.internal:8088", False, False),
        ("datadog+https://datadog.internal", False, False),
        ("file:///var/copies", False, True),
    ]
    for sink in sinks:
        await sink.close()


@pytest.mark.parametrize(("texts", "told"), [(ALL[3:], 1), (ALL[:1], 0), ((), 0)])
async def test_sinks_without_worm_are_told_of(texts: tuple[str, ...], told: int) -> None:
    """Once, when they are opened."""
    structlog.reset_defaults()  # whoever ran before may have asked for less
    with capture_logs() as logs:
        sinks = open_audit_sinks(the_settings(*texts), secret=nobody, clock=SystemClock())

    assert [line["log_level"] for line in logs if line["event"] == "audit.not_immutable"] == [
        "info"
    ] * told
    for sink in sinks:
        await sink.close()


async def test_a_files_sink_of_the_platform_keeps_copies(tmp_path: Path) -> None:
    """What is opened works."""
    (sink,) = open_audit_sinks(
        the_settings(f"file://{tmp_path}"), secret=nobody, clock=SystemClock()
    )

    await sink.ready()
    await sink.close()


async def test_a_token_that_is_no_text_is_malformed() -> None:
    """Sinks hear it as all else that keeps a secret from being read."""
    keeping = a_keeping()
    keeping.provider.values["kv/shop/crm"] = (b"\xff", "1")
    with pytest.raises(SecretMalformedError, match="no text"):
        await told_by(keeping.reader)(CRM.text())
