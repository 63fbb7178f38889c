"""Types of requests, and tables as answers."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse

from institutions.models import User
from institutions.tables import CSV, XLSX, Grid, to_csv, to_xlsx

_MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType({"xlsx": XLSX, "csv": CSV})


class AuthenticatedRequest(HttpRequest):
    """A request of somebody who has signed in; LoginRequiredMiddleware lets no other through."""

    user: User


def grid_file(grid: Grid, file_format: str, *, name: str, title: str, day: date) -> HttpResponse:
    """A grid as a file to keep (`name` without its ending), stored by nothing on the way.

    Raises Http404 for a format that is neither xlsx nor csv.
    """
    if file_format not in _MEDIA_TYPES:
        raise Http404
    return HttpResponse(
        to_csv(grid) if file_format == "csv" else to_xlsx(grid, title, day),
        content_type=_MEDIA_TYPES[file_format],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{file_format}"',
            "Cache-Control": "no-store",
        },
    )
