"""Choices of compliance and the table of moves of an entry. Imports nothing of ours."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    """What an item counts as. `unknown`: never answered. `not_applicable`: an approved exception with an end."""

    UNKNOWN = "unknown", _("not answered")
    MET = "met", _("met")
    PARTLY_MET = "partly_met", _("partly met")
    NOT_MET = "not_met", _("not met")
    NOT_APPLICABLE = "not_applicable", _("not applicable")


ANSWERS = (Status.MET, Status.PARTLY_MET, Status.NOT_MET, Status.NOT_APPLICABLE)


class Level(models.TextChoices):
    """How far a status can be trusted. `declared` (submitted) is counted live and has no ledger rows."""

    APPROVED = "approved", _("approved")
    VERIFIED = "verified", _("verified")


class InspectionSource(models.TextChoices):
    """Whose word a finding is: somebody was there, or the police list says so."""

    INSPECTION = "inspection", pgettext_lazy("source of a finding", "inspection on the spot")
    POLICE = "police", pgettext_lazy("source of a finding", "list of the police")


# What can be found: somebody who looks sees one of these.
FOUND = (Status.MET, Status.PARTLY_MET, Status.NOT_MET)


class Connection(models.TextChoices):
    """What is found, said of cameras: the words of a list of the police for the statuses of its item."""

    MET = Status.MET.value, pgettext_lazy("cameras", "connected")
    PARTLY_MET = Status.PARTLY_MET.value, pgettext_lazy("cameras", "partly connected")
    NOT_MET = Status.NOT_MET.value, pgettext_lazy("cameras", "not connected")


class Measure(models.TextChoices):
    """The five items that the ministry's brief counts, in its order."""

    CCTV_INSTALLED = "cctv_installed", _("video surveillance installed")
    CCTV_CONNECTED = "cctv_connected", _("video surveillance connected to the operational control centre")
    LICENSED_GUARD = "licensed_guard", _("licensed guard")
    PANIC_BUTTON = "panic_button", _("panic button")
    TURNSTILE = "turnstile", _("turnstile")


class Scope(models.TextChoices):
    """The populations over which the brief counts a measure."""

    NATIONAL = "national", _("all institutions")
    LARGE_CITIES = "large_cities", _("institutions of the 25 large cities")


MEASURE_SCOPE = {
    Measure.CCTV_INSTALLED: Scope.NATIONAL,
    Measure.CCTV_CONNECTED: Scope.NATIONAL,
    Measure.LICENSED_GUARD: Scope.LARGE_CITIES,
    Measure.PANIC_BUTTON: Scope.LARGE_CITIES,
    Measure.TURNSTILE: Scope.LARGE_CITIES,
}


