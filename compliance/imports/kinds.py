"""Who uploads lists of which kind: whoever may do by hand what the list does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from compliance.enums import ImportKind
from institutions.access import ANSWER, IMPORT, VERIFY
from institutions.enums import Role

# Each of the sets is needed; an institution's own person has no list to bring.
_NEEDED: Final[Mapping[ImportKind, tuple[frozenset[Role], ...]]] = MappingProxyType(
    {
        ImportKind.INSTITUTIONS: (IMPORT,),
        ImportKind.ANSWERS: (IMPORT, ANSWER),
        ImportKind.POLICE: (VERIFY,),
    }
)


def may_upload(kind: ImportKind, roles: frozenset[Role]) -> bool:
    return all(roles & needed for needed in _NEEDED[kind])


def kinds_of(roles: frozenset[Role]) -> list[ImportKind]:
    """The kinds of lists that somebody with these roles uploads, in their order."""
    return [kind for kind in ImportKind if may_upload(kind, roles)]
