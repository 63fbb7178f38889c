"""The checklist of an institution: read by all in scope, answered by its director and its editors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from compliance import applicability, discussion, kept_photos, refusals, workflow
from compliance.checklist import Checklist, Show, ends_soon
from compliance.confirmations import standings
from compliance.enums import WAITING, EntryState, Side, Status
from compliance.forms import AnswerForm, CommentForm
from compliance.models import ChecklistItem, Evidence, KeptPhoto, StatusEntry
from compliance.photo_forms import PhotoUploadHandler, read_photos, too_large_of
from compliance.querysets import EvidenceQuerySet
from compliance.reading import note_reading
from institutions.access import ANSWER
from institutions.clock import local_day
from institutions.errors import keeps_files
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, User

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_safe
def checklist(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """The institution's list by chapter; what came back, ends or was never answered stands first."""
    institution = get_object_or_404(Institution.objects.visible_to(request.user).with_places(), bin=bin)
    now = timezone.now()
    note_reading(request.user, institution, now)
    day = local_day(now)
    items = ChecklistItem.objects.filter(institution=institution).for_checklist(request.user, day)
    listed = Checklist.read(items, day=day)
    wanted = request.GET.get("show", "")
    show = Show(wanted) if wanted in Show.values else Show.ALL
    counts = listed.counts()
    return render(
        request,
        "compliance/checklist.html",
        {
            "institution": institution,
            "checklist": listed,
            "show": show,
            "filters": [(choice, counts[choice]) for choice in Show],
            "urgent": listed.urgent() if show == Show.ALL else [],
            "chapters": listed.chapters(show, without_urgent=show == Show.ALL),
            "may_answer": Institution.objects.within_roles(request.user, ANSWER).filter(pk=institution.pk).exists(),
            "standings": standings(institution, listed, day),
        },
    )


def _keep_files(request: HttpRequest) -> bool:
    """Keep the photos of a form that came without its person, whose session has ended; whether all could be."""
    found = kept_photos.of_token(request.POST.get("given_to", ""))
    if found is None:
        return False
    files: Any = request.FILES.getlist("photos")
    pictures, refused = read_photos(files)
    item, person = found
    return not kept_photos.keep(item, pictures, by=person, now=timezone.now()) and not refused


@keeps_files(_keep_files)
@csrf_exempt  # only until the handler is set, which must be before the form is read; `_item` asks for the token
@require_http_methods(READ_AND_WRITE)
def item(request: AuthenticatedRequest, bin: str, code: str) -> HttpResponse:
    """One item with its history; for those who answer, the form, whose photos may be of any size."""
    request.upload_handlers.insert(0, PhotoUploadHandler(request))
    return _item(request, bin, code)


@csrf_protect
def _item(request: AuthenticatedRequest, bin: str, code: str) -> HttpResponse:
    """One item with its history; for those who answer, the form. Saving and sending go to the same address.

    So a form sent after the end of a session leads back to itself after signing in. Sending saves first: what
    is refused is a draft by then and is not lost.
    """
    now = timezone.now()
    page = _ItemPage.read(request.user, bin, code, now)
    if request.method != "POST":
        note_reading(request.user, page.item.institution, now)
        return page.render(request, page.fresh_form() if page.may_answer and page.item.listed else None)
    if not page.may_answer:
        raise Http404
    form = page.bound_form(request)
    sends = request.POST.get("do") == "submit"
    if not form.is_valid() and not form.only_photos_refused:
        page.keep_photos(request, form, now)
        return page.render(request, form, status=422)
    if sends and page.waits_already(form):
        return _sent(request, bin, code)
    if theirs := page.moved_on(form, sends=sends):
        page.keep_photos(request, form, now)
        return page.render(request, form, theirs=theirs, status=409)
    try:
        draft = workflow.save_draft(
            page.item,
            form.answer(),
            by=request.user,
            now=now,
            continues=page.returned,
            photos_of=page.source,
        )
        if form.only_photos_refused:
            return _photos_refused(request, bin, code, now, form)
        if sends:
            workflow.submit(draft, by=request.user, now=now)
    except (workflow.Refused, IntegrityError) as refused:
        # A database that refuses a second draft or a second waiting answer says: somebody was faster.
        reason = refused if isinstance(refused, workflow.Refused) else workflow.StaleDecision()
        return _refuse(request, bin, code, now, form, reason)
    if request.htmx:  # type: ignore[attr-defined]  # set by django_htmx
        return page.render_saved(request, saved=draft)
    if sends:
        return _sent(request, bin, code)
    messages.success(request, _("The draft is saved."))
    return redirect("compliance:item", bin, code)


