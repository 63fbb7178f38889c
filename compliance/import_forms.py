"""Forms of imports: the file with its day, and which rows of a list are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count as DbCount
from django.db.models import F, Q, QuerySet
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from compliance.enums import Connection, ImportKind, RowOutcome, RowResult
from compliance.imports import preflight, problems
from compliance.imports.kinds import kinds_of
from compliance.models import ImportRow, ImportRun
from institutions.access import VERIFY, roles_of
from institutions.models import Membership, Region, User
from institutions.validators import validate_day

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class UploadForm(forms.Form):
    """A list, what it is about, and the day from which what stands in it is so; of a list of the police also whose it
    is, and whether it is complete for a region which the person verifies as a whole."""

    kind = forms.ChoiceField(label=gettext_lazy("What the list is about"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=gettext_lazy("The list (XLSX or CSV)"),
        help_text=gettext_lazy(
            "At most 20 MB and 20,000 rows. The columns may stand in any order; headings in Kazakh, Russian or English "
            "are understood. BIN and phone as text."
        ),
        widget=forms.ClearableFileInput(
            attrs={"accept": ".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
        ),
        error_messages={"empty": gettext_lazy("The file is empty.")},
    )
    since = forms.DateField(
        validators=[validate_day],
        label=gettext_lazy("True since"),
        help_text=gettext_lazy(
            "The day from which what stands in the list is so; of a list of the police the day as of which it was "
            "made. Today at the latest. A row may name its own day. What was before stays as it was."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    issuer = forms.CharField(
        label=gettext_lazy("Whose list it is"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("As in “Police department of the Karaganda region”; it stands beside what was found."),
    )
    complete_for = forms.ModelChoiceField(
        queryset=Region.objects.none(),
        to_field_name="code",
        required=False,
        label=gettext_lazy("The list is complete for a region"),
        empty_label=gettext_lazy("no: it says nothing of institutions that it does not name"),
        help_text=gettext_lazy(
            "Then the open institutions of the region that the list does not name are not connected. You see them all "
            "before anything is recorded."
        ),
    )

    def __init__(self, *args: Any, day: date, user: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day = day
        self.kinds = kinds_of(roles_of(user))
        choices = [(kind.value, str(kind.label).capitalize()) for kind in self.kinds]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]
        self.fields["kind"].initial = choices[0][0] if choices else None
        self.fields["since"].widget.attrs["max"] = day.isoformat()
        if self.kinds == [ImportKind.POLICE]:
            self.fields["since"].label = _("Day of the list")
            self.fields["since"].help_text = _(
                "The day as of which the list was made; today at the latest. A row may name its own day."
            )
        if ImportKind.POLICE in self.kinds:
            self.fields["complete_for"].queryset = whole_regions(user)  # type: ignore[attr-defined]
        else:
            del self.fields["issuer"], self.fields["complete_for"]

    @property
    def general(self) -> list[BoundField]:
        """The fields of every list."""
        return [self[name] for name in ("kind", "file", "since")]

    @property
    def of_police(self) -> list[BoundField]:
        """Those of a list of the police alone."""
        return [self[name] for name in ("issuer", "complete_for") if name in self.fields]

    def clean(self) -> dict[str, Any]:
        """What is asked of a list of the police says nothing of another."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") != ImportKind.POLICE:
            cleaned |= {"issuer": "", "complete_for": None}
        return cleaned

    def clean_file(self) -> Any:
        """What the file is by its first bytes; everything else is judged by a worker."""
        file = self.cleaned_data["file"]
        if file.size > preflight.LARGEST_FILE:
            raise ValidationError(self.too_large())
        beginning = file.read(4096)
        file.seek(0)
        try:
            preflight.kind_of(beginning)
        except problems.FileRefused as refused:
            raise ValidationError(problems.in_words(refused.problem)) from refused
        return file

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        if since > self.day:
            raise ValidationError(_("This day has not come yet."), code="future")
        return since

    @staticmethod
    def too_large() -> str:
        refused = problems.FileRefused("too_large", most=preflight.LARGEST_FILE // preflight.MEGABYTE)
        return problems.in_words(refused.problem)


def whole_regions(user: User | AnonymousUser) -> QuerySet[Region]:
    """Regions all of whose institutions the person verifies."""
    mine = Membership.objects.of(user, VERIFY)
    regions = Region.objects.order_by("code")
    return regions if mine.country_wide().exists() else regions.filter(pk__in=mine.values("region"))


STALE: Final = RowResult.STALE.value
KEPT: Final = RowResult.KEPT.value


class Said(models.TextChoices):
    """What a row of a list of the police would change, or is."""

    CONNECTED = "connected", pgettext_lazy("rows of a list", "verified as connected")
    APART = "apart", pgettext_lazy("rows of a list", "verified as not connected")
    AGAIN = "again", pgettext_lazy("rows of a list", "the same on a later day")
    IMPLIED = "implied", pgettext_lazy("rows of a list", "not named by the list")


_CHANGES: Final = Q(outcome__in=[RowOutcome.NEW, RowOutcome.CHANGED])
SAYS: Final = {
    Said.CONNECTED: _CHANGES & Q(status=Connection.MET) & ~Q(was=F("status")),
    Said.APART: _CHANGES & Q(status=Connection.NOT_MET) & ~Q(was=F("status")),
    Said.AGAIN: _CHANGES & Q(was=F("status")),
    Said.IMPLIED: Q(implied=True),
}


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of a list are of a kind, and the door to them (`show`, empty: all)."""

    show: str
    label: str
    count: int


class RowFilterForm(forms.Form):
    """Which rows of a list are shown: those of an outcome, those left out when it was applied or undone, or, of a list
    of the police, those that say something of a kind."""

    show = forms.ChoiceField(
        choices=[
            *RowOutcome.choices, *Said.choices, (STALE, RowResult.STALE.label), (KEPT, RowResult.KEPT.label)
        ],
        required=False,
    )  # fmt: skip

    @property
    def shown(self) -> str:
        return str(self.cleaned_data.get("show", "")) if self.is_valid() else ""

    def narrow(self, rows: QuerySet[ImportRow]) -> QuerySet[ImportRow]:
        """All rows where nothing, or nothing that there is, was asked for."""
        if not self.shown:
            return rows
        if self.shown in Said.values:
            return rows.filter(SAYS[Said(self.shown)])
        return rows.filter(result=self.shown) if self.shown in (STALE, KEPT) else rows.filter(outcome=self.shown)

    @staticmethod
    def counts_of(run: ImportRun) -> list[Count]:
        """The counts that add up to the rows read; after them those left out, where there are any."""
        counts = [
            Count("", _("all rows"), run.rows_read),
            Count(RowOutcome.NEW.value, pgettext("rows of a list", "new"), run.rows_new),
            Count(RowOutcome.CHANGED.value, pgettext("rows of a list", "changed"), run.rows_changed),
            Count(RowOutcome.UNCHANGED.value, pgettext("rows of a list", "unchanged"), run.rows_unchanged),
            Count(RowOutcome.REFUSED.value, pgettext("rows of a list", "refused"), run.rows_refused),
            Count(STALE, pgettext("rows of a list", "changed meanwhile"), run.rows_stale),
            Count(KEPT, pgettext("rows of a list", "not undone"), run.rows_kept),
        ]
        return [count for place, count in enumerate(counts) if place < 5 or count.count]

    @staticmethod
    def said_by(run: ImportRun) -> list[Count]:
        """What the rows of a list of the police say, in kinds that are there. One query."""
        counts = run.rows.aggregate(**{kind.value: DbCount("pk", filter=SAYS[kind]) for kind in Said})
        return [Count(kind.value, str(kind.label), counts[kind.value]) for kind in Said if counts[kind.value]]
