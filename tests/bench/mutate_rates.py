"""Take away each guard of lent room and of laid-out charges, and see that a test notices.

The guards are named below: what stands there, and what stands there instead. They are taken away
in a copy of the tree, one by one. Prints each that no test noticed, and exits with 1 if there is
one. Run it with `python -m tests.bench.mutate_rates`, or with words of which one is in a guard's
file or text.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SLICES: Final = "runtime/services/execution/rate_slices.py"
ASKING: Final = "runtime/services/execution/rate_asking.py"
TELLING: Final = "runtime/services/execution/rate_telling.py"
RATES: Final = "runtime/services/execution/shared_rates.py"
SCRIPTS: Final = "runtime/adapters/redis_rates/scripts.py"
GRANTING: Final = "runtime/adapters/redis_rates/granting.py"
USE: Final = "runtime/domain/shared_use.py"
TALLY: Final = "runtime/domain/shared_tally.py"
COUNTERS: Final = "runtime/store/limit_counters.py"
BOOK: Final = "runtime/services/execution/shared_book.py"
USES: Final = "runtime/services/execution/shared_uses.py"
GUARDS: Final = "runtime/engine/limit_guards.py"

_ASKED: Final = (
    "tests/integration/execution/test_rate_asking.py",
    "tests/integration/execution/test_rate_law.py",
)
_LENT: Final = ("tests/unit/runtime/adapters/redis_rates",)
TESTS: Final[dict[str, tuple[str, ...]]] = {
    SLICES: (
        "tests/unit/runtime/services/execution/test_rate_slices.py",
        "tests/property/test_rate_slices.py",
    ),
    ASKING: _ASKED,
    TELLING: (*_ASKED, "tests/integration/execution/test_settling_rates.py"),
    RATES: (
        "tests/integration/execution/test_shared_rates.py",
        "tests/integration/execution/test_settling_rates.py",
        "tests/integration/execution/test_rates_without_answer.py",
    ),
    SCRIPTS: _LENT,
    GRANTING: _LENT,
    USE: (
        "tests/unit/runtime/domain/test_shared_use.py",
        "tests/unit/runtime/domain/test_shared_tally.py",
    ),
    TALLY: ("tests/unit/runtime/domain/test_shared_tally.py",),
    COUNTERS: ("tests/unit/runtime/store/test_limit_counters.py",),
    BOOK: (
        "tests/integration/execution/test_late_charges.py",
        "tests/integration/execution/test_shared_limits.py",
        "tests/integration/execution/test_shared_settling.py",
    ),
    USES: ("tests/unit/runtime/services/execution/test_shared_uses.py",),
    GUARDS: (
        "tests/unit/runtime/engine/test_limit_guards.py",
        "tests/unit/runtime/engine/test_pipeline.py",
        "tests/property/test_limits.py",
    ),
}


@dataclass(frozen=True, slots=True)
class Guard:
    """Name a guard by its file, its text, and what stands there once it is taken away."""

    file: str
    text: str
    instead: str


_G: Final = Guard
GUARDED: Final = (
    _G(SLICES, "piece.free < steps or now_s", "now_s"),
    _G(SLICES, " or now_s >= piece.ends_s", ""),
    _G(SLICES, "piece.free -= steps", "pass"),
    _G(SLICES, "piece.under_way += steps", "pass"),
    _G(SLICES, "piece.free += steps - done", "piece.free += steps"),
    _G(SLICES, "piece.done += done", "piece.done += steps"),
    _G(SLICES, "if piece.over and not piece.under_way:", "if piece.over:"),
    _G(SLICES, "if piece.over and not piece.under_way:", "if not piece.under_way:"),
    _G(SLICES, "ends_s=asked_s + LENT_S", "ends_s=asked_s + 2 * LENT_S"),
    _G(SLICES, "now_s < piece.ends_s and piece.free >= max(asked)", "piece.free >= max(asked)"),
    _G(SLICES, " and piece.free >= max(asked)", ""),
    _G(SLICES, "if busy and now_s >= demand.paused_s:", "if busy:"),
    _G(SLICES, "if busy and now_s", "if now_s"),
    _G(SLICES, "return [] if piece.over else", "return"),
    _G(SLICES, "piece.over = True", "pass"),
    _G(SLICES, "del held.slices[piece.window]", "pass"),
    _G(SLICES, "item.window.key in keys]", "True]"),
    _G(SLICES, "windows=(piece.window,), done=piece.done, left=piece.under_way", "windows=(piece.window,), done=piece.done"),  # noqa: E501
    _G(SLICES, ", share=SHARE)", ")"),
    _G(SLICES, "2 * sum(asked)), MOST)", "2 * sum(asked)), 10**9)"),
    _G(SLICES, "if item.slices}", "}"),
    _G(SLICES, "held.demands.clear()", "pass"),
    _G(ASKING, "if claim.outcome_id not in self._exactly\n            and", "if"),
    _G(ASKING, "self._exactly -= exactly", "pass"),
    _G(ASKING, "exactly.update(claim.outcome_id for claim in left)", "pass"),
    _G(ASKING, "not refused or not await self._came_back(organization_id, refused):", "True:"),
    _G(ASKING, "await self._telling.now(organization_id, told)\n            return True", "return True"),  # noqa: E501
    _G(ASKING, "await asyncio.sleep(max(waits_s))", "pass"),
    _G(ASKING, "charges += [unused(loan) for loan in loans]", "pass"),
    _G(ASKING, "asyncio.get_running_loop().call_later(LENT_S, self._ended, organization_id, piece)", "pass"),  # noqa: E501
    _G(ASKING, "for organization_id, told in self._slices.all_ended().items():", "for organization_id, told in ():"),  # noqa: E501
    _G(ASKING, "if told := self._slices.called_in(organization_id, windows):\n            await self._telling.now(organization_id, told)\n        return", "return"),  # noqa: E501
    _G(TELLING, "told = [*self.taken(organization_id), *charges]", "told = [*self.taken(organization_id)]"),  # noqa: E501
    _G(TELLING, "self._untold[organization_id] = charges + self.taken(organization_id)", "pass"),
    _G(RATES, "if claim.outcome_id in room.claimed:\n            return None\n        before", "before"),  # noqa: E501
    _G(RATES, "room.settle([claim.outcome_id], done={})", "pass"),
    _G(RATES, "grants[claim.outcome_id] = room.handed[claim.outcome_id] = handed", "grants[claim.outcome_id] = handed"),  # noqa: E501
    _G(RATES, "if claims[0].held_back:\n                raise", "raise"),
    _G(RATES, "if self.claimed or self.handed:\n            self.settle((*self.claimed, *self.handed), done={})", "self.settle(self.claimed, done={})"),  # noqa: E501
    _G(SCRIPTS, "steps > 0 and reservation.places or {}", "reservation.places"),
    _G(SCRIPTS, "math.min(charge.left, reservation.steps)", "charge.left"),
    _G(SCRIPTS, "take_back(reservation, reservation.steps - left)", "take_back(reservation, reservation.steps)"),  # noqa: E501
    _G(SCRIPTS, "if charge.done > counted then", "if true then"),
    _G(SCRIPTS, "text(charge.done - counted)", "text(charge.done)"),
    _G(SCRIPTS, "reservation.counted = math.max(counted, charge.done)", "reservation.counted = charge.done"),  # noqa: E501
    _G(SCRIPTS, "reservation.steps = left\n", "\n"),
    _G(SCRIPTS, "redis.call('HDEL', reservation.places[1].key, 'lent:' .. charge.key)", ""),
    _G(GRANTING, "reservation.steps == 0 and steps > 0", "reservation.steps == 0"),
    _G(GRANTING, "if reservation.steps == 0 and steps", "if steps"),
    _G(GRANTING, " and not window.called", ""),
    _G(GRANTING, " and not window.full", ""),
    _G(GRANTING, "math.min(claim.stretches[1].steps, fits)", "claim.stretches[1].steps"),
    _G(GRANTING, " / claim.share)", ")"),
    _G(GRANTING, "if window.full and window.returns_at then", "if window.full then"),
    _G(GRANTING, "if window.full and window.returns_at then", "if false then"),
    _G(GRANTING, "elseif not part and tonumber(value) > now then", "elseif not part then"),
    _G(USE, "kept.begins <= now < kept.ends", "now < kept.ends"),
    _G(USE, "kept.begins <= now < kept.ends", "kept.begins <= now"),
    _G(USE, "now < kept.ends", "now <= kept.ends"),
    _G(USE, "if len(offsets) == 1:", "if True:"),
    _G(USE, "if kept is not None and kept.of is action:", "if kept is not None:"),
    _G(USE, "self.room if later.room is None else later.room - self.amount", "later.room"),
    _G(USE, "else later.room - self.amount", "else later.room"),
    _G(USE, "room=None if urgent else duty.most - more", "room=duty.most - more"),
    _G(TALLY, "self._charges = dict(charged)", "self._charges = charged"),
    _G(TALLY, "self._in_use = len(self._done)", "pass"),
    _G(TALLY, "in reversed(self._done)", "in self._done"),
    _G(COUNTERS, "for counter in sorted(found)", "for counter in found"),
    _G(COUNTERS, 'charge.room - whole["amount"]', "charge.room"),
    _G(COUNTERS, "room if before is None or room < before else before", "room"),
    _G(COUNTERS, 'max(whole["at"], group.at)', "group.at"),
    _G(COUNTERS, 'event or whole["event"]', "event"),
    _G(BOOK, "TOLD_FROM * (before", "0 * (before"),
    _G(BOOK, "self.refused = True", "pass"),
    _G(USES, "if used > before:", "if True:"),
    _G(USES, "known.move_to_end(counter)\n            if", "if"),
    _G(USES, "if counters is self._counted:", "if False:"),
    _G(GUARDS, "+ more > limit:", "> limit:"),
    _G(GUARDS, "if not facts.ahead:\n        name", "if True:\n        name"),
)  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Take guards away, print what nobody noticed, and return the exit code."""
    began = time.perf_counter()
    chosen = [it for it in GUARDED if not words or any(word in f"{it}" for word in words)]
    with tempfile.TemporaryDirectory(prefix="plangate-mutants-") as folder:
        tree = Path(folder)
        _copy(tree)
        survivors = [*_survivors(tree, chosen)]
    print(*survivors, sep="\n")
    took_s = time.perf_counter() - began
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} noticed; {took_s:.0f} s")
    return 1 if survivors else 0