def _photos_refused(
    request: AuthenticatedRequest, bin: str, code: str, now: datetime, form: AnswerForm
) -> HttpResponse:
    """The answer is a draft by now, with the photos that are in order; the form says what is wrong with the others."""
    page = _ItemPage.read(request.user, bin, code, now)
    form.data = dict(form.data.items()) | {"base": page.base}
    return page.render(request, form, status=422)


def _sent(request: AuthenticatedRequest, bin: str, code: str) -> HttpResponse:
    messages.success(request, _("Sent for approval. You can take it back until it is decided."))
    return redirect("compliance:item", bin, code)


@require_http_methods(READ_AND_WRITE)
def discard(request: AuthenticatedRequest, bin: str, code: str) -> HttpResponse:
    """Throw one's own draft away."""
    if request.method == "POST":
        drafts = StatusEntry.objects.editable_by(request.user)
        draft = get_object_or_404(drafts, item__institution__bin=bin, item__requirement__code=code)
        try:
            workflow.discard_draft(draft, by=request.user, now=timezone.now())
        except workflow.StaleDecision as refused:
            messages.warning(request, refusals.of_answer(refused, draft))
        else:
            messages.success(request, _("The draft is discarded."))
    return redirect("compliance:item", bin, code)


@require_http_methods(READ_AND_WRITE)
def withdraw(request: AuthenticatedRequest, bin: str, code: str) -> HttpResponse:
    """Take one's own answer back before it is decided; its text fills the form again."""
    if request.method == "POST":
        scope = ChecklistItem.objects.answerable_by(request.user)
        asked = get_object_or_404(scope, institution__bin=bin, requirement__code=code)
        waiting = StatusEntry.objects.withdrawable_by(request.user).filter(item=asked).select_related("item").first()
        try:
            if waiting is None:
                raise workflow.StaleDecision(asked.pk)
            workflow.withdraw(waiting, by=request.user, now=timezone.now())
        except workflow.StaleDecision:
            messages.warning(request, _("It was decided in the meantime and cannot be taken back any more."))
        else:
            messages.success(request, _("The answer is taken back. Change it and send it again."))
    return redirect("compliance:item", bin, code)


@require_http_methods(READ_AND_WRITE)
def comment(request: AuthenticatedRequest, bin: str, code: str) -> HttpResponse:
    """Say something about an item to the other side."""
    address = reverse("compliance:item", args=[bin, code]) + "#discussion"
    if request.method != "POST":
        return redirect(address)
    now = timezone.now()
    page = _ItemPage.read(request.user, bin, code, now)
    form = CommentForm(request.POST)
    if page.side is None:
        raise Http404
    if said(form, page.item, by=request.user, now=now):
        messages.success(request, _("Your comment is written; the other side is told."))
        return redirect(address)
    fresh = page.fresh_form() if page.may_answer and page.item.listed else None
    return page.render(request, fresh, comment_form=form, status=422)


def said(form: CommentForm, item: ChecklistItem, *, by: User, now: datetime) -> bool:
    """Write the comment of a form; False: the form says what is wrong."""
    if not form.is_valid():
        return False
    try:
        discussion.say(item, form.cleaned_data["text"], by=by, now=now)
    except discussion.TooMuch:
        form.add_error("text", _("You have written a great deal about this item just now. Go on in an hour."))
        return False
    return True


