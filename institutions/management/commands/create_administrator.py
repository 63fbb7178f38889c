"""`manage.py create_administrator`: the first person of a new register."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from institutions import people


class Command(BaseCommand):
    help = "Enter a ministry administrator, who then invites all others."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", help="the address to sign in with; asked for where it is missing")
        parser.add_argument("--name", help="family name, name, father's name; asked for where it is missing")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from the first line of standard input",
        )

    def handle(self, *, email: str | None, name: str | None, password_stdin: bool, **options: Any) -> None:
        email = email if email is not None else self.ask_for("E-mail", option="--email", piped=password_stdin)
        name = name if name is not None else self.ask_for("Name", option="--name", piped=password_stdin)
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else self.ask()
        if not password:
            raise CommandError("The password is empty.")
        if not name.strip():
            raise CommandError("The name is empty.")
        try:
            with translation.override("en"):  # as the rest of the command speaks
                user = people.create_administrator(email=email, full_name=name, password=password, now=timezone.now())
        except people.EmailTaken as taken:
            raise CommandError(f"{taken} is registered already; nothing was changed.") from taken
        except ValidationError as wrong:
            with translation.override("en"):
                raise CommandError(" ".join(wrong.messages)) from wrong
        self.stdout.write(f"{user.email} is a ministry administrator and can sign in.")

    def ask_for(self, what: str, *, option: str, piped: bool) -> str:
        """One line from the terminal; raises CommandError where there is none, or it brings the password."""
        if piped or not sys.stdin.isatty():
            raise CommandError(f"There is no terminal to ask at: pass {option}.")
        return input(f"{what}: ").strip()

    def ask(self) -> str:
        """The password, typed twice; raises CommandError where the two differ or there is no terminal."""
        if not sys.stdin.isatty():
            raise CommandError("There is no terminal to ask at: pass the password with --password-stdin.")
        password = getpass.getpass("Password: ")
        if getpass.getpass("Password (again): ") != password:
            raise CommandError("The two passwords differ.")
        return password