def _copy(tree: Path) -> None:
    for name in ("runtime", "tests", "migrations", "harness"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    for name in ("pyproject.toml", "alembic.ini"):
        shutil.copy(ROOT / name, tree / name)


def _survivors(tree: Path, chosen: Sequence[Guard]) -> Iterator[str]:
    for file in dict.fromkeys(guard.file for guard in chosen):
        if _noticed(tree, TESTS[file]):
            yield f"{file}: its tests fail before anything is taken away"
            return
    for number, guard in enumerate(chosen, start=1):
        path = tree / guard.file
        text = path.read_text(encoding="utf-8")
        if text.count(guard.text) != 1:
            yield f"{guard.file}: there {text.count(guard.text)} times: {guard.text!r}"
            continue
        path.write_text(text.replace(guard.text, guard.instead), encoding="utf-8")
        noticed = _noticed(tree, TESTS[guard.file])
        path.write_text(text, encoding="utf-8")
        print(f"{number:3} {'noticed' if noticed else 'SURVIVED'}  {guard.text[:70]!r}", flush=True)
        if not noticed:
            yield f"{guard.file}: {guard.text!r} -> {guard.instead!r}"


def _noticed(tree: Path, tests: Sequence[str]) -> bool:
    options = ("-x", "-q", "-p", "no:cacheprovider", "--no-header")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=tree,
        capture_output=True,
        check=False,
        timeout=600,
    )
    if ran.returncode not in {0, 1}:
        raise RuntimeError(f"the tests could not run:\n{ran.stdout.decode()[-2000:]}")
    return ran.returncode == 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
