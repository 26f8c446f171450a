"""Write down every paid call of a run as soon as it is answered, so that none is paid for twice.

The journal lies in the run's folder and holds what a budget set aside as well: a call that was in
flight when the process died counts as spent in full.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from harness.budget import NOTHING, Allowance, Reservation, Spend, failed_spend
from harness.cassette.address import Addresser
from harness.cassette.channel import Asked, Channel, Speaker, TrialModel, trial_model
from harness.cassette.pages import CallLine, Line, Pages, ReserveLine, SettleLine, line_from
from harness.cassette.player import Player
from harness.cassette.redaction import presentable
from harness.cassette.tape import Call, FormError, line_of, read_line, timed
from harness.results import RunError, make_folder
from harness.trial import TrialKey
from runtime.public import ChatModel, Completion, Price

CALLS: Final = "calls.jsonl"


class Journal:
    """Append calls to a run's folder and answer from them; one process at a time."""

    def __init__(self, path: Path, descriptor: int, pages: Pages) -> None:
        """Use `Journal.open`."""
        self._path = path
        self._file = descriptor
        self._pages = pages
        self._addressers: dict[str, Addresser] = {}

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """Open the journal of a run, make it if there is none, and read what it holds.

        Raises:
            RunError: another process writes it, or it can't be read or is damaged.
        """
        make_folder(folder)
        path = folder / CALLS
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise RunError(f"{path} can't be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(path, descriptor, _read(path, descriptor))
        except BlockingIOError as error:
            os.close(descriptor)
            raise RunError(f"{folder} is being written by another process") from error
        except BaseException:
            os.close(descriptor)
            raise

    def __enter__(self) -> Self:
        """Return the journal."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)

    def calls(self) -> tuple[Call, ...]:
        """Return every call that this run's trials were answered with: a recording of the run."""
        return tuple(line.call for line in self._pages.calls.values())

    def spent(self, prices: Mapping[str, Price | None] | None = None) -> Spend:
        """Return what the run used so far; reservations that nobody settled count in full.

        Args:
            prices: by model reference, for calls that were made without a budget and came without
                a price.
        """
        return self._pages.spent(prices or {})

    def for_trial(
        self,
        key: TrialKey,
        model: ChatModel,
        *,
        monotonic_s: Callable[[], float],
        allowance: Allowance | None = None,
        recorded: Player | None = None,
    ) -> TrialModel:
        """Return a live model as one trial sees it: what was answered before is not asked again.

        Args:
            key: the trial.
            model: who answers what nobody recorded.
            monotonic_s: the clock that the latency of live calls is read from.
            allowance: what pays for live calls.
            recorded: cassettes to look into before asking, for `--record-missing`.
        """
        addresser = self._addressers.setdefault(key.model, Addresser(key.model))
        live = _Live(journal=self, model=model, monotonic_s=monotonic_s, allowance=allowance)

        def find(asked: Asked) -> Call | None:
            call = self.find(asked)
            if call is None and recorded is not None:
                call = recorded.find(asked)
                if call is not None:
                    call = replace(call, position=asked.position)
                    self.write(call, settled=NOTHING)
            return call

        return trial_model(
            Channel(
                key,
                Speaker(name=key.model, offline=model.offline, native_tools=model.native_tools),
                addresser=addresser,
                recorded=find,
                otherwise=live.answer,
            )
        )

    def find(self, asked: Asked) -> Call | None:
        """Return the answer that this very request got earlier in this run."""
        line = self._pages.calls.get((asked.key, asked.position))
        if line is None or line.call.address.whole != asked.address.whole:
            return None
        return line.call

    def write(self, call: Call, *, settled: Spend | None, reservation: int | None = None) -> None:
        """Append a call with a single system call, so that it is there even after kill -9.

        Raises:
            RunError: it could not be written.
        """
        self._append(CallLine(call=call, settled=settled, reservation=reservation))

    def set_aside(self, worst: Spend) -> int:
        """Write down that a call may use this much from now on; return the number of the line.

        Raises:
            RunError: it could not be written, so the call must not be made.
        """
        number = self._pages.next_number
        self._append(ReserveLine(number=number, worst=worst))
        return number

    def give_back(self, number: int, actual: Spend) -> None:
        """Write down what a call without an answer used.

        Raises:
            RunError: it could not be written; read back, the call counts as its worst case.
        """
        self._append(SettleLine(number=number, actual=actual))

    def _append(self, line: Line) -> None:
        spelled = line_of(line.document())
        try:
            written = os.write(self._file, spelled)
        except OSError as error:
            raise self._unwritable(str(error.strerror)) from error
        if written != len(spelled):
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise self._unwritable(f"only {written} of {len(spelled)} bytes fit")
        line.enter(self._pages)

    def _unwritable(self, problem: str) -> RunError:
        return RunError(
            f"{self._path} can't be written: {problem}; what is there is kept: make room and go on "
            f"with `plangate eval run --resume {self._path.parent}`"
        )


@dataclass(slots=True, kw_only=True)
class _Live:
    """Ask a model for one trial, pay for it, and write down what came."""

    journal: Journal
    model: ChatModel
    monotonic_s: Callable[[], float]
    allowance: Allowance | None
    _since_s: float | None = None

    async def answer(self, asked: Asked) -> Call:
        """Answer a request; latency runs from its first attempt, without waits for budget."""
        began_s = self.monotonic_s()
        if self._since_s is None:
            self._since_s = began_s
        if self.allowance is None:
            call = self._call(asked, await self.model.complete(asked.request))
            self.journal.write(call, settled=None)
            return call
        worst = self.allowance.worst_of(asked.request)
        reservation = await self.allowance.budget.reserve(worst)
        self._since_s += self.monotonic_s() - began_s
        return await self._paid(asked, self.allowance, reservation)

    async def _paid(self, asked: Asked, allowance: Allowance, reservation: Reservation) -> Call:
        worst, actual = reservation.worst, NOTHING
        try:
            number = self.journal.set_aside(worst)
            actual = worst
            try:
                completion = await self.model.complete(asked.request)
            except BaseException as error:
                actual = failed_spend(error, worst=worst)
                self.journal.give_back(number, actual)
                raise
            actual = allowance.actual_of(completion, worst=worst)
            call = self._call(asked, _priced(completion, allowance.pricing))
            self.journal.write(call, settled=actual, reservation=number)
            return call
        finally:
            allowance.budget.settle(reservation, actual)

    def _call(self, asked: Asked, completion: Completion) -> Call:
        since_s, self._since_s = self._since_s, None
        took_s = 0.0 if since_s is None else self.monotonic_s() - since_s
        return timed(
            Call(
                key=asked.key,
                position=asked.position,
                address=asked.address,
                completion=presentable(completion),
                latency_s=0.0,
            ),
            took_s,
        )


def _priced(completion: Completion, price: Price | None) -> Completion:
    """Return the completion with the cost that a given price makes of it, if it has none."""
    if completion.cost_micros is not None or price is None:
        return completion
    return replace(completion, cost_micros=price.micros(completion.usage))


def _read(path: Path, descriptor: int) -> Pages:
    """Read whole lines and cut off the rest, behind which nothing may be written."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    pages = Pages()
    for number, line in enumerate(content[:whole].split(b"\n")[:-1], start=1):
        try:
            line_from(read_line(line)).enter(pages)
        except FormError as error:
            raise RunError(
                f"{path}:{number}: no line of a journal ({error}); restore the file or start a "
                "new run"
            ) from error
    if whole != len(content):
        os.ftruncate(descriptor, whole)
    return pages
