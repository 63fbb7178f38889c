"""Tags of pages that show evidence."""

from __future__ import annotations

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext

from compliance.models import PictureFields
from compliance.pictures import kilometres
from institutions.models import Institution

register = template.Library()


@register.simple_tag
def place_of(photo: PictureFields, institution: Institution) -> str:
    """Where a photo was taken, as the camera said, and how far that is from the institution."""
    if photo.latitude is None or photo.longitude is None:
        return gettext("place not known")
    place = f"{number_format(photo.latitude, 5)}; {number_format(photo.longitude, 5)}"
    if institution.latitude is None or institution.longitude is None:
        return place
    far = kilometres((photo.latitude, photo.longitude), (float(institution.latitude), float(institution.longitude)))
    words = {"place": place, "far": number_format(far, 1)}
    # Translators: %(place)s is latitude and longitude, %(far)s a number of kilometres
    return gettext("%(place)s, %(far)s km from the institution") % words
