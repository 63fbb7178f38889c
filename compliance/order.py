"""The Order from its library file into the tables. Safe to run twice; what is answered stays."""

from __future__ import annotations

from django.db import transaction

from compliance.library import Library, load_library
from compliance.models import Chapter, Directive, Edition, Requirement

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
                "in_force_to": edition.in_force_to,
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
            },
        )
    return directive
