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
    APPROVED = "approved", _("approved")
    RETURNED = "returned", _("returned")
    WITHDRAWN = "withdrawn", _("withdrawn")
    REVOKED = "revoked", _("revoked")


class Verb(models.TextChoices):
    SUBMIT = "submit", _("submit")
    WITHDRAW = "withdraw", _("withdraw")
    APPROVE = "approve", _("approve")
    RETURN = "return", _("return")
    REVOKE = "revoke", _("revoke")


# verb: (from, to)
MOVES: dict[Verb, tuple[EntryState, EntryState]] = {
    Verb.SUBMIT: (EntryState.DRAFT, EntryState.SUBMITTED),
    Verb.WITHDRAW: (EntryState.SUBMITTED, EntryState.WITHDRAWN),
    Verb.APPROVE: (EntryState.SUBMITTED, EntryState.APPROVED),
    Verb.RETURN: (EntryState.SUBMITTED, EntryState.RETURNED),
    Verb.REVOKE: (EntryState.APPROVED, EntryState.REVOKED),
}


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
    """Of what a person is told. The label is that of a line in an e-mail, where counts stand and nothing else."""

    RETURNED = "returned", _("Answers that came back")
    ENDING_TOMORROW = "ending_1", _("Proofs that end by tomorrow")
    ENDING_WEEK = "ending_7", _("Proofs that end within a week")
    ENDING_MONTH = "ending_30", _("Proofs that end within a month")
    WAITING = "waiting", _("Answers that have waited for a decision for a week")
    UNMENDED = "unmended_7", _("Returned answers that nobody has mended for a week")
    UNMENDED_LONG = "unmended_14", _("Returned answers that nobody has mended for two weeks")
    CONTRADICTED = "contradicted", _("Answers that an inspection or the police contradict")
    CONTRADICTIONS = "contradictions", _("Answers of institutions that an inspection or the police contradict")


# Told of many institutions at once, and therefore of none.
OF_NO_INSTITUTION = frozenset({NoticeKind.WAITING, NoticeKind.CONTRADICTIONS})


# What is mailed at once, in the daytime; all else waits for the digest.
INTERRUPTING = frozenset({NoticeKind.RETURNED, NoticeKind.ENDING_TOMORROW, NoticeKind.ENDING_WEEK})


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
