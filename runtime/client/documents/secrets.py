"""Spell the documents of operations on secrets, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import TypedDict


class RotationOut(TypedDict):
    """Say which rotation every process hears of within seconds."""

    reference: str
    rotation: int


class SecretRotationsRotationIn(TypedDict):
    """Say which secrets have new values; never send one of them."""

    reference: str
