"""One search for everything that a person may open: institutions, places, requirements, people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from compliance.models import ChecklistItem, Requirement
from institutions import access
from institutions.enums import Role
from institutions.models import Institution, Locality, Membership, Region, User
from institutions.names import search_key
from reporting.coverage import Reach

MOST: Final = 10  # of a group; what is more stands in the list that it leads to
LEAST_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: what it is called, where it lies, and its page."""

    title: str
    url: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one sort, at most `MOST`; `more_url` is the list of all of them, where there are more."""

    title: str
    icon: str
    hits: list[Hit]
    more_url: str = ""


def find(user: User, text: str) -> list[Group]:
    """The groups in which something was found, nothing out of the person's reach. Ten queries or fewer.

    Every word has to stand in a name or at the beginning of a BIN, in Kazakh, Russian or Latin letters, or be a
    beginning of a code. Fewer than `LEAST_LETTERS` letters find nothing.
    """
    words = search_key(text).split()
    if len("".join(words)) < LEAST_LETTERS:
        return []
    groups = [_institutions(user, text), _places(user, words), _requirements(user, words), _people(user, text)]
    return [group for group in groups if group.hits]


def only_institution(user: User, text: str) -> Institution | None:
    """The institution whose whole BIN was typed, where the person sees it."""
    digits = text.strip()
    if not (digits.isdecimal() and len(digits) == 12):
        return None
    return Institution.objects.visible_to(user).filter(bin=digits).first()


def _institutions(user: User, text: str) -> Group:
    found = list(Institution.objects.visible_to(user).search_for(text).with_places()[: MOST + 1])
    hits = [
        Hit(
            institution.name,
            reverse("institutions:detail", args=[institution.bin]),
            f"{institution.bin} · {institution.locality} · {institution.locality.region}",
        )
        for institution in found[:MOST]
    ]
    more = f"{reverse('institutions:list')}?{urlencode({'q': text})}" if len(found) > MOST else ""
    return Group(_("Institutions"), "school", hits, more)


def _places(user: User, words: list[str]) -> Group:
    """Regions and districts whose figures the person sees."""
    reach = Reach.of(user)
    if not reach.by_place:
        return Group("", "", [])
    table = reverse("reporting:coverage")
    hits = [
        Hit(region.name, f"{table}?{urlencode({'region': region.code})}", _("region"))
        for region in Region.objects.all()
        if (reach.country or region.pk in reach.regions)
        and _stand_in(words, region.name_kk, region.name_ru, region.name_en)
    ] + [
        Hit(locality.name, f"{table}?{urlencode({'locality': locality.kato})}", locality.region.name)
        for locality in Locality.objects.select_related("region")
        if (reach.country or locality.region_id in reach.regions or locality.pk in reach.localities)
        and _stand_in(words, locality.name_kk, locality.name_ru, locality.kato)
    ]
    return Group(_("Coverage of places"), "map", hits[:MOST])


def _requirements(user: User, words: list[str]) -> Group:
    """Requirements of the Order: of a director's only facility its item, else how the requirement is covered."""
    found = [
        requirement
        for requirement in Requirement.objects.all()
        if _stand_in(words, requirement.title_kk, requirement.title_ru, requirement.title_en, requirement.code)
    ]
    own = list(Membership.objects.of(user).values_list("role", "institution", "institution__bin")[:2])
    mine: dict[int, str] = {}
    if len(own) == 1 and own[0][0] == Role.DIRECTOR:
        listed = ChecklistItem.objects.filter(institution=own[0][1]).listed()
        mine = dict.fromkeys(listed.values_list("requirement", flat=True), own[0][2])
    elif not own:
        found = []
    table = reverse("reporting:coverage")
    hits = [
        Hit(
            requirement.title,
            reverse("compliance:item", args=[mine[requirement.pk], requirement.code])
            if requirement.pk in mine
            else f"{table}?{urlencode({'requirement': requirement.code})}",
            requirement.citation,
        )
        for requirement in found
    ]
    return Group(_("Requirements of the Order"), "checklist", hits[:MOST])


def _people(user: User, text: str) -> Group:
    if not access.roles_of(user) & access.MANAGE_PEOPLE:
        return Group("", "", [])
    found = list(User.objects.visible_to(user).search_for(text)[: MOST + 1])
    hits = [Hit(str(person), reverse("institutions:person", args=[person.pk]), person.email) for person in found[:MOST]]
    more = f"{reverse('institutions:people')}?{urlencode({'q': text})}" if len(found) > MOST else ""
    return Group(_("People"), "users", hits, more)


def _stand_in(words: Iterable[str], *texts: str) -> bool:
    key = search_key(" ".join(texts))
    return all(word in key for word in words)
