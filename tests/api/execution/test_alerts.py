"""The rules for Prometheus that we ship ask for series that the platform exports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import yaml

from tests.api.execution.conftest import Api

RULES: Final = Path(__file__).parents[3] / "deploy" / "alerts.yml"
_SUFFIX: Final = re.compile(r"_(total|bucket|count|sum)$")


async def test_no_alert_waits_for_a_series_that_never_comes(api: Api) -> None:
    """An alert on a figure that nobody sets would never sound."""
    shown = await api.call("GET", "/v1/metrics")
    exported = set(re.findall(r"^# TYPE (plangate_\w+) ", shown.body.decode(), re.MULTILINE))
    exported = {_SUFFIX.sub("", name) for name in exported}

    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    asked = {
        rule["alert"]: {_SUFFIX.sub("", name) for name in re.findall(r"plangate_\w+", rule["expr"])}
        for rule in group["rules"]
    }

    assert len(asked) == len(group["rules"])
    assert all(asked.values())
    assert {alert: names - exported for alert, names in asked.items() if names - exported} == {}


async def test_each_alert_says_what_happened_and_what_to_do(api: Api) -> None:
    """Whoever is woken reads both; commands and paths in them exist."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    remedies = [rule["annotations"]["remedy"] for rule in group["rules"]]
    paths = [path for text in remedies for path in re.findall(r"/v1/\w+", text)]

    assert all(rule["annotations"]["summary"] for rule in group["rules"])
    assert all(remedies)
    assert paths
    for path in paths:
        assert (await api.call("GET", path)).status == 200
