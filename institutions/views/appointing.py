"""What all forms share by which somebody comes to a role: the offer to somebody known, refusals, the letter's fate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from institutions.http import AuthenticatedRequest
from institutions.invitations import AddressKnown, RoleWithoutLetter
from institutions.models import Membership, User

LONGEST_KEY = 20  # digits; what is longer names nobody


@dataclass(frozen=True, slots=True)
class FormPage:
    """A page with one form about people: its words, the way back, and what stands beside it."""

    title: str
    subtitle: str
    button: str
    back_url: str
    icon: str = "check"
    note: str = ""

    def render(
        self, request: AuthenticatedRequest, form: forms.Form, *, status: int = 200, offered: User | None = None
    ) -> HttpResponse:
        """`offered`: who has the address that was written; named only to those who see that person anyway."""
        named = offered is not None and User.objects.visible_to(request.user).filter(pk=offered.pk).exists()
        context = {"page": self, "form": form, "offered": offered, "named": named}
        return render(request, "institutions/person_form.html", context, status=status)

    def refuse(self, request: AuthenticatedRequest, form: forms.Form, wrong: ValidationError) -> HttpResponse:
        """The form as it was filled, with what the verb says against it."""
        add_refusal(form, wrong)
        return self.render(request, form, status=422)

    def appoint(
        self, request: AuthenticatedRequest, form: forms.Form, verb: Callable[[int | None], Membership]
    ) -> Membership | HttpResponse:
        """Call `verb` with the key of the person whom the page has offered; the membership, or the page once more."""
        shown = request.POST.get("known", "")
        try:
            membership = verb(int(shown) if shown.isdecimal() and len(shown) < LONGEST_KEY else None)
        except AddressKnown as known:
            return self.render(request, form, status=409, offered=known.user)
        except RoleWithoutLetter as failed:
            messages.warning(request, _("The role is given, but the letter did not go out. Send it again in a while."))
            return failed.membership
        except ValidationError as wrong:
            return self.refuse(request, form, wrong)
        messages.success(request, _("The role is given; a letter is on its way to %(email)s.") % _address(membership))
        return membership


def add_refusal(form: forms.Form, wrong: ValidationError) -> None:
    """Each refusal at the field that it names, where the form has such a field; above the form otherwise."""
    if not hasattr(wrong, "error_dict"):
        form.add_error(None, wrong)
        return
    for name, errors in wrong.error_dict.items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, errors)


def _address(membership: Membership) -> dict[str, Any]:
    return {"email": membership.user.email}
