"""What a refusal of `workflow` says to the person, and which field of the answer it concerns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compliance import confirmations, periods, workflow
from compliance.enums import EntryState, PeriodState
from compliance.models import Period, StatusEntry
from compliance.photo_forms import no_room
from institutions.models import Institution

FIELDS: Final = {
    workflow.LateAnswer: "effective_on",
    workflow.FutureAnswer: "effective_on",
    workflow.NoException: "status",
    workflow.TooManyPhotos: "photos",
    workflow.RevokedDocument: "document_number",
}

_ANSWERS: Final = {
    workflow.FutureAnswer: _("This day lies in the future. Name the first day on which it was so."),
    workflow.AlreadyWaiting: _(
        "Another answer to this item waits for a decision already. Yours is kept as a draft; "
        "send it when that one is decided or taken back."
    ),
    workflow.NotListed: _("This item is no longer on the list of the institution. Your answer is kept as a draft."),
    workflow.RevokedDocument: _("This document was revoked and proves nothing any more. Name another one."),
    workflow.StaleDecision: _("This answer was sent or changed in another window in the meantime."),
}


def of_answer(refused: workflow.Refused, draft: StatusEntry) -> str:
    """Why an answer was not taken. Costs a query where a quarter has to be named."""
    if isinstance(refused, workflow.LateAnswer):
        return _late(draft)
    if isinstance(refused, workflow.NoException):
        if draft.item.requirement.exception_allowed:
            return gettext("“Not applicable” needs its reason in the note and a last day: an exception has an end.")
        return gettext("This item is counted in the ministry's brief: “not applicable” is no answer to it.")
    if isinstance(refused, workflow.TooManyPhotos):
        return no_room()
    return str(_ANSWERS[type(refused)])


def _late(draft: StatusEntry) -> str:
    period = Period.objects.containing(draft.effective_on).first()
    if period is None:
        return gettext("Answers for this day are no longer taken.")
    words = {"quarter": period.quarter, "year": period.year}
    if period.state == PeriodState.CLOSED:
        # Translators: %(quarter)s is 1 to 4, %(year)s a year
        return (
            gettext(
                "Quarter %(quarter)s of %(year)s is closed: answers for it are no longer taken. "
                "Name a day of a quarter that is open, or ask the ministry for an exception."
            )
            % words
        )
    return (
        gettext(
            "Quarter %(quarter)s of %(year)s is closing: only what was sent before is still decided. "
            "Name a day of a quarter that is open, or ask the ministry for an exception."
        )
        % words
    )


def of_decision(refused: workflow.Refused, entry: StatusEntry) -> str:
    """Why a decision was not taken; `entry` as it is now, with its item and the people."""
    if isinstance(refused, workflow.OwnCheck):
        return gettext("You checked this answer for the district: another person approves it.")
    if isinstance(refused, workflow.Unchecked):
        return gettext("The district has not checked this answer yet. It is approved after that, or returned.")
    if isinstance(refused, workflow.OtherLevel):
        return of_level(entry)
    if isinstance(refused, workflow.OwnEntry):
        return gettext("Nobody decides what they wrote or submitted: another approver has to.")
    if isinstance(refused, workflow.ReasonMissing):
        return gettext("Say why.")
    if isinstance(refused, workflow.RevokedDocument):
        return gettext("The document behind this answer was revoked. Return the answer.")
    return what_changed(entry)


def of_level(entry: StatusEntry) -> str:
    """Whose step it is, where districts check and the region approves, or do so no longer."""
    if not entry.item.institution.locality.region.second_level:
        return gettext("In this region answers are approved at once: nobody checks them before.")
    if entry.state == EntryState.CHECKED:
        return gettext("The district has checked this answer; the region approves it.")
    return gettext("In this region the district checks and the region approves: this step is not yours.")


def what_changed(entry: StatusEntry) -> str:
    """What happened to an entry in the meantime, so that it cannot be decided as it was shown."""
    if entry.state in (EntryState.APPROVED, EntryState.RETURNED):
        words = {"by": entry.decided_by or entry.batch, "at": _moment(entry)}
        if entry.state == EntryState.APPROVED:
            return gettext("It was approved in the meantime: %(by)s, %(at)s.") % words
        return gettext("It was returned in the meantime: %(by)s, %(at)s.") % words
    if entry.state == EntryState.WITHDRAWN:
        return gettext("Its author took it back in the meantime.")
    if entry.state == EntryState.REVOKED:
        return gettext("Its approval was revoked in the meantime.")
    if not entry.item.listed:
        return gettext("The item is no longer on the institution's list. Return the answer.")
    if entry.item_version != entry.item.version:
        return gettext(
            "The item was decided after this answer was written. Return it, so that its author looks at it again."
        )
    if entry.state == EntryState.CHECKED:
        words = {"by": entry.checked_by, "at": _when(entry.checked_at)}
        return gettext("It was checked in the meantime: %(by)s, %(at)s. Look at it once more.") % words
    return gettext("What you decided about is not what is recorded now. Look at it once more.")


def of_move(period: Period, verb: Callable[..., None], day: date) -> str:
    """Why a quarter cannot be moved by a verb of `periods`; the quarter as it is now, with who closed it."""
    if verb is not periods.reopen_period and period.ends_on >= day:
        after = date_format(period.ends_on + timedelta(days=1), "SHORT_DATE_FORMAT")
        return gettext("The quarter has not ended yet: this can be done from %(day)s on.") % {"day": after}
    if period.state == PeriodState.CLOSED:
        if period.closed_by is None:
            return gettext("The quarter is closed already.")
        words = {"by": period.closed_by, "at": _when(period.closed_at)}
        return gettext("The quarter is closed already: %(by)s, %(at)s.") % words
    if period.state == PeriodState.CLOSING:
        if verb is periods.begin_closing:
            return gettext("The closing of the quarter has begun already.")
        return gettext("The quarter is not closed yet: its closing has begun.")
    return gettext("The quarter is open.")


def of_confirmation(refused: confirmations.NotConfirmed, period: Period) -> str:
    """Why a quarter was not confirmed."""
    words = {"quarter": period.quarter, "year": period.year}
    if isinstance(refused, confirmations.MovedOn):
        return gettext(
            "The checklist has changed since you opened the page. Look at what is listed here, then confirm."
        )
    if isinstance(refused, confirmations.NotBegun):
        return gettext("Quarter %(quarter)s of %(year)s has not begun yet.") % words
    if isinstance(refused, confirmations.NotCounted):
        return (
            gettext("The institution was not open in quarter %(quarter)s of %(year)s: there is nothing to confirm.")
            % words
        )
    return gettext("Quarter %(quarter)s of %(year)s is closed: it cannot be confirmed any more.") % words


def why_not_to_confirm(institution: Institution, period: Period, day: date) -> str:
    """What `confirm` would refuse today whatever is shown; empty where nothing forbids it. Costs a query."""
    if period.state == PeriodState.CLOSED:
        return of_confirmation(confirmations.QuarterClosed(), period)
    if period.starts_on > day:
        return of_confirmation(confirmations.NotBegun(), period)
    if not confirmations.expected(period, day).filter(pk=institution.pk).exists():
        return of_confirmation(confirmations.NotCounted(), period)
    return ""


def _moment(entry: StatusEntry) -> str:
    return _when(entry.decided_at)


def _when(moment: datetime | None) -> str:
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT") if moment else ""
