"""The window for support: institutions, periods, exceptions; the Order, answers and ledger to look at."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance import enrolment, periods
from compliance.applicability import FACTS
from compliance.forms import ReopenForm
from compliance.models import (
    ChecklistItem,
    Confirmation,
    Edition,
    Evidence,
    Period,
    PeriodException,
    Requirement,
    StatusChange,
    StatusEntry,
)
from institutions import registry
from institutions.admin import ReadOnlyAdmin, SupportAdmin
from institutions.clock import today
from institutions.models import STATE_FIELDS, Institution, InstitutionState
from institutions.registry import DETAILS
from institutions.validators import validate_day

if TYPE_CHECKING:
    from institutions.http import AuthenticatedRequest

    _InstitutionForm = forms.ModelForm[Institution]
else:  # generic for the type checker alone
    _InstitutionForm = forms.ModelForm


class FactsField(forms.JSONField):
    """Name → yes or no, of the facts that the Order's conditions ask for; an empty object is an answer like any."""

    empty_values = (None, "")

    def clean(self, value: Any) -> dict[str, bool]:
        facts = super().clean(value)
        if facts is None:
            return {}
        known = isinstance(facts, dict) and all(
            name in FACTS and isinstance(answer, bool) for name, answer in facts.items()
        )
        if not known:
            raise ValidationError(
                _("An object of names with true or false; the names are: %(names)s."),
                params={"names": ", ".join(FACTS)},
            )
        return dict(facts)


