"""The audit log: its newest records, and checking all of it with the file that needs no trust."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import Final

import gradio as gr
import orjson

from runtime.client import Plangate
from runtime.entrypoints.console.desk import Desk, acting, first, on, shown
from runtime.entrypoints.console.markup import (
    Html,
    chip,
    document,
    element,
    instant,
    joined,
    note,
    table,
)

MOST: Final = 50
READ: Final = 2_000
MOST_EXPORT_BYTES: Final = 512 * 2**20
CHECK_S: Final = 300
VERIFIER: Final = Path(__file__).parents[2] / "audit_verifier.py"
COLUMNS: Final = {"No.": "num", "Kind": "", "By": "id", "When (UTC)": "", "Readable": "",
                  "Record": "id"}  # fmt: skip


def panel(desk: Desk, _project: gr.Dropdown, tab: gr.Tab) -> None:
    """Build the panel; the log is the organization's."""
    with gr.Row():
        check = gr.Button("Check the whole log", variant="primary", elem_id="pg-verify")
    told = gr.HTML(elem_id="pg-verified")
    view = gr.HTML(elem_id="pg-records")

    def show(request: gr.Request) -> Html:
        client = desk.client(request)
        return shown(lambda: records_view(client))

    @acting
    def verify(request: gr.Request) -> Html:
        return verified(desk.client(request))

    on(tab.select, show, fills=[view])
    on(check.click, verify, fills=[told])


def records_view(client: Plangate) -> Html:
    """Return the newest records, and the newest signed head."""
    head = client.audit.read_latest_audit_head()
    day = head["at"][:10]  # of the newest head: older records are an export's
    newest = deque(first(client.audit.list_records(since=f"{day}T00:00:00Z"), READ), maxlen=MOST)
    rows = [
        (item["sequence"], item["kind"], item["principal"], instant(item["at"]),
         chip(item["readable"], "good" if item["readable"] == "readable" else "wait"), item["id"])
        for item in reversed(newest)
    ]  # fmt: skip
    latest = element("details", element("summary", "The newest signed head"), document(head))
    return joined((latest, table(COLUMNS, rows, empty="No records yet.")))


def verified(client: Plangate) -> Html:
    """Export the log, and let the verifier say what is right and wrong with it."""
    key = client.audit.list_keys()["items"][0]["public_key"]
    with tempfile.TemporaryDirectory(prefix="plangate-audit-") as folder:
        export = Path(folder) / "export.jsonl"
        if not _exported(client, export):
            return note("It is too long to be checked here; use `plangate audit verify`.", "wait")
        command = [sys.executable, "-I", str(VERIFIER), str(export), "--key", key, "--json"]
        done = subprocess.run(command, capture_output=True, timeout=CHECK_S, check=False)  # noqa: S603  # our own file
    try:
        report = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        return note("The verifier said nothing that can be read.", "bad")
    good = report.get("verdict") == "good"
    said = "The log is as it was signed." if good else "The log is not as it was signed."
    return joined((note(said, "good" if good else "bad"), document(report)))


def _exported(client: Plangate, file: Path) -> bool:
    size_bytes = 0
    with client.audit.export_log() as parts, file.open("wb") as stream:
        for part in parts:
            size_bytes += len(part)
            if size_bytes > MOST_EXPORT_BYTES:
                return False
            stream.write(part)
    return True