class EntryState(models.TextChoices):
    """The way of an answer; see `compliance.models.StatusEntry`."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    CHECKED = "checked", _("checked by the district")
    APPROVED = "approved", _("approved")
    RETURNED = "returned", _("returned")
    WITHDRAWN = "withdrawn", _("withdrawn")
    REVOKED = "revoked", _("revoked")


# Answers that wait for a decision, whoever's turn it is.
WAITING = (EntryState.SUBMITTED, EntryState.CHECKED)


class Verb(models.TextChoices):
    SUBMIT = "submit", _("submit")
    CHECK = "check", _("check")
    WITHDRAW = "withdraw", _("withdraw")
    APPROVE = "approve", _("approve")
    RETURN = "return", _("return")
    REVOKE = "revoke", _("revoke")


# verb: (from any of these, to)
MOVES: dict[Verb, tuple[frozenset[EntryState], EntryState]] = {
    Verb.SUBMIT: (frozenset({EntryState.DRAFT}), EntryState.SUBMITTED),
    Verb.CHECK: (frozenset({EntryState.SUBMITTED}), EntryState.CHECKED),
    Verb.WITHDRAW: (frozenset(WAITING), EntryState.WITHDRAWN),
    Verb.APPROVE: (frozenset(WAITING), EntryState.APPROVED),
    Verb.RETURN: (frozenset(WAITING), EntryState.RETURNED),
    Verb.REVOKE: (frozenset({EntryState.APPROVED}), EntryState.REVOKED),
}


class Step(models.TextChoices):
    """What a person may do next with an answer that waits."""

    CHECK = "check", _("check")
    APPROVE = "approve", _("approve")


class Side(models.TextChoices):
    """From which side somebody speaks about an item."""

    ANSWERING = "answering", pgettext_lazy("side of a discussion", "the institution")
    DECIDING = "deciding", pgettext_lazy("side of a discussion", "the approvers")


class ReturnReason(models.TextChoices):
    NO_PROOF = "no_proof", _("the proof is missing")
    WRONG_PROOF = "wrong_proof", _("the proof does not show it")
    WRONG_DATE = "wrong_date", _("the date is wrong")
    EXPIRED = "expired", _("the document has ended")
    UNCLEAR = "unclear", _("the note is unclear")
    OTHER = "other", _("another reason")


class PeriodState(models.TextChoices):
    OPEN = "open", _("open")
    CLOSING = "closing", _("closing")
    CLOSED = "closed", _("closed")


class EditionState(models.TextChoices):
    """The way of an edition that came as a file; see `compliance.models.ComingEdition`."""

    DRAFT = "draft", pgettext_lazy("an edition", "waits for its preview")
    PREVIEWING = "previewing", pgettext_lazy("an edition", "its preview is being made")
    PREVIEWED = "previewed", pgettext_lazy("an edition", "previewed, not yet put into force")
    ENTERING = "entering", pgettext_lazy("an edition", "is being entered into the ledger")
    SCHEDULED = "scheduled", pgettext_lazy("an edition", "comes into force on its day")
    WITHDRAWING = "withdrawing", pgettext_lazy("an edition", "is being taken back")
    WITHDRAWN = "withdrawn", pgettext_lazy("an edition", "taken back before its day")
    DISCARDED = "discarded", pgettext_lazy("an edition", "thrown away")


class ItemChange(models.TextChoices):
    """What an edition makes of an item, by the item as it is from then on."""

    SAME = "same", pgettext_lazy("an item of an edition", "the same")
    NEW = "new", pgettext_lazy("an item of an edition", "new")
    SPLIT = "split", pgettext_lazy("an item of an edition", "part of an old one")
    MERGED = "merged", pgettext_lazy("an item of an edition", "merged from several")


class Inheritance(models.TextChoices):
    """What becomes of the answers to the items from which one was made."""

    NONE = "not_answered", pgettext_lazy("answers under a new edition", "is not answered")
    STANDS = "stands", pgettext_lazy("answers under a new edition", "the old answer stands")
    WEAKEST = "weakest", pgettext_lazy("answers under a new edition", "the weakest of the old answers stands")


class DutyChange(models.TextChoices):
    """What an edition does to one item of one institution."""

    GAINED = "gained", pgettext_lazy("duties under a new edition", "comes onto the list")
    LOST = "lost", pgettext_lazy("duties under a new edition", "leaves the list")
    OBLIGED = "obliged", pgettext_lazy("duties under a new edition", "now obliged, so far only counted")
    RELEASED = "released", pgettext_lazy("duties under a new edition", "no longer obliged, only counted")


class Cause(models.TextChoices):
    """Why an item counts as something else from some day on."""

    DECISION = "decision", _("decision")
    REVOCATION = "revocation", _("revocation")
    EXPIRY = "expiry", _("end of validity")
    OPENED = "opened", _("institution opened")
    CLOSED = "closed", _("institution closed")
    CHANGED = "changed", _("change of the institution")
    EDITION = "edition", _("edition of the Order")
    CORRECTION = "correction", _("correction of what was known")
    BATCH = "batch", _("records taken over")
    INSPECTION = "inspection", _("inspection")


class NoticeKind(models.TextChoices):
    """Of what a person is told. The label is that of a line in an e-mail, where counts stand and nothing else.

    Apps above have kinds of their own (`notices.Family`).
    """

    RETURNED = "returned", _("Answers that came back")
    ENDING_TOMORROW = "ending_1", _("Proofs that end by tomorrow")
    ENDING_WEEK = "ending_7", _("Proofs that end within a week")
    ENDING_MONTH = "ending_30", _("Proofs that end within a month")
    WAITING = "waiting", _("Answers that have waited for a decision for a week")
    UNMENDED = "unmended_7", _("Returned answers that nobody has mended for a week")
    UNMENDED_LONG = "unmended_14", _("Returned answers that nobody has mended for two weeks")
    COMMENT = "comment", _("Items about which somebody wrote to you")
    UNCONFIRMED = "unconfirmed", _("Quarters that wait for your confirmation")
    UNCONFIRMED_TOMORROW = "unconfirmed_1", _("Quarters to be confirmed by tomorrow")
    UNCONFIRMED_LATE = "unconfirmed_late", _("Institutions that did not confirm a quarter in time")
    UNCONFIRMED_LONG = "unconfirmed_long", _("Institutions that have still not confirmed a quarter")
    CONTRADICTED = "contradicted", _("Answers that an inspection or the police contradict")
    CONTRADICTIONS = "contradictions", _("Answers of institutions that an inspection or the police contradict")


# What is mailed at once, in the daytime; all else waits for the digest.
INTERRUPTING = frozenset(
    {NoticeKind.RETURNED, NoticeKind.ENDING_TOMORROW, NoticeKind.ENDING_WEEK, NoticeKind.UNCONFIRMED_TOMORROW}
)
# What is told of one institution; all other notices name none.
OF_AN_INSTITUTION = frozenset(NoticeKind) - {
    NoticeKind.WAITING,
    NoticeKind.UNCONFIRMED_LATE,
    NoticeKind.UNCONFIRMED_LONG,
    NoticeKind.CONTRADICTIONS,
}


class ImportKind(models.TextChoices):
    """What a list is about."""

    INSTITUTIONS = "institutions", _("institutions")
    ANSWERS = "answers", _("answers to requirements")
    POLICE = "police", _("connected cameras, by the list of the police")


class ImportState(models.TextChoices):
    """The way of a list; see `compliance.models.ImportRun`."""

    QUEUED = "queued", _("waits for the check")
    CHECKING = "checking", _("is being checked")
    CHECKED = "checked", _("checked, not yet applied")
    APPLYING = "applying", _("is being applied")
    APPLIED = "applied", _("applied")
    UNDOING = "undoing", _("is being undone")
    UNDONE = "undone", _("undone")
    REFUSED = "refused", _("cannot be read")
    DISCARDED = "discarded", _("thrown away")
    FAILED = "failed", _("failed")


class RowOutcome(models.TextChoices):
    """What the check says of a row of a list."""

    NEW = "new", pgettext_lazy("a row of a list", "new")
    CHANGED = "changed", pgettext_lazy("a row of a list", "changed")
    UNCHANGED = "unchanged", pgettext_lazy("a row of a list", "unchanged")
    REFUSED = "refused", pgettext_lazy("a row of a list", "refused")


class RowResult(models.TextChoices):
    """What became of a new or changed row when the list was applied, and when that was undone."""

    APPLIED = "applied", pgettext_lazy("a row of a list", "applied")
    STALE = "stale", pgettext_lazy("a row of a list", "changed by somebody else meanwhile")
    UNDONE = "undone", pgettext_lazy("a row of a list", "undone")
    KEPT = "kept", pgettext_lazy("a row of a list", "not undone")