def _refuse(
    request: AuthenticatedRequest,
    bin: str,
    code: str,
    now: datetime,
    form: AnswerForm,
    refused: workflow.Refused,
) -> HttpResponse:
    """The form as it was filled, with the reason; 409: the matter moved on, 422: the answer is at fault."""
    # Read again: the draft was saved by now, or somebody was faster.
    page = _ItemPage.read(request.user, bin, code, now)
    if isinstance(refused, workflow.AlreadyWaiting | workflow.StaleDecision) and page.waits_already(form):
        # The button was pressed twice: the other request has sent it, and the copy that this one saved is of no use.
        if page.draft is not None and _said(page.draft) == _said_by(form) and page.has_photos_of(form, page.draft):
            workflow.discard_draft(page.draft, by=request.user, now=now)
        return _sent(request, bin, code)
    page.keep_photos(request, form, now)
    said = page.draft or StatusEntry(item=page.item, effective_on=form.cleaned_data["effective_on"])
    said.item = page.item
    message = refusals.of_answer(refused, said)
    field = refusals.FIELDS.get(type(refused))
    if field is not None:
        if message not in form.errors.get(field, []):  # more photos than an answer has room for are counted twice
            form.add_error(field, message)
        return page.render(request, form, status=422)
    theirs = _side(page.waiting) if page.waiting else page.standing_side()
    return page.render(request, form, theirs=theirs, conflict=message, status=409)


