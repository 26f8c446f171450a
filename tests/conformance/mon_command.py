"""Send one command to a monitor of Ceph, as its own client does, by its library alone.

Run with the unpacked libraries in LD_LIBRARY_PATH: `python mon_command.py CONF KEYRING JSON`.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path


def main(conf: str, keyring: str, command: str) -> int:
    """Return 0 once the monitor did it, else 1, and print what failed."""
    rados = ctypes.CDLL("librados.so.2")
    cluster = ctypes.c_void_p()
    steps: tuple[Callable[[], int], ...] = (
        lambda: rados.rados_create(ctypes.byref(cluster), b"admin"),
        lambda: rados.rados_conf_read_file(cluster, conf.encode()),
        lambda: rados.rados_conf_set(cluster, b"keyring", keyring.encode()),
        lambda: rados.rados_conf_set(cluster, b"client_mount_timeout", b"60"),
        lambda: rados.rados_connect(cluster),
        lambda: _asked(rados, cluster, command),
    )
    for number, step in enumerate(steps, start=1):
        if code := step():
            sys.stdout.write(f"step {number} ended with {code}")
            return 1
    rados.rados_shutdown(cluster)
    return 0


def _asked(rados: ctypes.CDLL, cluster: ctypes.c_void_p, command: str) -> int:
    commands = (ctypes.c_char_p * 1)(command.encode())
    out, said = ctypes.c_char_p(), ctypes.c_char_p()
    out_bytes, said_bytes = ctypes.c_size_t(), ctypes.c_size_t()
    code = rados.rados_mon_command(
        cluster,
        commands,
        ctypes.c_size_t(1),
        b"",
        ctypes.c_size_t(0),
        ctypes.byref(out),
        ctypes.byref(out_bytes),
        ctypes.byref(said),
        ctypes.byref(said_bytes),
    )
    sys.stdout.write(ctypes.string_at(said, said_bytes.value).decode())
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_text(encoding="utf-8")))
