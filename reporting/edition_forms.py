"""Forms of editions: the file, the reason for taking one back, and which effects are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.enums import DutyChange
from compliance.library.coming import LARGEST_FILE
from institutions.models import Region


class EditionUploadForm(forms.Form):
    """The file of a new edition; what stands in it is judged by `compliance.editions.read_file`."""

    file = forms.FileField(
        label=gettext_lazy("The edition (TOML)"),
        help_text=gettext_lazy("A text file in UTF-8, 1 MB at most. How it is written stands in the example."),
        widget=forms.ClearableFileInput(attrs={"accept": ".toml,application/toml,text/plain"}),
        error_messages={"empty": gettext_lazy("The file is empty.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 1 MB."))
        return file


class TakeBackForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("It stands here and in the journal."),
    )


class EffectForm(forms.Form):
    """Which effects are shown: of a requirement, of a kind, in a region."""

    requirement = forms.ChoiceField(label=gettext_lazy("Requirement"), required=False)
    change = forms.ChoiceField(label=gettext_lazy("What becomes of it"), required=False)
    region = forms.ChoiceField(label=gettext_lazy("Region"), required=False)

    def __init__(self, data: Any, *, requirements: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        everything = ("", _("all"))
        choices: dict[str, Sequence[tuple[str, str]]] = {
            "requirement": requirements,
            "change": [(change.value, capfirst(str(change.label))) for change in DutyChange],
            "region": [(region.code, region.name) for region in Region.objects.order_by("sort_order")],
        }
        for name, offered in choices.items():
            self.fields[name].choices = [everything, *offered]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """What is asked for, as filters of `EditionEffect`; call it for a valid form."""
        columns = {"requirement": "requirement", "change": "change", "region": "region__code"}
        return {column: value for name, column in columns.items() if (value := self.cleaned_data.get(name))}
