"""Read rubrics, labels and calibrations from the folder of the judges, and write calibrations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from harness.baseline import baseline_name
from harness.judging.calibration import Calibration
from harness.judging.labels import LabelSet
from harness.judging.rubric import Rubric
from harness.results import RunError, make_folder, write_json
from harness.yaml_source import Problem, SourceError, YamlSource, read_yaml
from runtime.public import JsonObject

RUBRIC_SUFFIX = ".rubric.yaml"
LABELS_SUFFIX = ".labels.yaml"
CALIBRATION_SUFFIX = ".calibration.json"
DEFAULT_FOLDER = Path("scenarios/judges")

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Hold a rubric with the labels that judges are measured by, and the folder of both."""

    folder: Path
    rubric: Rubric
    labels: LabelSet

    def calibration_path(self, judge: str) -> Path:
        """Return where the calibration of a judge lies: beside the labels."""
        stem = baseline_name(judge).removesuffix(".json")
        return self.folder / f"{self.rubric.rubric}.{stem}{CALIBRATION_SUFFIX}"


def read_matters(path: Path) -> tuple[Matter, ...]:
    """Read one labels file, or all of a folder, with the rubrics beside them.

    Raises:
        SourceError: nothing is there, or a file is wrong; with every problem of that file.
    """
    files = sorted(path.glob(f"*{LABELS_SUFFIX}")) if path.is_dir() else [path]
    if not files:
        raise SourceError(_problem(path, f"the folder holds no labels, NAME{LABELS_SUFFIX}"))
    return tuple(_matter(file) for file in files)


def read_calibration(path: Path) -> Calibration | None:
    """Read a calibration; None when there is no such file.

    Raises:
        SourceError: the file can't be read or is damaged.
    """
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(_problem(path, f"can't be read: {error.strerror}")) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        message = f"is no calibration: {where}: {first['msg']}; calibrate the judge again"
        raise SourceError(_problem(path, message)) from error


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration whole.

    Raises:
        RunError: it can't be written.
    """
    make_folder(path.parent)
    write_json(path, calibration.model_dump(mode="json"))


def write_lines(path: Path, documents: Iterable[JsonObject]) -> None:
    """Write one line a document, so that readers see the old file or the new one.

    Raises:
        RunError: the file can't be written; the old one is as it was.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            for document in documents:
                file.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RunError(f"{path} can't be written: {error.strerror}") from error


def _matter(file: Path) -> Matter:
    labels_source = read_yaml(file, shown_as=file.as_posix())
    labels = _checked(LabelSet, labels_source)
    rubric_file = file.parent / f"{labels.rubric}{RUBRIC_SUFFIX}"
    rubric = _checked(Rubric, read_yaml(rubric_file, shown_as=rubric_file.as_posix()))
    if rubric.rubric != labels.rubric:
        message = f"the rubric calls itself '{rubric.rubric}', expected '{labels.rubric}'"
        raise SourceError(_problem(rubric_file, message))
    strange = [item for item in labels.examples if item.kind not in rubric.judges]
    if strange:
        message = (
            f"{strange[0].id} is a {strange[0].kind.value}, which rubric '{rubric.rubric}' "
            "does not judge"
        )
        raise SourceError(_problem(file, message))
    return Matter(folder=file.parent, rubric=rubric, labels=labels)


def _checked(kind: type[Document], source: YamlSource) -> Document:
    try:
        return kind.model_validate_json(orjson.dumps(source.content), strict=True)
    except ValidationError as error:
        problems = [
            Problem(
                file=source.file,
                line=source.line(item["loc"]),
                message=f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg']}",
            )
            for item in error.errors(include_url=False)
            if not (item["type"] == "too_short" and item["input"])  # an echo of problems inside
        ]
        raise SourceError(*problems) from error


def _problem(path: Path, message: str) -> Problem:
    return Problem(file=path.as_posix(), line=1, message=message)
