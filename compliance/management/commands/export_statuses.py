"""`export_statuses`: the statuses of institutions' checklists as a file that a list of answers may be made of."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import QueryDict
from django.utils import timezone, translation

from compliance.card_forms import CardFilter
from compliance.imports import statuses
from institutions import access
from institutions.models import Institution, User


class Command(BaseCommand):
    help = (
        "Write the statuses of the institutions that a person sees to a file (XLSX or CSV by its name), in the columns "
        "in which `import_answers` reads them. Ends with 2 where nothing could be written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who exports; their scope holds")
        parser.add_argument(
            "--filter", default="", metavar="QUERY", help="as in the address of the list: 'region=KZ-35&kind=school'"
        )
        parser.add_argument("--about", default="measures", choices=statuses.About.values, help="which requirements")
        parser.add_argument("--lang", default="kk", choices=["kk", "ru", "en"], help="language of the file")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email=options["by"].lower()).first()
        if person is None or not access.roles_of(person):
            raise CommandError(f"--by: nobody with a role has the address {options['by']}.", returncode=2)
        path = Path(options["file"])
        file_format = path.suffix.removeprefix(".").lower()
        if file_format not in statuses.FORMATS:
            raise CommandError("FILE: its name ends in .xlsx or .csv.", returncode=2)
        with translation.override(options["lang"]):
            found = self._found(person, options["filter"])
            asked = {name: str(value) for name, value in found.form.cleaned_data.items() if value}
            about = statuses.About(options["about"])
            pieces = statuses.export(found.qs, file_format, about, by=person, asked=asked, now=timezone.now())
            try:
                with path.open("wb") as file:
                    for piece in pieces:
                        file.write(piece)
            except OSError as failure:
                raise CommandError(f"FILE: {failure}", returncode=2) from failure

    def _found(self, person: User, query: str) -> CardFilter:
        rows = Institution.objects.visible_to(person)
        asked = QueryDict(query)
        found = CardFilter(asked, queryset=rows, request=SimpleNamespace(user=person, GET=asked))
        unknown = {name for name, _value in parse_qsl(query)} - found.form.fields.keys()
        if unknown or not found.is_valid():
            wrong = ", ".join(sorted(unknown or found.form.errors))
            raise CommandError(f"--filter: {wrong}", returncode=2)
        return found
