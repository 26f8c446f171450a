"""Write the client's generated modules anew: `python -m tests.docs.renew_client`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import orjson

from tests.docs.client_documents import Documents
from tests.docs.client_operations import (
    attribute_of,
    class_of,
    operations_module,
    operations_of,
)

ROOT: Final = Path(__file__).parents[2]
CLIENT: Final = ROOT / "runtime" / "client"
DESCRIPTION: Final = ROOT / "docs" / "openapi.json"
_PACKAGES: Final = {
    "documents": "Documents of the REST API, a module a tag.",
    "operations": "Operations of the REST API, a class a tag.",
}


def client_files(description: dict[str, Any]) -> dict[Path, str]:
    """Return the text of each generated module, by its place below the client."""
    documents = Documents(description)
    operations = operations_of(description, documents)
    texts = {Path(name, "__init__.py"): f'"""{said}"""\n' for name, said in _PACKAGES.items()}
    for home, text in documents.modules().items():
        texts[Path("documents", f"{attribute_of(home)}.py")] = text
    for tag, items in operations.items():
        module = operations_module(tag, items, documents)
        texts[Path("operations", f"{attribute_of(tag)}.py")] = module
    texts[Path("surface.py")] = _surface(list(operations))
    return {path: formatted(text) for path, text in texts.items()}


def formatted(text: str) -> str:
    """Return a module's text as the formatter leaves it."""
    for command in (("check", "--select=I,RUF022", "--fix", "--quiet"), ("format",)):
        arguments = [sys.executable, "-m", "ruff", *command, "--stdin-filename=x.py", "-"]
        done = subprocess.run(
            arguments, input=text, capture_output=True, text=True, check=True, cwd=ROOT
        )
        text = done.stdout
    return text


def _surface(tags: list[str]) -> str:
    lines = [
        '"""Hold the operations of the REST API by their nouns.',
        "",
        "Written by `python -m tests.docs.renew_client`; change the API, not this.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        *(
            f"from runtime.client.operations.{attribute_of(tag)} import {class_of(tag)}"
            for tag in tags
        ),
        "from runtime.client.transport import Transport",
        "",
        "",
        "class Surface:",
        '    """Offer each kind of operations as an attribute."""',
        "",
        "    def __init__(self, transport: Transport) -> None:",
        '        """Keep by what to ask."""',
        *(f"        self.{attribute_of(tag)} = {class_of(tag)}(transport)" for tag in tags),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write what is wanted, and remove what is not any more."""
    texts = client_files(orjson.loads(DESCRIPTION.read_bytes()))
    for folder in _PACKAGES:
        for path in (CLIENT / folder).glob("*.py"):
            if path.relative_to(CLIENT) not in texts:
                path.unlink()
    for path, text in texts.items():
        (CLIENT / path).parent.mkdir(exist_ok=True)
        (CLIENT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