class InstitutionForm(_InstitutionForm):
    """Details, which have no dates, and the state's fields, which hold from `since` on."""

    since = forms.DateField(
        validators=[validate_day],
        label=gettext_lazy("True since"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
        help_text=gettext_lazy("The first day of the new state; not needed where only details change."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=300)
    facts = FactsField(label=gettext_lazy("Facts"), required=False, initial=dict)

    class Meta:
        model = Institution
        fields = ("bin", *DETAILS, *STATE_FIELDS)

    @property
    def state_changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data if name in STATE_FIELDS}

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        since: date | None = data.get("since")
        adding = self.instance.pk is None
        if since is None and (adding or any(name in STATE_FIELDS for name in self.changed_data)):
            if "since" not in self.errors:
                self.add_error("since", _("Name the first day on which this is so."))
        elif since is not None and since > today():
            self.add_error("since", _("This day has not come yet."))
        elif since is not None and not adding and not self._known_on(since):
            self.add_error("since", _("This day lies before the institution's first state."))
        return data

    def _known_on(self, day: date) -> bool:
        return InstitutionState.objects.filter(institution=self.instance, valid_from__lte=day).exists()

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook: the instance is filled here
        if not self.errors:
            try:
                registry.check_place(self.instance)
            except ValidationError as wrong:
                self.add_error(None, wrong)


@admin.register(Institution)
class InstitutionAdmin(SupportAdmin):
    """Entered and changed by `enrolment`, so that checklist and figures follow; never deleted."""

    form = InstitutionForm
    list_display = ("name_kk", "bin", "kind", "locality", "lifecycle")
    list_filter = ("lifecycle", "kind", "ownership", "locality__region")
    list_select_related = ("locality",)
    search_fields = ("bin", "search")
    autocomplete_fields = ("locality", "settlement", "large_city")
    fieldsets = (
        (gettext_lazy("Details"), {"fields": ("bin", *DETAILS)}),
        (gettext_lazy("State, from a day on"), {"fields": (*STATE_FIELDS, "since", "reason")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Institution | None = None) -> tuple[str, ...]:
        """A BIN is never reused and stands in the ledger's chain: it cannot be changed."""
        return ("bin",) if obj else ()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        return Institution.objects.filter(pk__in=queryset.order_by().values("pk")).search_for(search_term), False

    def save_model(  # type: ignore[override]  # behind the sign-in
        self, request: AuthenticatedRequest, obj: Institution, form: InstitutionForm, change: bool
    ) -> None:
        now = timezone.now()
        since: date | None = form.cleaned_data["since"]
        if not change and since is not None:
            enrolment.open_institution(obj, since=since, by=request.user, now=now)
            return
        details = [name for name in form.changed_data if name in DETAILS]
        with transaction.atomic():
            if details:
                registry.change_details(
                    obj, by=request.user, now=now, **{name: form.cleaned_data[name] for name in details}
                )
            if form.state_changes and since is not None:
                enrolment.change_institution(
                    obj,
                    since=since,
                    by=request.user,
                    now=now,
                    reason=form.cleaned_data["reason"],
                    **form.state_changes,
                )


@admin.register(Period)
class PeriodAdmin(ReadOnlyAdmin):
    """Quarters, moved by `periods` alone."""

    list_display = ("code", "starts_on", "ends_on", "state", "closed_on", "closed_by")
    list_filter = ("state",)
    actions = ("begin_closing", "close_period", "reopen")
    exclude = ()

    @admin.action(description=gettext_lazy("Begin closing: nothing new is submitted"))
    def begin_closing(self, request: AuthenticatedRequest, queryset: models.QuerySet[Period]) -> None:
        for period in queryset:
            self._move(request, period, periods.begin_closing, _("%(period)s: closing has begun."))

    @admin.action(description=gettext_lazy("Close: the figures are frozen"))
    def close_period(self, request: AuthenticatedRequest, queryset: models.QuerySet[Period]) -> None:
        for period in queryset.order_by("starts_on"):
            self._move(request, period, periods.close_period, _("%(period)s is closed."))

    @admin.action(description=gettext_lazy("Open again, with a reason"))
    def reopen(self, request: HttpRequest, queryset: models.QuerySet[Period]) -> HttpResponse | None:
        chosen = queryset.first()
        if chosen is None or queryset.count() != 1:
            self.message_user(request, _("Choose one quarter."), messages.ERROR)
            return None
        return redirect("admin:compliance_period_reopen", chosen.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reopen_view)
        return [path("<int:pk>/reopen/", view, name="compliance_period_reopen"), *super().get_urls()]

    def reopen_view(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        period = get_object_or_404(Period, pk=pk)
        form = ReopenForm(request.POST or None)
        back = HttpResponseRedirect(reverse("admin:compliance_period_changelist"))
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "period": period,
                "form": form,
                "opts": self.opts,
            }
            return render(request, "admin/compliance/period/reopen.html", context)
        try:
            periods.reopen_period(period, by=request.user, now=timezone.now(), reason=form.cleaned_data["reason"])
        except periods.WrongMove:
            self.message_user(request, _("%(period)s is not closed.") % {"period": period}, messages.ERROR)
            return back
        self.message_user(request, _("%(period)s is open again.") % {"period": period}, messages.SUCCESS)
        return back

    def _move(self, request: AuthenticatedRequest, period: Period, verb: Any, done: str) -> None:
        try:
            verb(period, by=request.user, now=timezone.now())
        except periods.WrongMove:
            said = _("%(period)s cannot do that: it has not ended, or is in another state.")
            self.message_user(request, said % {"period": period}, messages.ERROR)
        else:
            self.message_user(request, done % {"period": period}, messages.SUCCESS)


@admin.register(PeriodException)
class PeriodExceptionAdmin(ReadOnlyAdmin):
    """Leave for one institution to answer late; granted and ended on the quarter's own page."""

    list_display = ("period", "institution", "until", "reason", "granted_by")
    list_filter = ("period",)
    list_select_related = ("period", "institution", "granted_by")


@admin.register(Confirmation)
class ConfirmationAdmin(ReadOnlyAdmin):
    list_display = ("period", "institution", "by", "at", "changes")
    list_filter = ("period",)
    list_select_related = ("period", "institution", "by")
    search_fields = ("institution__bin",)
    show_full_result_count = False


@admin.register(Requirement)
class RequirementAdmin(ReadOnlyAdmin):
    list_display = ("code", "title_kk", "chapter", "measure", "applies", "confidence")
    list_filter = ("chapter", "measure", "confidence")
    list_select_related = ("chapter",)
    search_fields = ("code", "title_kk", "title_ru", "title_en")


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin):
    list_display = ("directive", "code", "in_force_from", "in_force_to", "provenance")
    list_select_related = ("directive",)


@admin.register(ChecklistItem)
class ChecklistItemAdmin(ReadOnlyAdmin):
    list_display = ("institution", "requirement", "status", "valid_until", "listed", "obliged", "version")
    list_filter = ("status", "listed", "requirement__measure")
    list_select_related = ("institution", "requirement")
    search_fields = ("institution__bin", "requirement__code")
    show_full_result_count = False
    ordering = ("pk",)


@admin.register(StatusEntry)
class StatusEntryAdmin(ReadOnlyAdmin):
    list_display = (
        "pk",
        "institution",
        "requirement",
        "status",
        "state",
        "effective_on",
        "author",
        "decided_by",
    )
    list_filter = ("state", "status")
    list_select_related = ("item__institution", "item__requirement", "author", "decided_by")
    search_fields = ("item__institution__bin", "item__requirement__code")
    raw_id_fields = ("item", "evidence", "continues")
    show_full_result_count = False

    @admin.display(description=gettext_lazy("institution"))
    def institution(self, entry: StatusEntry) -> str:
        return entry.item.institution.name

    @admin.display(description=gettext_lazy("requirement"))
    def requirement(self, entry: StatusEntry) -> str:
        return entry.item.requirement.code


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = ("number", "issuer", "issued_on", "valid_until")
    search_fields = ("number", "issuer")
    show_full_result_count = False


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin):
    """The ledger."""

    list_display = (
        *("institution", "seq", "item", "from_status", "to_status"),
        *("effective_on", "recorded_at", "cause", "cause_ref"),
    )
    list_filter = ("cause",)
    list_select_related = ("institution", "item")
    search_fields = ("institution__bin",)
    show_full_result_count = False
    ordering = ("-pk",)
