"""Forms of people, for the support window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from institutions import people
from institutions.clock import today
from institutions.enums import Role
from institutions.models import Membership, User

if TYPE_CHECKING:  # generic for the type checker alone
    _CreationForm = BaseUserCreationForm[User]
    _ChangeForm = UserChangeForm[User]
    _MembershipForm = forms.ModelForm[Membership]
    _MembershipFormSet = forms.BaseInlineFormSet[Membership, User, forms.ModelForm[Membership]]
else:
    _CreationForm, _ChangeForm = BaseUserCreationForm, UserChangeForm
    _MembershipForm, _MembershipFormSet = forms.ModelForm, forms.BaseInlineFormSet


class PersonCreationForm(_CreationForm):
    """A new person, with a password that they change after the first sign-in."""

    class Meta:
        model = User
        fields = ("email", "full_name", "language")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("Somebody has this e-mail address already."), code="email_taken")
        return email


class PersonChangeForm(_ChangeForm):
    class Meta:
        model = User
        fields = ("email", "full_name", "language", "is_active", "password")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody has this e-mail address already."), code="email_taken")
        return email

    def clean_is_active(self) -> bool:
        active = bool(self.cleaned_data["is_active"])
        if not active:
            people.check_administrator_remains(today(), without_person=self.instance)
        return active


class EndingMembershipsFormSet(_MembershipFormSet):
    """The memberships that a person has: nothing of them is changed but the last day."""

    def clean(self) -> None:
        super().clean()
        ended = [
            form.instance.pk
            for form in self.initial_forms
            if form.is_valid() and form.instance.role == Role.ADMINISTRATOR and form.cleaned_data.get("valid_to")
        ]
        if ended:
            people.check_administrator_remains(today(), without_memberships=ended)


class NewMembershipForm(_MembershipForm):
    class Meta:
        model = Membership
        fields = ("role", "region", "locality", "institution", "valid_from", "valid_to", "substitute_for")

    def has_changed(self) -> bool:
        """A row in which nothing but the ready-made first day stands is no membership."""
        return bool(set(self.changed_data) - {"valid_from"})

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        replaced = data and data.get("substitute_for")
        if replaced and replaced.pk == self.instance.user_id:
            self.add_error("substitute_for", _("Nobody substitutes for themselves."))
        return data
