"""Forms of people, for the support window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from institutions import people, roles
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
    """The memberships that a person has: nothing of them is changed but the last day. `by` is who ends them."""

    by: User

    def clean(self) -> None:
        super().clean()
        changed = {form.instance.pk: form for form in self.initial_forms if form.is_valid() and form.has_changed()}
        for membership in Membership.objects.filter(pk__in=changed):
            roles.check_end(
                membership, last_day=changed[membership.pk].cleaned_data["valid_to"], by=self.by, day=today()
            )
        administering = [
            pk for pk, form in changed.items() if form.instance.role == Role.ADMINISTRATOR and form.instance.valid_to
        ]
        if administering:  # all at once: two of one person would each leave the other
            people.check_administrator_remains(today(), without_memberships=administering)


class GivingMembershipsFormSet(_MembershipFormSet):
    """New memberships of a person. `by` is who gives them."""

    by: User

    def clean(self) -> None:
        super().clean()
        for form in self.extra_forms:
            if form.is_valid() and form.has_changed():
                roles.check_given(form.instance, by=self.by, day=today())


class NewMembershipForm(_MembershipForm):
    class Meta:
        model = Membership
        fields = ("role", "region", "locality", "institution", "valid_from", "valid_to", "substitute_for")

    def has_changed(self) -> bool:
        """A row in which nothing but the ready-made first day stands is no membership."""
        return bool(set(self.changed_data) - {"valid_from"})
