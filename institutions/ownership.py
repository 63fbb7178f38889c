"""Who owns a field of an institution's record. Its owner changes it; anybody else who may act there proposes.

A wider scope acts for the narrower ones, as an editor answers on behalf of a director.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from institutions.enums import Owner, Role

if TYPE_CHECKING:
    from institutions.models import Institution, User

# The BIN stands here for completeness: it is in the hashes of the ledger and cannot be changed by anybody. A wrong one
# is mended by entering the institution anew.
OWNERS: Final[Mapping[str, Owner]] = MappingProxyType(
    {
        "phone": Owner.FACILITY,
        "email": Owner.FACILITY,
        "staff": Owner.FACILITY,
        "learners": Owner.FACILITY,
        "facts": Owner.FACILITY,
        "name_kk": Owner.REGION,
        "name_ru": Owner.REGION,
        "address_kk": Owner.REGION,
        "address_ru": Owner.REGION,
        "latitude": Owner.REGION,
        "longitude": Owner.REGION,
        "kind": Owner.REGION,
        "ownership": Owner.REGION,
        "locality": Owner.REGION,
        "settlement": Owner.REGION,
        "settlement_class": Owner.REGION,
        "lifecycle": Owner.REGION,
        "large_city": Owner.MINISTRY,
        "bin": Owner.MINISTRY,
    }
)

ACTS_FOR: Final[Mapping[Owner, frozenset[Role]]] = MappingProxyType(
    {
        Owner.FACILITY: frozenset({Role.DIRECTOR, Role.EDITOR, Role.ADMINISTRATOR}),
        Owner.REGION: frozenset({Role.EDITOR, Role.ADMINISTRATOR}),
        Owner.MINISTRY: frozenset({Role.ADMINISTRATOR}),
    }
)
PROPOSE: Final = frozenset(Role) - {Role.AUDITOR}
_WIDTH: Final = (Owner.FACILITY, Owner.REGION, Owner.MINISTRY)


def owner_of(fields: Iterable[str]) -> Owner:
    """Who decides a change of all these fields: the widest of their owners."""
    return max((OWNERS[field] for field in fields), key=_WIDTH.index)


def may_propose(user: User, institution: Institution) -> bool:
    """Whether the person may change this institution's record, or propose to. Two queries."""
    from institutions.models import Institution

    return Institution.objects.within_roles(user, PROPOSE).filter(pk=institution.pk).exists()


def owned_by(user: User, institution: Institution) -> frozenset[Owner]:
    """For which owners the person acts at this institution. Two queries an owner."""
    from institutions.models import Institution

    return frozenset(
        owner
        for owner, roles in ACTS_FOR.items()
        if Institution.objects.within_roles(user, roles).filter(pk=institution.pk).exists()
    )
