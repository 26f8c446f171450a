"""Keep clients of providers from logging what they are answered: at debug level some write it."""

from __future__ import annotations

import logging


def silence(*names: str) -> None:
    """Let these loggers write nothing, whatever level the process has."""
    for name in names:
        logger = logging.getLogger(name)  # noqa: TID251  # foreign loggers, to be told to be still
        logger.disabled = True
