"""`load_reference`: places, the Order, and the quarters since it is in force."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.library import LibraryError
from compliance.models import Edition, RegisterDay, Requirement
from compliance.order import load_order
from compliance.periods import ensure_periods
from institutions.clock import today
from institutions.places import load_places


class Command(BaseCommand):
    help = "Load places and the Order. Safe to run again: it corrects what is there and loses nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            places = load_places()
            load_order()
        except LibraryError as wrong:
            raise CommandError(str(wrong)) from wrong
        RegisterDay.current()
        ensure_periods(today())
        counts = places | {
            str(Edition._meta.verbose_name_plural): Edition.objects.count(),
            str(Requirement._meta.verbose_name_plural): Requirement.objects.count(),
        }
        self.stdout.write(", ".join(f"{name}: {count}" for name, count in counts.items()))
