"""The console is mounted where somebody says so, and where it can work; else the start fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.app import create_app
from runtime.settings import EdgeSettings, ServiceSettings, SettingsError

MOUNTED = {
    "PLANGATE_CONSOLE": "mounted",
    "PLANGATE_DATABASE_URL": "postgresql://app@db/plangate",
}
WITHOUT_GRADIO = f"""
import sys
sys.modules["gradio"] = None
from runtime.settings import ServiceSettings
ServiceSettings.read({MOUNTED!r}).require_console()
"""


@pytest.mark.parametrize(("said", "mounted"), [("mounted", True), ("off", False), ("", False)])
def test_the_console_is_off_unless_it_is_mounted(said: str, mounted: object) -> None:
    """An unset variable mounts nothing."""
    assert ServiceSettings.read({"PLANGATE_CONSOLE": said}).edge.console is mounted


def test_another_word_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(SettingsError, match="PLANGATE_CONSOLE is 'yes', expected mounted or off"):
        ServiceSettings.read({"PLANGATE_CONSOLE": "yes"})


def test_a_console_without_a_platform_is_no_app() -> None:
    """It would have nobody to ask."""
    with pytest.raises(SettingsError, match="PLANGATE_DATABASE_URL is not set"):
        create_app(ServiceSettings(edge=EdgeSettings(console=True)))


def test_a_console_that_is_not_installed_says_what_to_install() -> None:
    """At the start, before anybody opens it; without the setting nothing is missed."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_GRADIO], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "SettingsError" in done.stderr
    assert "pip install 'plangate[console]'" in done.stderr
    ServiceSettings.read({**MOUNTED, "PLANGATE_CONSOLE": "off"}).require_console()
