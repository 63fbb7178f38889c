"""What a role may do. The one place that turns roles into capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from institutions.enums import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from institutions.models import User

ANSWER = frozenset({Role.DIRECTOR, Role.EDITOR})  # write and submit entries
DECIDE = frozenset({Role.APPROVER})  # approve, return, revoke
REVOKE_DOCUMENTS = frozenset({Role.APPROVER, Role.ADMINISTRATOR})  # with all the answers that rest on them
VERIFY = frozenset({Role.APPROVER, Role.ADMINISTRATOR})  # record what an inspection found
MAKE_BRIEFS = frozenset({Role.ANALYST, Role.ADMINISTRATOR})
READ_JOURNAL = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
IMPORT = frozenset({Role.EDITOR, Role.ADMINISTRATOR})  # upload lists of institutions and apply them
LISTS = IMPORT | VERIFY  # upload lists of some kind: what the police say is verified, and for those who verify
READ_QUARTERS = frozenset(Role) - {Role.DIRECTOR}  # how the institutions of a reach confirm and answer
READ_EDITIONS = frozenset({Role.ANALYST, Role.ADMINISTRATOR, Role.AUDITOR})  # of the Order, and what follows from them
ADMINISTER = frozenset({Role.ADMINISTRATOR})
READ_RETURNS = frozenset(Role) - {Role.DIRECTOR}  # why answers of a reach came back, counted
REGISTER = frozenset({Role.EDITOR, Role.ADMINISTRATOR})  # enter institutions and keep their records
APPOINT_DIRECTORS = frozenset({Role.EDITOR})  # give and end the role of director, within their scope
MANAGE_PEOPLE = ADMINISTER | APPOINT_DIRECTORS
INSIDERS = frozenset({Role.DIRECTOR})  # whose reading of an institution's gaps the journal does not note


def roles_of(user: User | AnonymousUser) -> frozenset[Role]:
    """The roles of the person's memberships in force today. Costs a query."""
    from institutions.models import Membership

    return frozenset(Role(role) for role in Membership.objects.of(user).values_list("role", flat=True))
