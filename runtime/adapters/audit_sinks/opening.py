"""Open sinks from their addresses; connections open on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from runtime.adapters.audit_sinks.datadog import DatadogSink
from runtime.adapters.audit_sinks.files import FilesSink
from runtime.adapters.audit_sinks.intake import Intake, TellSecret
from runtime.adapters.audit_sinks.splunk import SplunkSink
from runtime.kit.clock import Clock
from runtime.ports.audit_sink import AuditSink
from runtime.ports.egress import OwnEgress
from runtime.ports.sink_address import SinkAddress, SinkAddressError, SinkKind

OpenEgress: TypeAlias = Callable[[SinkAddress], OwnEgress]
"""Return the way to one address, which its sink closes."""


def open_sinks(
    addresses: Iterable[SinkAddress], *, egress: OpenEgress, secret: TellSecret, clock: Clock
) -> tuple[AuditSink, ...]:
    """Return the sinks, in the order of their addresses.

    Args:
        addresses: of different names.
        egress: opens the way to an intake.
        secret: returns the value that a reference names.
        clock: the local time.

    Raises:
        SinkAddressError: a sink needs a package that is not installed.
    """

    def opened(address: SinkAddress) -> AuditSink:
        if address.kind is SinkKind.FILES:
            return FilesSink(address)
        if address.kind is SinkKind.S3:
            return _s3(address, secret=secret, clock=clock)
        intake = Intake(address, egress=egress(address), secret=secret, clock=clock)
        if address.kind is SinkKind.SPLUNK:
            return SplunkSink(address, intake=intake, clock=clock)
        return DatadogSink(address, intake=intake)

    return tuple(map(opened, addresses))


def _s3(address: SinkAddress, *, secret: TellSecret, clock: Clock) -> AuditSink:
    try:
        from runtime.adapters.audit_sinks.s3 import S3Sink  # noqa: PLC0415  # boto3 is an extra
    except ModuleNotFoundError as error:
        if error.name not in {"boto3", "botocore"}:
            raise
        raise SinkAddressError(
            "s3:// needs boto3, which is not installed: pip install 'plangate[aws]'"
        ) from None
    return S3Sink(address, secret=secret, clock=clock)
