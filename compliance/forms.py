"""Forms of answers and decisions: they turn a request into clean values and judge nothing but its shape."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compliance.discussion import LONGEST
from compliance.enums import ANSWERS, ReturnReason, Status
from compliance.models import Evidence, Requirement, SavedView, StatusEntry
from compliance.photo_forms import PhotosField, help_text, read_photos
from compliance.pictures import Picture
from compliance.querysets import EvidenceQuerySet
from compliance.workflow import AnswerData, DocumentReference
from institutions.enums import Letters
from institutions.models import Institution
from institutions.validators import validate_day

NOTE_LENGTH = 4000
OFFERED = 50  # documents in the list of those that are there already; any other is found by its details
REMOVE = "remove_photo"  # the boxes beside a draft's photos


def _named(document: Evidence) -> str:
    """A document as a list of choices names it."""
    if document.valid_until is None:
        return str(document)
    words = {"document": document, "day": date_format(document.valid_until, "SHORT_DATE_FORMAT")}
    # Translators: %(document)s is its number and issuer
    return gettext("%(document)s, until %(day)s") % words


def months_later(day: date, months: int) -> date:
    """The same day of a later month; 31 January + 1 → 28 or 29 February."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _day_field(label: Any, **options: Any) -> forms.DateField:
    # A date control wants its value in ISO form, whatever the language writes.
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        localize=False,
        validators=[validate_day],
        **options,
    )


