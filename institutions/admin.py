"""The window for support: people and their roles, places, the journal. For ministry administrators alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from institutions import access, actions, journal, people, roles
from institutions.forms import (
    EndingMembershipsFormSet,
    GivingMembershipsFormSet,
    NewMembershipForm,
    PersonChangeForm,
    PersonCreationForm,
)
from institutions.models import Journal, LargeCity, Locality, Membership, Region, Settlement, User

if TYPE_CHECKING:
    from institutions.http import AuthenticatedRequest

    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Membership, User]
    _StackedInline = admin.StackedInline[Membership, User]
    _UserAdmin = UserAdmin[User]
else:  # generic for the type checker alone
    _ModelAdmin, _UserAdmin = admin.ModelAdmin, UserAdmin
    _TabularInline, _StackedInline = admin.TabularInline, admin.StackedInline

admin.site.site_header = _("Qalqan: administration")
admin.site.site_title = _("Qalqan: administration")
admin.site.index_title = _("Window for support")
admin.site.unregister(Group)


@login_not_required
def enter(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Admin's own sign-in knows no rate limits: strangers go to the site's; others find nothing here."""
    if request.user.is_authenticated:
        raise Http404
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("account_login"))


def is_administrator(request: HttpRequest) -> bool:
    """Whether the person is a ministry administrator today. One query a request."""
    known: bool | None = getattr(request, "_is_administrator", None)
    if known is None:
        known = bool(request.user.is_staff and access.roles_of(request.user) & access.ADMINISTER)
        request._is_administrator = known  # type: ignore[attr-defined]
    return known


def may_enter(request: HttpRequest) -> bool:
    """Strangers are sent to sign in; for everybody else who is no administrator there is nothing here."""
    if request.user.is_authenticated and not is_administrator(request):
        raise Http404
    return is_administrator(request)


admin.site.login = enter  # type: ignore[method-assign]
admin.site.has_permission = may_enter  # type: ignore[method-assign]


