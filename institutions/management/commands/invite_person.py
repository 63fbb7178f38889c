"""`invite_person`: a role for somebody, by their e-mail address, as the page "Invite" gives it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation
from django.utils.dateparse import parse_date

from institutions import invitations
from institutions.clock import local_day
from institutions.enums import Role
from institutions.models import Institution, Locality, Membership, Region
from institutions.roles import Post

REFUSED, WRONG, NO_LETTER = 1, 2, 3


class Command(BaseCommand):
    help = (
        "Enter a person with a role and send them a link for setting a password; to somebody known already, only the "
        "role. Exit code 1: refused, 2: a wrong argument, 3: all is done, but the letter did not go out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="", help="family name, name, father's name; for somebody new")
        parser.add_argument("--language", default="kk", help="of the letters: " + ", ".join(dict(settings.LANGUAGES)))
        parser.add_argument("--role", required=True, help=", ".join(Role.values))
        parser.add_argument(
            "--scope", default="country", help="country, a region's code (KZ-11), the KATO of a district, or a BIN"
        )
        parser.add_argument("--until", metavar="DAY", help="the last day of the role, as in 2026-12-31")
        parser.add_argument(
            "--known", action="store_true", help="give the role even where the address belongs to somebody already"
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        invited = invitations.Invited(options["email"], options["name"], options["language"])
        post = self._post(options["role"], options["scope"])
        until = self._day(options["until"])

        def invite(known: int | None) -> Membership:
            return invitations.invite(invited, post, since=local_day(now), until=until, known=known, by=None, now=now)

        with translation.override("en"):  # as the rest of the command speaks
            try:
                membership = self._offered(invite, known=options["known"])
            except ValidationError as wrong:
                raise CommandError(" ".join(wrong.messages), returncode=REFUSED) from wrong
            except invitations.RoleWithoutLetter as failed:
                raise CommandError(
                    "The role is given, but the letter did not go out. Send it again from the person's page.",
                    returncode=NO_LETTER,
                ) from failed
            self._tell(membership, as_json=options["format"] == "json")

    def _offered(self, invite: Callable[[int | None], Membership], *, known: bool) -> Membership:
        try:
            return invite(None)
        except invitations.AddressKnown as offered:
            if not known:
                raise CommandError(
                    f"{offered} belongs to {offered.user} already; pass --known to give them the role.",
                    returncode=REFUSED,
                ) from offered
            return invite(offered.user.pk)

    def _tell(self, membership: Membership, *, as_json: bool) -> None:
        if as_json:
            told = {
                "person": membership.user.email,
                "role": membership.role,
                "valid_from": membership.valid_from.isoformat(),
                "valid_to": membership.valid_to and membership.valid_to.isoformat(),
                "accepted": membership.user.has_usable_password(),
            }
            self.stdout.write(json.dumps(told))
            return
        scope = membership.scope or "the country"
        self.stdout.write(f"{membership.user.email}: {membership.get_role_display()}, {scope}. The letter is out.")

    def _post(self, role: str, scope: str) -> Post:
        if role not in Role.values:
            raise CommandError(f"--role: {role!r} is unknown; choose from {', '.join(Role.values)}.", returncode=WRONG)
        if scope == "country":
            return Post(Role(role))
        if re.fullmatch(r"\d{12}", scope):
            institution = Institution.objects.filter(bin=scope).first()
            if institution is None:
                raise CommandError(f"--scope: the register has no institution with the BIN {scope}.", returncode=WRONG)
            return Post(Role(role), institution=institution)
        if re.fullmatch(r"\d{9}", scope):
            locality = Locality.objects.filter(kato=scope).first()
            if locality is None:
                raise CommandError(f"--scope: the register has no district with the KATO {scope}.", returncode=WRONG)
            return Post(Role(role), locality=locality)
        region = Region.objects.filter(code=scope).first()
        if region is None:
            raise CommandError(
                f"--scope: {scope!r} is unknown; choose from country, the code of a region, as in KZ-11, "
                "the KATO of a district, or a BIN.",
                returncode=WRONG,
            )
        return Post(Role(role), region=region)

    def _day(self, text: str | None) -> date | None:
        if text is None:
            return None
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if day is None:
            raise CommandError(f"--until: {text!r} is not a day; write it like 2026-12-31.", returncode=WRONG)
        return day