class AnswerForm(forms.Form):
    """What a person answers about one item.

    `base` says which draft and which version of the item the form was made from, so that two windows do not
    overwrite each other. An exception is offered only where the requirement allows one; an end is asked
    for where the proof expires or an exception may be asked for. `pictures` are the photos that can be taken: those
    `kept` from a form before that came to nothing, then those that were sent; `without` names those that are to be
    removed (by the hash of the upload).
    """

    status = forms.ChoiceField(
        label=_("How is it today?"),
        choices=[],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an answer.")},
    )
    effective_on = _day_field(_("True since"), help_text=_("The first day on which it was so; not in the future."))
    valid_until = _day_field(_("Valid until"), required=False)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the approver should know. “Not applicable” needs its reason here."),
    )
    document = forms.ModelChoiceField(
        Evidence.objects.none(),
        label=_("A document that is already here"),
        required=False,
        empty_label=_("none of them: the one that is named below"),
        error_messages={"invalid_choice": _("This document has ended or was revoked. Choose another one.")},
    )
    document_number = forms.CharField(label=_("Number"), required=False, max_length=100)
    document_issuer = forms.CharField(label=_("Issued by"), required=False, max_length=300)
    document_issued_on = _day_field(_("Issued on"), required=False)
    document_valid_until = _day_field(_("The document ends on"), required=False)
    photos = PhotosField(label=_("Photos"), required=False)
    base = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        requirement: Requirement,
        today: date,
        documents: EvidenceQuerySet | None = None,
        named: int | None = None,
        too_large: Sequence[str] = (),
        kept: Sequence[Picture] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer(Evidence.objects.none() if documents is None else documents, named)
        self.requirement = requirement
        self.too_large = too_large
        self.kept = kept
        self.pictures: list[Picture] = []
        self.fields["photos"].help_text = help_text()
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            (status.value, status.label)
            for status in ANSWERS
            if requirement.exception_allowed or status != Status.NOT_APPLICABLE
        ]
        self.fields["effective_on"].widget.attrs["max"] = today.isoformat()
        self.fields["document_issued_on"].widget.attrs["max"] = today.isoformat()
        if requirement.expires or requirement.exception_allowed:
            self.fields["valid_until"].help_text = self._about_the_end()
        else:
            del self.fields["valid_until"]

    def _offer(self, documents: EvidenceQuerySet, named: int | None) -> None:
        """Let one of the documents be chosen; a list shows the first `OFFERED`. No list where there are none.

        Without the one whose details fill the fields already (`named`).
        """
        shown = list(documents.exclude(pk=named or 0)[:OFFERED])
        chosen = self["document"].value()
        if str(chosen or "").isdecimal() and all(str(document.pk) != str(chosen) for document in shown):
            shown += documents.filter(pk=chosen)
        if not shown:
            del self.fields["document"]
            return
        field = cast("forms.ModelChoiceField[Evidence]", self.fields["document"])
        field.queryset = documents
        field.choices = [("", field.empty_label or ""), *((document.pk, _named(document)) for document in shown)]

    def _about_the_end(self) -> str:
        if not self.requirement.expires:
            return gettext("Only for “not applicable”: an exception always has an end.")
        if months := self.requirement.validity_months:
            # Translators: %(months)s is a number; the proof is a document such as a contract
            return gettext(
                "The last day on which the proof holds. Where it names none, it holds for %(months)s months. "
                "Left empty: the end of the document named below."
            ) % {"months": months}
        return gettext("The last day on which the proof holds. Left empty: the end of the document named below.")

    @classmethod
    def initial_of(cls, entry: StatusEntry) -> dict[str, object]:
        """What fills the form from an entry: one's draft, or the returned answer that is continued."""
        filled: dict[str, object] = {
            "status": entry.status,
            "effective_on": entry.effective_on,
            "valid_until": entry.valid_until,
            "note": entry.note,
        }
        if entry.evidence is not None:
            filled |= {
                "document_number": entry.evidence.number,
                "document_issuer": entry.evidence.issuer,
                "document_issued_on": entry.evidence.issued_on,
                "document_valid_until": entry.evidence.valid_until,
            }
        return filled

    @classmethod
    def initial_new(cls, requirement: Requirement, today: date) -> dict[str, object]:
        """What a first answer begins with: today, and the usual end of a proof where there is one."""
        months = requirement.validity_months if requirement.expires else None
        return {"effective_on": today, "valid_until": months_later(today, months) if months else None}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self._clean_document(data)
        until = data.get("valid_until")
        if until is None and self.requirement.expires and data.get("status") in (Status.MET, Status.PARTLY_MET):
            chosen = data.get("document")
            until = data["valid_until"] = chosen.valid_until if chosen else data.get("document_valid_until")
        if data.get("status") == Status.NOT_MET:
            data["valid_until"] = until = None  # what is not met does not end by itself
        since = data.get("effective_on")
        if since and until and until < since and "valid_until" in self.fields:
            self.add_error("valid_until", _("The last day lies before the first."))
        return data

    def clean_photos(self) -> list[Picture]:
        sent, refused = read_photos(self.cleaned_data["photos"], self.too_large)
        self.pictures = [*(one for one in self.kept if one.upload_sha256 not in self.without), *sent]
        if refused:
            raise forms.ValidationError(refused)
        return self.pictures

    @property
    def without(self) -> frozenset[str]:
        """The uploads that were ticked to be removed."""
        return frozenset(self.data.getlist(REMOVE)) if hasattr(self.data, "getlist") else frozenset()

    @property
    def only_photos_refused(self) -> bool:
        """Whether the answer itself can be kept, although not all of its photos can."""
        return self.is_bound and set(self.errors) == {"photos"}

    def _clean_document(self, data: dict[str, Any]) -> None:
        """A document is named whole (number, issuer, day) or not at all; one that is chosen takes its place."""
        asked = ("document_number", "document_issuer", "document_issued_on")
        if data.get("document"):
            return
        if not any(data.get(name) or name in self.errors for name in (*asked, "document_valid_until")):
            return
        for name in asked:
            if not data.get(name) and name not in self.errors:
                self.add_error(
                    name,
                    _("Name the document whole: number, who issued it and when; or leave all of it empty."),
                )
        issued, until = data.get("document_issued_on"), data.get("document_valid_until")
        if issued and until and until < issued:
            self.add_error("document_valid_until", _("The document ends before it was issued."))

    def answer(self) -> AnswerData:
        """The clean values in the words of `workflow`."""
        data = self.cleaned_data
        document: DocumentReference | Evidence | None = data.get("document")
        if document is None and data["document_number"]:
            document = DocumentReference(
                number=data["document_number"],
                issuer=data["document_issuer"],
                issued_on=data["document_issued_on"],
                valid_until=data["document_valid_until"],
            )
        return AnswerData(
            status=Status(data["status"]),
            effective_on=data["effective_on"],
            valid_until=data.get("valid_until"),
            note=data["note"],
            document=document,
            photos=self.pictures,
            without=self.without,
        )