class SupportAdmin(_ModelAdmin):
    """What every page of this window shares: the role opens it, nothing is deleted."""

    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(SupportAdmin):
    """To look at; changed by verbs, loaders or not at all."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class EndingInline(_TabularInline):
    """The roles that a person has: only their last day can be set."""

    model = Membership
    fk_name = "user"
    can_delete = False
    extra = 0
    formset = EndingMembershipsFormSet
    fields = ("role", "region", "locality", "institution", "valid_from", "substitute_for", "valid_to")
    readonly_fields = ("role", "region", "locality", "institution", "valid_from", "substitute_for")
    verbose_name_plural = _("roles: set a last day to end one")

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return is_administrator(request)

    def get_formset(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.by = request.user  # type: ignore[attr-defined]  # a field of ours
        return formset

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        places = ("region", "locality", "institution", "substitute_for", "user")
        return super().get_queryset(request).select_related(*places)


class GivingInline(_StackedInline):
    """A new role for the person."""

    model = Membership
    fk_name = "user"
    can_delete = False
    form = NewMembershipForm
    formset = GivingMembershipsFormSet
    extra = 1
    autocomplete_fields = ("locality", "institution", "substitute_for")
    verbose_name_plural = _("give a role")

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_formset(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.by = request.user  # type: ignore[attr-defined]  # a field of ours
        return formset

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        return super().get_queryset(request).none()


@admin.register(User)
class PersonAdmin(SupportAdmin, _UserAdmin):
    """People: entered with a password that they change, never deleted; roles are given and ended below."""

    form = PersonChangeForm
    add_form = PersonCreationForm
    inlines = (EndingInline, GivingInline)
    ordering = ("sort_kk", "pk")
    list_display = ("full_name", "email", "roles", "is_active", "last_login")
    list_filter = ("is_active", "memberships__role")
    search_fields = ("full_name", "email")
    filter_horizontal = ()
    fieldsets = ((None, {"fields": ("email", "full_name", "language", "password", "is_active", "last_login")}),)
    add_fieldsets = ((None, {"fields": ("email", "full_name", "language", "password1", "password2")}),)
    readonly_fields = ("last_login",)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and self._is_superuser(request):
            return (*fieldsets, (_("Superuser"), {"fields": ("is_superuser",)}))
        return fieldsets

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody but a superuser touches a superuser: whoever set their password would be one."""
        if isinstance(obj, User) and obj.is_superuser and not self._is_superuser(request):
            return False
        return super().has_change_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return cast("models.QuerySet[User]", super().get_queryset(request).prefetch_related("memberships"))

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(sorted({str(membership.get_role_display()) for membership in user.memberships.all()}))

    def save_model(self, request: AuthenticatedRequest, obj: User, form: Any, change: bool) -> None:  # type: ignore[override]
        now = timezone.now()
        if not change:
            people.enter(obj, by=request.user, now=now)
            return
        details = {name: form.cleaned_data[name] for name in people.DETAILS}
        people.correct(obj, **details, by=request.user, now=now)
        if "is_active" in form.changed_data:
            turn = people.let_in if obj.is_active else people.lock_out
            turn(obj, by=request.user, now=now)
        if "is_superuser" in form.changed_data:
            obj.save(update_fields=["is_superuser"])
            after = {"is_superuser": obj.is_superuser}
            journal.write(
                "person.change", obj, by=request.user, before={"is_superuser": not obj.is_superuser}, after=after
            )

    def save_formset(self, request: AuthenticatedRequest, form: Any, formset: Any, change: bool) -> None:  # type: ignore[override]
        now = timezone.now()
        formset.save(commit=False)  # judges nothing and writes nothing, but tells what is new and what has changed
        for membership in formset.new_objects:
            roles.give(
                membership.user,
                roles.Post.of(membership),
                since=membership.valid_from,
                until=membership.valid_to,
                substitute_for=membership.substitute_for,
                by=request.user,
                now=now,
            )
        for membership, _names in formset.changed_objects:
            roles.end(membership, last_day=membership.valid_to, by=request.user, now=now)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            journal.write("person.password", f"user:{id}", by=cast(User, request.user))
        return answer

    @staticmethod
    def _is_superuser(request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


@admin.register(Region)
class RegionAdmin(ReadOnlyAdmin):
    list_display = ("name_kk", "name_ru", "code", "kato", "kind")
    search_fields = ("name_kk", "name_ru", "code", "kato")


@admin.register(Locality)
class LocalityAdmin(ReadOnlyAdmin):
    list_display = ("name_kk", "name_ru", "region", "kind", "kato")
    list_filter = ("kind", "region")
    list_select_related = ("region",)
    search_fields = ("name_kk", "name_ru", "kato")


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    list_display = ("name_kk", "name_ru", "locality", "settlement_class", "kato")
    list_filter = ("settlement_class", "locality__region")
    list_select_related = ("locality",)
    search_fields = ("name_kk", "name_ru", "kato")


@admin.register(LargeCity)
class LargeCityAdmin(ReadOnlyAdmin):
    list_display = ("name_kk", "name_ru", "region", "line", "kato")
    list_select_related = ("region",)
    search_fields = ("name_kk", "name_ru", "kato")


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ("at", "user", "what", "institution", "subject", "address")
    list_select_related = ("user", "institution")
    search_fields = ("user__email", "institution__bin", "action", "subject")
    date_hierarchy = "at"

    @admin.display(description=_("action"), ordering="action")
    def what(self, row: Journal) -> str:
        return actions.in_words(row.action)


# Moments and days in admin's forms are typed: its calendar script is English where Django has no Kazakh.
formfield_overrides: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
}
SupportAdmin.formfield_overrides = formfield_overrides
EndingInline.formfield_overrides = formfield_overrides
GivingInline.formfield_overrides = formfield_overrides
