"""Forms of imports: the file with its day, and which rows of a list are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from compliance.enums import ImportKind, RowOutcome, RowResult
from compliance.imports import preflight, problems
from compliance.models import ImportRow, ImportRun
from institutions.validators import validate_day


class UploadForm(forms.Form):
    """A list, what it is about, and the day from which what stands in it is so. Answers are for those who answer."""

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
            "The day from which what stands in the list is so; today at the latest. A row may name its own day. "
            "What was before stays as it was."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, day: date, may_answer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day = day
        kinds = [kind for kind in ImportKind if may_answer or kind != ImportKind.ANSWERS]
        self.fields["kind"].choices = [(kind.value, str(kind.label).capitalize()) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["kind"].initial = ImportKind.INSTITUTIONS.value
        self.fields["since"].widget.attrs["max"] = day.isoformat()

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


STALE: Final = RowResult.STALE.value
KEPT: Final = RowResult.KEPT.value


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of a list are of a kind, and the door to them (`show`, empty: all)."""

    show: str
    label: str
    count: int


class RowFilterForm(forms.Form):
    """Which rows of a list are shown: those of an outcome, or those left out when it was applied or undone."""

    show = forms.ChoiceField(
        choices=[*RowOutcome.choices, (STALE, RowResult.STALE.label), (KEPT, RowResult.KEPT.label)], required=False
    )

    @property
    def shown(self) -> str:
        return str(self.cleaned_data.get("show", "")) if self.is_valid() else ""

    def narrow(self, rows: QuerySet[ImportRow]) -> QuerySet[ImportRow]:
        """All rows where nothing, or nothing that there is, was asked for."""
        if not self.shown:
            return rows
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
