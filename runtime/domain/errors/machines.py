"""What this machine can't start or keep."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class EmbeddedServerError(DomainError):
    """An embedded server can't be started, or could not be kept running."""

    code = "embedded_server"

    def __init__(self, *, server: str, problem: str, advice: str) -> None:
        """Name the server, what is wrong and what to do."""
        self.server = server
        self.problem = problem
        self.advice = advice
        super().__init__(f"embedded {server}: {problem}; {advice}")


class EmbeddedFolderBusyError(DomainError):
    """Another process runs the embedded server of this folder."""

    code = "embedded_folder_busy"

    def __init__(self, *, server: str, folder: str, pid: int | None) -> None:
        """Name the folder and who holds it, where that could be read."""
        self.server = server
        self.folder = folder
        self.pid = pid
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"embedded {server}: {holder} runs the server of {folder}; "
            "end that process first, or choose another folder"
        )


class DevFolderError(DomainError):
    """A folder of `plangate dev`, or a file in it, that can't be used."""

    code = "dev_folder"

    def __init__(self, *, path: str, problem: str) -> None:
        """Name the folder or file and what is wrong."""
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}; or choose another folder")


class DevFolderBusyError(DomainError):
    """Another process runs `plangate dev` in this folder."""

    code = "dev_folder_busy"

    def __init__(self, *, path: str, pid: int | None, url: str | None) -> None:
        """Name the folder, and who runs there, where that could be read."""
        self.path = path
        self.pid = pid
        self.url = url
        holder = "another process" if pid is None else f"process {pid}"
        does = "is starting" if url is None else f"serves {url}"
        super().__init__(
            f"{holder} {does} with the data in {path}; end it first, or choose another folder"
        )
