"""Letters to people about their account and roles, in their language. Never a word about what an institution lacks."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from institutions.models import Membership, User

log = logging.getLogger(__name__)


class LetterNotSent(Exception):
    """The mail server did not take the letter."""


def link_ends_at(sent_at: datetime) -> datetime:
    """Until when a link for setting a password works that was made at `sent_at`; it works once."""
    return sent_at + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def send_invitation(user: User, membership: Membership | None, *, now: datetime) -> None:
    """A link for setting the first password, and the role that waits (None: no role yet). Raises `LetterNotSent`."""
    token = EmailAwarePasswordResetTokenGenerator().make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": token})
    with translation.override(user.language):
        words = {
            "url": f"{settings.SITE_URL}{path}",
            "until": link_ends_at(now),
            "again_url": _url("account_reset_password"),
        }
        _send(user, _("Qalqan: you are invited"), "institutions/letters/invitation.txt", words, membership)


def send_role(membership: Membership) -> None:
    """To somebody who can sign in already: which role they have from now on. Raises `LetterNotSent`."""
    with translation.override(membership.user.language):
        words = {"url": _url("home")}
        _send(membership.user, _("Qalqan: a role for you"), "institutions/letters/role.txt", words, membership)


def _send(user: User, subject: str, template: str, words: dict[str, Any], membership: Membership | None) -> None:
    text = render_to_string(template, {**words, "person": user, "membership": membership})
    try:
        EmailMessage(subject, text, to=[user.email]).send()
    except OSError as failed:  # smtplib's errors are among them
        log.exception("letter to person %s", user.pk)
        raise LetterNotSent(user.email) from failed


def _url(name: str) -> str:
    return f"{settings.SITE_URL}{reverse(name)}"
