"""Prepare every test run: nothing calls home, laws have no deadline, failures name their repeat."""

import os
import threading
import weakref
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import settings

pytest_plugins = ["tests.database"]

QUIET_ENVIRONMENT: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
    "DEEPEVAL_FILE_SYSTEM": "READ_ONLY",
    "DEEPEVAL_DISABLE_DOTENV": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
}

# The libraries read these when they are imported, which is before any fixture runs.
os.environ.update(QUIET_ENVIRONMENT)

# A shared core makes the time of one example say nothing; the 60 s timeout of a test still holds.
settings.register_profile("plangate", deadline=None)
settings.load_profile("plangate")


class _KeysOfThread(weakref.WeakKeyDictionary[Any, Any]):
    """Forget dead keys without running Python, where another thread than the main one made it.

    Coverage keeps one in each thread, of its greenlets. CPython 3.11 frees those of an ended thread
    between two instructions of the main one. Should another thread end meanwhile, traced Python
    that runs there is interrupted before its first instruction, for ever.
    """

    data: dict[weakref.ref[Any], Any]

    def __init__(self, items: Mapping[Any, Any] | None = None) -> None:
        """Hold what a dictionary holds."""
        super().__init__(items)
        if threading.get_ident() != threading.main_thread().ident:
            self._remove = self.data.pop


weakref.WeakKeyDictionary = _KeysOfThread  # type: ignore[misc, assignment]  # of tracers from now on


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Name what passed only when looked at again, what failed, and the command that repeats it."""
    for report in terminalreporter.stats.get("rerun", ()):
        why = getattr(getattr(report.longrepr, "reprcrash", None), "message", "")
        first = why.partition("\n")[0]
        terminalreporter.write_line(f"looked at again: {report.nodeid} ({first or 'no message'})")
    for check in os.environ.get("PLANGATE_FAILED", "").split():
        terminalreporter.write_line(f"failed before: {check}; repeat it: make check-{check}")
    if exitstatus == pytest.ExitCode.OK:
        return
    name = os.environ.get("PLANGATE_CHECK")
    repeat = f"make check-{name}" if name else "pytest --last-failed"
    terminalreporter.write_line(f"this run failed; repeat it: {repeat}")
