"""Import a plugin into this process, after it passed its probe, and refuse one that differs here.

What an import does in this process can't be undone: an admitted plugin is trusted code. Its end
comes within a bound all the same: an import that hangs is named, and ends the process.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Final, NoReturn

from runtime.domain.errors import DeclarationError
from runtime.plugins.contract import Plugin
from runtime.plugins.declarations import declarations_digest
from runtime.plugins.distributions import Offer
from runtime.plugins.probe_child import check_contract

LONGEST_IMPORT_S: Final = 10.0
HUNG: Final = 70
"""The exit code of a process that a plugin's import holds for ever."""


def imported(
    offer: Offer,
    *,
    digest: str | None,
    longest_s: float = LONGEST_IMPORT_S,
    hung: Callable[[str], object] | None = None,
) -> Plugin:
    """Import what an offer names.

    Args:
        offer: what to import.
        digest: of the declarations that its probe saw; None: it was not probed.
        longest_s: how long the import may take.
        hung: called from another thread when it takes longer; by default it ends the process.

    Raises:
        DeclarationError: it can't be imported, is no plugin, or declares other things here.
    """
    watchdog = threading.Timer(longest_s, hung or _end, args=(offer.name,))
    watchdog.daemon = True
    watchdog.start()
    try:
        plugin = check_contract(offer.entry_point.load(), offer.value)
        if digest is None or declarations_digest(plugin) == digest:
            return plugin
        problems = ("it declares other things in this process than in its probe",)
    except (DeclarationError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  # foreign code; sys.exit is no end of ours
        kind = type(error).__name__
        problems = (f"{offer.value} can't be imported: {kind}: {str(error)[:200]}",)
    finally:
        watchdog.cancel()
    raise DeclarationError(subject=f"plugin '{offer.name}'", problems=problems)


def _end(name: str) -> NoReturn:  # pragma: no cover  # the process is over
    sys.stderr.write(
        f"plugin '{name}' holds this process in its import, which it did not in its probe; "
        "take it from PLANGATE_PLUGINS or uninstall it\n"
    )
    sys.stderr.flush()
    os._exit(HUNG)
