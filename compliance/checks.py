"""What `check --deploy --database default` says of the register's own clockwork."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections
from django.db.models import Min

from compliance.models import DailySeal, StatusChange
from institutions.clock import today

LATE: Final = timedelta(days=2)


@register(Tags.database, deploy=True)
def check_seals(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn where days have been over for more than two days and are not sealed: beat or worker stand still."""
    late: list[CheckMessage] = []
    for using in databases or ():
        if DailySeal._meta.db_table not in connections[using].introspection.table_names():
            continue
        last = DailySeal.objects.using(using).order_by("-day").values_list("day", flat=True).first()
        if last is None:
            first = StatusChange.objects.using(using).aggregate(first=Min("recorded_on"))["first"]
            last = None if first is None else first - timedelta(days=1)
        if last is not None and last < today() - LATE:
            late.append(
                Warning(f"No day after {last} is sealed: Celery's beat or its worker stands still.", id="qalqan.W001")
            )
    return late
