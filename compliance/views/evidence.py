"""Photos, within the scope of whoever looks."""

from __future__ import annotations

import logging

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from compliance import photos
from compliance.models import Photo
from compliance.reading import note_reading
from institutions.http import AuthenticatedRequest

logger = logging.getLogger(__name__)


@require_safe
def photo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The file of a photo; seen from outside the institution, it is a reading like any other of it."""
    visible = Photo.objects.visible_to(request.user).select_related("entry__item__institution")
    found = get_object_or_404(visible, pk=pk)
    try:
        file = photos.path_of(found.sha256).read_bytes()
    except FileNotFoundError as lost:
        logger.exception("The file of photo %s is not there", pk)
        raise Http404 from lost
    note_reading(request.user, found.entry.item.institution, timezone.now())
    return HttpResponse(
        file,
        content_type="image/jpeg",
        headers={
            "Content-Disposition": f'inline; filename="photo-{found.pk}.jpg"',
            # Shown from the browser's own store for a while, so that a page looked at twice is not two readings.
            "Cache-Control": "private, max-age=600",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
