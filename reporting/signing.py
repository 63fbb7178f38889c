"""Who seals a brief."""

from __future__ import annotations

from typing import Protocol


class SigningError(Exception):
    """The file could not be signed."""


class Signer(Protocol):
    """`name`: whose seal it is, as printed on the document."""

    name: str

    def sign(self, pdf: bytes) -> bytes: ...


def configured_signer() -> Signer | None:
    """The signer that the settings name, if any."""
    return None
