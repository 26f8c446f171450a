"""Read this repository's files for the house rules."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from tests.architecture.rules import SourceFile

ROOT: Final = Path(__file__).parents[2]


def python_files(*folders: str) -> Iterator[SourceFile]:
    """Yield every Python file below the folders; a folder that is not there yet has none."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            relative = PurePosixPath(path.relative_to(ROOT).as_posix())
            yield SourceFile(path=relative, text=path.read_text(encoding="utf-8"))
