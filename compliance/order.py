"""The Order from its library file into the tables. Safe to run twice; what is answered stays."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from compliance import editions
from compliance.library import Library, load_library
from compliance.models import Chapter, Directive, Edition, EditionItem, Requirement

_TITLES = ("title_kk", "title_ru", "title_en")
_TEXTS = tuple(f"{stem}_{language}" for stem in ("title", "guidance", "proof") for language in ("kk", "ru", "en"))


@transaction.atomic
def load_order(library: Library | None = None) -> Directive:
    """Make or correct the directive, its editions, chapters and requirements. Raises `library.LibraryError`."""
    library = library or load_library()
    directive, _made = Directive.objects.update_or_create(
        code=library.directive.code,
        defaults={
            "number": library.directive.number,
            "dated_on": library.directive.dated_on,
            **{name: getattr(library.directive, name) for name in _TITLES},
        },
    )
    for edition in library.editions:
        Edition.objects.update_or_create(
            directive=directive,
            code=edition.code,
            defaults={
                "in_force_from": edition.in_force_from,
                "in_force_to": _end_of(edition.in_force_from, edition.in_force_to, directive),
                "provenance": edition.provenance,
            },
        )
    chapters = {}
    for chapter in library.chapters:
        chapters[chapter.code], _made = Chapter.objects.update_or_create(
            directive=directive,
            code=chapter.code,
            defaults={
                "sort_order": chapter.sort_order,
                **{name: getattr(chapter, name) for name in _TITLES},
            },
        )
    read_now = _read_now(directive)
    for position, requirement in enumerate(library.requirements, start=1):
        Requirement.objects.update_or_create(
            directive=directive,
            code=requirement.code,
            defaults={
                "chapter": chapters[requirement.chapter],
                "paragraph": requirement.paragraph,
                "expires": requirement.expires,
                "validity_months": requirement.validity_months,
                "kinds": list(requirement.kinds),
                "applies": requirement.applies,
                "measure": requirement.measure,
                "confidence": requirement.confidence,
                "source": requirement.source,
                "sort_order": position,
                **{name: getattr(requirement, name) for name in _TEXTS},
                **read_now.get(requirement.code, {}),
            },
        )
    editions.put_in_order(directive)
    return directive


def _end_of(starts: date, ends: date | None, directive: Directive) -> date | None:
    """The last day of an edition of the library: the eve of one that came as a file, where that is earlier."""
    files = Edition.objects.filter(directive=directive, in_force_from__gt=starts).exclude(groups=[])
    following = files.order_by("in_force_from").values_list("in_force_from", flat=True).first()
    if following is None or ends is not None:
        return ends
    return following - timedelta(days=1)


def _read_now(directive: Directive) -> dict[str, dict[str, object]]:
    """What requirements read since an edition that came as a file took effect, by code and field."""
    found: dict[str, dict[str, object]] = {}
    begun = EditionItem.objects.filter(edition__directive=directive, before__isnull=False)
    for code, texts in begun.order_by("edition__in_force_from").values_list("requirement__code", "texts"):
        found.setdefault(code, {}).update(texts)
    return found