@dataclass(frozen=True, slots=True)
class _ItemPage:
    """What the page of one item shows, read once; `entries` are those the person may see, newest first."""

    user: User
    item: ChecklistItem
    day: date
    may_answer: bool
    side: Side | None  # from which the person speaks in the discussion
    entries: list[StatusEntry]

    @classmethod
    def read(cls, user: User, bin: str, code: str, now: datetime) -> _ItemPage:
        """Raises Http404 for an item out of the person's scope."""
        items = ChecklistItem.objects.visible_to(user).select_related(
            "institution__locality__region", "requirement__chapter"
        )
        found = get_object_or_404(items, institution__bin=bin, requirement__code=code)
        entries = StatusEntry.objects.visible_to(user).filter(item=found).with_context().with_stand_ins().with_photos()
        side = discussion.side_of(user, found.institution_id)
        return cls(
            user=user,
            item=found,
            day=local_day(now),
            # Not `answerable_by`: an item that left the list while somebody was typing is refused with words.
            may_answer=side == Side.ANSWERING,
            side=side,
            entries=list(entries.select_related("revoked_by").order_by("-pk")),
        )

    @property
    def draft(self) -> StatusEntry | None:
        mine = (entry for entry in self.entries if entry.state == EntryState.DRAFT and entry.author_id == self.user.pk)
        return next(mine, None)

    @property
    def waiting(self) -> StatusEntry | None:
        return next((entry for entry in self.entries if entry.state in WAITING), None)

    @property
    def last_sent(self) -> StatusEntry | None:
        return next((entry for entry in self.entries if entry.state != EntryState.DRAFT), None)

    @property
    def returned(self) -> StatusEntry | None:
        """The answer that came back and is to be continued: the newest decided one, if it was returned."""
        decided = (entry for entry in self.entries if entry.state not in (EntryState.DRAFT, EntryState.WITHDRAWN))
        newest = next(decided, None)
        return newest if newest is not None and newest.state == EntryState.RETURNED else None

    @property
    def standing(self) -> StatusEntry | None:
        return standing_answer(self.entries, self.day)

    def standing_side(self) -> dict[str, object]:
        """What is approved now, as one side of a conflict."""
        standing = self.standing
        side: dict[str, object] = {"status": self.item.status}
        if standing is not None:
            side |= {"effective_on": standing.effective_on, "note": standing.note, "by": standing.decided_by}
            side["at"] = standing.decided_at
        return side

    @property
    def base(self) -> str:
        """What a form is made from: the item's version and the moment at which the draft was saved."""
        return f"{self.item.version}/{self.draft.saved_at.isoformat() if self.draft else ''}"

    @property
    def source(self) -> StatusEntry | None:
        """What the form is filled from: the person's draft, the returned or withdrawn answer; None for a first one."""
        last = self.last_sent
        own_again = last if last is not None and last.state == EntryState.WITHDRAWN else None
        return self.draft or self.returned or own_again

    @property
    def documents(self) -> EvidenceQuerySet:
        """Documents that are there already and may be used here; those of the institution first."""
        return Evidence.objects.usable_by(self.user, self.day).nearest_first(self.item.institution)

    @property
    def named(self) -> int | None:
        """The document whose details fill the fields of the form."""
        return self.source.evidence_id if self.source else None

    @property
    def kept(self) -> QuerySet[KeptPhoto]:
        """Photos of the person's forms that came to nothing."""
        return kept_photos.of(self.item, self.user)

    def keep_photos(self, request: AuthenticatedRequest, form: AnswerForm, now: datetime) -> None:
        """The answer is not taken: its photos wait for the next try, without those that the form took out."""
        kept_photos.drop(self.item, form.without, by=self.user, now=now)
        lost = kept_photos.keep(self.item, form.pictures, by=self.user, now=now)
        if lost:
            words = ngettext(
                "%(count)s photo could not be kept with it. Choose it again.",
                "%(count)s photos could not be kept with it. Choose them again.",
                lost,
            )
            messages.warning(request, words % {"count": lost})

    def bound_form(self, request: AuthenticatedRequest) -> AnswerForm:
        # A draft that saves itself leaves photos alone.
        kept = [] if request.htmx else kept_photos.pictures_of(self.kept)  # type: ignore[attr-defined]
        return AnswerForm(
            request.POST,
            request.FILES,
            requirement=self.item.requirement,
            today=self.day,
            documents=self.documents,
            named=self.named,
            too_large=too_large_of(request),
            kept=kept,
        )

    def fresh_form(self) -> AnswerForm:
        """Filled from the source, or as a first one begins."""
        source = self.source
        filled = AnswerForm.initial_of(source) if source else AnswerForm.initial_new(self.item.requirement, self.day)
        return AnswerForm(
            initial=filled | {"base": self.base},
            requirement=self.item.requirement,
            today=self.day,
            documents=self.documents,
            named=self.named,
        )

    def waits_already(self, form: AnswerForm) -> bool:
        """Whether the person has sent this very answer before, and it waits: a request that was repeated."""
        waiting = self.waiting
        return (
            waiting is not None
            and self.user.pk in waiting.hands
            and _said(waiting) == _said_by(form)
            and self.has_photos_of(form, waiting)
        )

    def has_photos_of(self, form: AnswerForm, entry: StatusEntry) -> bool:
        """Whether all the photos that came with the form are the entry's already."""
        return {picture.upload_sha256 for picture in form.pictures} <= {
            photo.upload_sha256 for photo in entry.photos.all()
        }

    def moved_on(self, form: AnswerForm, *, sends: bool) -> dict[str, object] | None:
        """What the form does not know of: another window's draft, or (when sending) a new approved status.

        A draft that says the same is no conflict: it may be this window's own, saved a moment ago.
        """
        version, _slash, saved_at = str(form.cleaned_data["base"]).partition("/")
        draft = self.draft
        if draft is None:
            if saved_at:  # sent or discarded in another window
                return _side(self.last_sent) if self.last_sent else self.standing_side()
        elif draft.saved_at.isoformat() != saved_at and _said(draft) != _said_by(form):
            return _side(draft)
        return self.standing_side() if sends and version != str(self.item.version) else None

    def render(
        self,
        request: AuthenticatedRequest,
        form: AnswerForm | None,
        *,
        theirs: dict[str, object] | None = None,
        conflict: str = "",
        comment_form: CommentForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """The page; to htmx (the draft that saves itself) only the line that says what became of it."""
        if request.htmx:  # type: ignore[attr-defined]  # set by django_htmx
            return self.render_saved(request, form=form, conflict=theirs is not None, status=status)
        mine = None
        if form is not None and theirs is not None:
            # Whoever has seen both versions may send theirs all the same.
            form.data = dict(form.data.items()) | {"base": self.base}
            mine = {
                "status": form.cleaned_data.get("status"),
                "effective_on": form.cleaned_data.get("effective_on"),
                "note": form.cleaned_data.get("note"),
                "by": self.user,
            }
        kept = list(self.kept) if self.may_answer else []
        spans = self.item.spans.order_by("-valid_from")
        standing = self.standing
        comments = list(self.item.comments.select_related("by"))
        context: dict[str, Any] = {
            "item": self.item,
            "institution": self.item.institution,
            "requirement": self.item.requirement,
            "standing": standing,
            "standing_ended": standing is not None and has_ended(standing, self.day),
            "ends_soon": ends_soon(self.item, self.day),
            "found": self.item.findings.found_last().select_related("inspection").first(),
            "spans": [(span, applicability.explain(span.basis)) for span in spans],
            "entries": self.entries,
            "draft": self.draft,
            "waiting": self.waiting,
            "returned": self.returned,
            "photos": self.source.photos.all() if self.source else [],
            "kept_photos": kept,
            "kept_until": min(map(kept_photos.last_day_of, kept), default=None),
            "given_to": kept_photos.token_for(self.item, self.user),
            "may_answer": self.may_answer,
            "may_withdraw": self.may_answer and self.waiting is not None and self.user.pk in self.waiting.hands,
            "form": form if self.waiting is None or self.draft or (status != 200 and not comment_form) else None,
            "kept_as": f"answer/{self.user.pk}/{self.item.pk}",
            "comments": comments,
            "said_at": max((one.at for one in comments if one.by_id == self.user.pk), default=None),
            "comment_form": (comment_form or CommentForm()) if self.side else None,
            "comment_kept_as": f"comment/{self.user.pk}/{self.item.pk}",
            "next_item": self._next_item() if self.may_answer else None,
            "theirs": theirs,
            "mine": mine,
            "conflict": conflict,
        }
        return render(request, "compliance/item.html", context, status=status)

    def render_saved(
        self,
        request: AuthenticatedRequest,
        *,
        saved: StatusEntry | None = None,
        form: AnswerForm | None = None,
        conflict: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        """The line under the form: saved at …, or not saved and why."""
        errors = [error for errors in form.errors.values() for error in errors] if form is not None else []
        context = {
            "saved": saved,
            "base": f"{self.item.version}/{saved.saved_at.isoformat()}" if saved else "",
            "error": errors[0] if errors else "",
            "conflict": conflict,
        }
        return render(request, "compliance/partials/_saved.html", context, status=status)

    def _next_item(self) -> ChecklistItem | None:
        """The next item of the list that nobody has answered yet, after this one and then from the top."""
        waiting = StatusEntry.objects.awaiting_decision().filter(item__institution=self.item.institution_id)
        open_items = (
            ChecklistItem.objects.listed()
            .filter(institution=self.item.institution_id, status=Status.UNKNOWN)
            .exclude(pk=self.item.pk)
            .exclude(pk__in=waiting.values("item"))
            .select_related("requirement")
            .order_by("requirement__sort_order")
        )
        after = open_items.filter(requirement__sort_order__gt=self.item.requirement.sort_order).first()
        return after or open_items.first()


def standing_answer(entries: list[StatusEntry], day: date) -> StatusEntry | None:
    """The approved entry of an item that holds on `day`: the latest to begin, then the last decided."""
    held = [entry for entry in entries if entry.state == EntryState.APPROVED and entry.effective_on <= day]
    return max(held, key=lambda entry: (entry.effective_on, entry.decided_at, entry.pk), default=None)


def has_ended(entry: StatusEntry, day: date) -> bool:
    """Whether an approved answer counts no more as its last day is past. What is not met does not end."""
    return entry.valid_until is not None and entry.valid_until < day and entry.status != Status.NOT_MET


def _side(entry: StatusEntry) -> dict[str, object]:
    """An entry as one side of a conflict."""
    return {
        "status": entry.status,
        "effective_on": entry.effective_on,
        "note": entry.note,
        "by": entry.author or entry.batch,
        "at": entry.saved_at,
    }


def _said(entry: StatusEntry) -> tuple[object, ...]:
    return (entry.status, entry.effective_on, entry.valid_until, entry.note, _details(entry.evidence))


def _said_by(form: AnswerForm) -> tuple[object, ...]:
    answer = form.answer()
    return (str(answer.status), answer.effective_on, answer.valid_until, answer.note, _details(answer.document))


def _details(document: Evidence | workflow.DocumentReference | None) -> tuple[object, ...] | None:
    if document is None:
        return None
    return (document.number, document.issuer, document.issued_on, document.valid_until)
