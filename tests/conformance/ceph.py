"""Run Ceph's S3 on loopback: a monitor, a store in memory and a gateway, for as long as a test.

A real object lock that nobody of this project wrote. Only the processes started here are ended.
"""

from __future__ import annotations

import base64
import http.client
import os
import secrets
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson

from runtime.adapters.embedded.ports import LOOPBACK, free_port
from tests.conformance.ceph_packages import libraries, unpacked

_START_S: Final = 150.0
_STOP_S: Final = 10.0
_COMMAND_S: Final = 90.0
_CAPS: Final = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *"},
    "osd.0": {"mon": "allow profile osd", "osd": "allow *"},
    "client.rgw.a": {"mon": "allow rw", "osd": "allow rwx"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CephS3:
    """Say where the gateway is, and who may use it."""

    url: str
    access_key: str
    secret_key: str = field(repr=False)


@contextmanager
def ceph_s3() -> Iterator[CephS3]:
    """Start all of it, yield where it is, and end it.

    Raises:
        NoCephError: this machine can't have it.
    """
    root = unpacked()
    with tempfile.TemporaryDirectory(prefix="plangate-ceph-") as place, ExitStack() as ending:
        cluster = _Cluster(root=root, folder=Path(place), ending=ending)
        yield cluster.started()


@dataclass(slots=True, kw_only=True)
class _Cluster:
    root: Path
    folder: Path
    ending: ExitStack
    fsid: str = field(default_factory=lambda: str(_uuid()))
    port: int = field(default_factory=free_port)
    monitor: str = field(default_factory=lambda: _monitor_address(free_port(), free_port()))

    def started(self) -> CephS3:
        self._write_files()
        at = ("-i", "a", "--public-addrv", self.monitor)
        self._run("ceph-mon", "--mkfs", *at, "--keyring", self._keyring)
        self._start("ceph-mon", *at)
        disk = str(_uuid())
        self._ask({"prefix": "osd new", "uuid": disk, "id": 0})
        self._run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", disk)
        near = ("--public-addr", LOOPBACK, "--cluster-addr", LOOPBACK)
        self._start("ceph-osd", "-i", "0", *near)
        found = CephS3(
            url=f"http://{LOOPBACK}:{self.port}",
            access_key=secrets.token_hex(10),
            secret_key=secrets.token_hex(20),
        )
        frontend = f"--rgw-frontends=beast endpoint={LOOPBACK}:{self.port}"
        gateway = self._start("radosgw", "-n", "client.rgw.a", frontend)
        self._wait(gateway)
        self._run(
            *("radosgw-admin", "-n", "client.rgw.a", "user", "create"),
            *("--uid=plangate", "--display-name=plangate"),
            *(f"--access-key={found.access_key}", f"--secret-key={found.secret_key}"),
        )
        return found

    @property
    def _conf(self) -> str:
        return str(self.folder / "ceph.conf")

    @property
    def _keyring(self) -> str:
        return str(self.folder / "keyring")

    @property
    def _environment(self) -> Mapping[str, str]:
        shared = libraries(self.root)
        folders = (shared, shared / "ceph", self.root / "lib" / shared.name)
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, folders))}

    def _write_files(self) -> None:
        for name in ("mon", "osd", "rgw", "run"):
            (self.folder / name).mkdir()
        Path(self._keyring).write_text(_keyring(), encoding="utf-8")
        Path(self._conf).write_text(
            "\n".join(["[global]", *(f"{key} = {value}" for key, value in self._settings())])
            + "\n",
            encoding="utf-8",
        )

    def _settings(self) -> Iterator[tuple[str, object]]:
        shared = libraries(self.root)
        yield from {
            "fsid": self.fsid,
            "mon initial members": "a",
            "mon host": self.monitor,
            "keyring": self._keyring,
            "run dir": self.folder / "run",
            "log file": self.folder / "$name.log",
            "mon cluster log file": self.folder / "cluster.log",
            "mon data": self.folder / "mon",
            "osd data": self.folder / "osd",
            "rgw data": self.folder / "rgw",
            "plugin dir": shared / "ceph",
            "erasure code dir": shared / "ceph" / "erasure-code",
            "osd class dir": shared / "rados-classes",
            "osd objectstore": "memstore",
            "memstore device bytes": 1_073_741_824,
            "osd pool default size": 1,
            "osd pool default min size": 1,
            "osd pool default pg num": 8,
            "osd pool default pg autoscale mode": "off",
            "osd crush chooseleaf type": 0,
            "mon allow pool size one": "true",
            "mon data avail crit": 1,
        }.items()

    def _run(self, program: str, *arguments: str) -> None:
        ended = subprocess.run(
            [self.root / "usr" / "bin" / program, "-c", self._conf, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"{program} failed: {ended.stderr[-2_000:]}")

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [self.root / "usr" / "bin" / program, "-f", "-c", self._conf, *arguments],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.ending.callback(_ended, process)
        return process

    def _ask(self, command: Mapping[str, object]) -> None:
        asked = self.folder / "command.json"
        asked.write_bytes(orjson.dumps(command))
        script = Path(__file__).with_name("mon_command.py")
        ended = subprocess.run(
            [sys.executable, script, self._conf, self._keyring, asked],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"the monitor refused: {ended.stdout}{ended.stderr[-2_000:]}")

    def _wait(self, gateway: subprocess.Popen[bytes]) -> None:
        """Return once the gateway answers, whatever it says."""
        ends_s = time.monotonic() + _START_S
        while time.monotonic() < ends_s:
            if gateway.poll() is not None:
                log = self.folder / "client.rgw.a.log"
                raise RuntimeError(f"radosgw ended: {log.read_text(encoding='utf-8')[-2_000:]}")
            try:
                asked = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
                asked.request("GET", "/")
                asked.getresponse().read()
                asked.close()
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"radosgw does not answer after {_START_S:g} s")


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _keyring() -> str:
    lines: list[str] = []
    for name, caps in _CAPS.items():
        lines += [f"[{name}]", f"key = {_cephx_key()}"]
        lines += [f'caps {kind} = "{cap}"' for kind, cap in caps.items()]
    return "\n".join(lines) + "\n"


def _cephx_key() -> str:
    """Return a key as Ceph writes it: its kind, when it was made, its length, its bytes."""
    head = struct.pack("<hiih", 1, 1_700_000_000, 0, 16)
    return base64.b64encode(head + secrets.token_bytes(16)).decode("ascii")


def _monitor_address(first: int, second: int) -> str:
    return f"[v2:{LOOPBACK}:{first},v1:{LOOPBACK}:{second}]"


def _uuid() -> UUID:
    return UUID(bytes=secrets.token_bytes(16), version=4)