class ApproveForm(forms.Form):
    """`shown` is the hash of the content that the approver has before them."""

    prefix = "approve"
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )


class CheckForm(forms.Form):
    """`shown` is the hash of the content that the person who checks has before them."""

    prefix = "check"
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class ReturnManyForm(forms.Form):
    """One reason and one text for all that were selected."""

    prefix = "return"
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=ReturnReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason.")},
    )
    note = forms.CharField(
        label=_("What has to be mended"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Every author gets this text."),
        error_messages={"required": _("Say what has to be mended.")},
    )


class ReturnForm(forms.Form):
    """A reason of the list and a text: the author has to know what to mend."""

    prefix = "return"
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=ReturnReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason.")},
    )
    note = forms.CharField(
        label=_("What has to be mended"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what has to be mended.")},
    )


class RevokeDocumentForm(forms.Form):
    """Why a document proves nothing any more."""

    prefix = "revoke"
    note = forms.CharField(
        label=_("Why the document is revoked"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why the document is revoked.")},
    )


class RevokeForm(forms.Form):
    """Why an approval was wrong."""

    prefix = "revoke"
    note = forms.CharField(
        label=_("Why the approval was wrong"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why the approval was wrong.")},
    )


class CommentForm(forms.Form):
    """What somebody says about an item to the other side."""

    prefix = "comment"
    text = forms.CharField(
        label=_("Your comment"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Plain text; it stays. No plans, rosters or codes: they are for official use only."),
        error_messages={"required": _("Write something first.")},
    )


class SavedViewForm(forms.ModelForm[SavedView]):
    """The name of a view."""

    class Meta:
        model = SavedView
        fields: ClassVar = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].error_messages["required"] = _("Give the view a name.")

    def _get_validation_exclusions(self) -> set[str]:
        """The person counts too: their names differ."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs leave it out
        return excluded - {"person"}


class LettersForm(forms.Form):
    """Which of the program's letters a person wants."""

    letters = forms.ChoiceField(
        label=_("Letters about what stands in your inbox"), choices=Letters.choices, widget=forms.RadioSelect
    )


class ReopenForm(forms.Form):
    """Why a closed quarter is opened again."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why.")},
    )


class ExceptionForm(forms.Form):
    """Which institution may still answer for a quarter, until when and why; `found` are those to choose from."""

    bin = forms.ChoiceField(
        label=_("Institution"),
        choices=[],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the institution."), "invalid_choice": _("Choose the institution.")},
    )
    until = _day_field(_("Last day"), help_text=_("Until this day, included, the institution may answer."))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stands in the notes of the brief."),
        error_messages={"required": _("Say why.")},
    )

    def __init__(self, data: Any = None, *, found: Sequence[Institution], today: date) -> None:
        self.today = today
        # The only one that was found needs no choosing.
        super().__init__(data, initial={"bin": found[0].bin} if len(found) == 1 else {})
        self.fields["bin"].choices = [  # type: ignore[attr-defined]
            (one.bin, f"{one.name} · {one.bin} · {one.locality}, {one.locality.region}") for one in found
        ]
        self.fields["until"].widget.attrs["min"] = today.isoformat()

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until < self.today:
            raise ValidationError(_("This day has passed. Name today or a later day."), code="passed")
        return until
