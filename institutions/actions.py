"""The actions that the journal knows, in words. A test holds it against what the code writes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: Final[Mapping[str, str | Promise]] = MappingProxyType(
    {
        "entry.save": _("draft saved"),
        "entry.discard": _("draft thrown away"),
        "entry.submit": _("answer submitted"),
        "entry.withdraw": _("answer withdrawn"),
        "entry.approve": _("answer approved"),
        "entry.return": _("answer returned"),
        "entry.revoke": _("approval revoked"),
        "endings.list": _("answers that end looked at"),
        "document.read": _("document looked at from outside"),
        "document.revoke": _("document revoked"),
        "photo.add": _("photo added"),
        "photo.remove": _("photo removed"),
        "institution.open": _("institution entered"),
        "institution.change": _("institution changed"),
        "institution.details": _("details of an institution changed"),
        "proposal.make": _("change of an institution proposed"),
        "proposal.accept": _("proposed change accepted"),
        "proposal.decline": _("proposed change declined"),
        "proposal.withdraw": _("proposed change withdrawn"),
        "institution.merge": _("institution merged into another"),
        "institution.unmerge": _("merger undone"),
        "locality.move": _("institutions of a locality moved to another"),
        "institution.not_duplicate": _("two institutions found to be no duplicates"),
        "institution.export": _("list of institutions downloaded"),
        "status.export": _("statuses of institutions downloaded"),
        "import.upload": _("list uploaded"),
        "import.check": _("list checked"),
        "import.apply": _("list applied"),
        "import.undo": _("list undone"),
        "import.discard": _("list thrown away"),
        "import.download": _("list with its errors downloaded"),
        "institution.read": _("institution looked at from outside"),
        "inspection.record": _("inspection recorded"),
        "inspection.revoke": _("inspection revoked"),
        "contradictions.list": _("contradictions looked at"),
        "period.begin_closing": _("closing of a quarter begun"),
        "period.close": _("quarter closed"),
        "period.reopen": _("quarter opened again"),
        "period.exception": _("exception granted"),
        "period.exception_end": _("exception ended early"),
        "period.confirm": _("quarter confirmed"),
        "period.download": _("completeness of a quarter downloaded"),
        "items.list": _("items of institutions read by another program"),
        "coverage.list": _("institutions behind a figure looked at"),
        "brief.request": _("brief asked for"),
        "brief.ready": _("brief made"),
        "brief.refused": _("brief refused by the rules"),
        "brief.failed": _("making of a brief failed"),
        "brief.download": _("brief downloaded"),
        "brief.copy": _("reader's copy of a brief made"),
        "brief.records": _("records behind a brief looked at"),
        "brief.explain": _("jump of a figure explained"),
        "brief.publish": _("brief published"),
        "brief.withdraw": _("brief withdrawn"),
        "bundle.request": _("briefs of all regions asked for"),
        "bundle.ready": _("briefs of all regions made"),
        "bundle.download": _("briefs of all regions downloaded"),
        "demo.load": _("demonstration loaded"),
        "journal.export": _("journal exported"),
        "person.create": _("person entered"),
        "person.change": _("person changed"),
        "person.password": _("password set"),
        "person.invite": _("invitation sent"),
        "person.accept": _("invitation accepted"),
        "person.lock_out": _("person locked out"),
        "person.let_in": _("person let in again"),
        "person.letters": _("letters chosen"),
        "membership.create": _("role given"),
        "membership.end": _("end of a role set"),
        "membership.cancel": _("role that was to begin taken back"),
    }
)


def in_words(action: str) -> str:
    """The action as a person reads it; its code, where the list does not know it."""
    return str(ACTIONS.get(action, action))
