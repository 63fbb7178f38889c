"""What people are told about briefs; derived, written and mailed by the tick of `compliance.notices`.

Whoever asked for a brief hears what became of it, whoever may publish it that it waits, and whoever stands behind it
or holds a copy that it is in force no more. An institution's sheet is made while its reader waits and is replaced
often, so of sheets only a refusal and a withdrawal are told. The briefs of all regions are one thing: one notice
speaks of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance.models import Notice
from compliance.notices import LOOKS_BACK, Due, Family, People, day_of
from institutions.access import MAKE_BRIEFS
from institutions.clock import first_moment
from institutions.enums import REGIONAL_ROLES
from institutions.models import User
from reporting.enums import BriefKind, BriefNotice, BriefState, BundleState, Publication
from reporting.models import Brief, BriefBundle, BriefCopy

_OF_STATE: Final = {
    BriefState.READY: BriefNotice.READY,
    BriefState.REFUSED: BriefNotice.REFUSED,
    BriefState.FAILED: BriefNotice.FAILED,
}


def derive(day: date, people: People) -> Iterator[Due]:
    """What is to be told about briefs and bundles of the last days. Some eight queries, whatever their number."""
    yield from _of_briefs(day, people)
    yield from _of_bundles(day, people)
    yield from _out_of_force(day, people)


def _of_briefs(day: date, people: People) -> Iterator[Due]:
    """Briefs that were asked for one by one: made, refused, and those that wait to be published."""
    finished = list(
        Brief.objects.filter(finished_at__gte=first_moment(day - LOOKS_BACK), state__in=sorted(_OF_STATE), bundles=None)
        .order_by("pk")
        .values_list("pk", "kind", "state", "publication", "requested_by", "finished_at")
    )
    if not finished:
        return
    publishers = people.with_roles(MAKE_BRIEFS)
    for pk, kind, state, publication, requested_by, finished_at in finished:
        since, is_sheet = day_of(finished_at), kind == BriefKind.INSTITUTION
        told = _OF_STATE[BriefState(state)]
        if requested_by is not None and not (is_sheet and told == BriefNotice.READY):
            yield Due(requested_by, told, f"brief:{pk}", None, since)
        if told == BriefNotice.READY and publication == Publication.DRAFT and not is_sheet:
            for user in sorted(publishers - {requested_by}):
                yield Due(user, BriefNotice.TO_PUBLISH, f"brief:{pk}", None, since)


def _of_bundles(day: date, people: People) -> Iterator[Due]:
    """The briefs of all regions: one notice for those that are ready, one for those that are not."""
    done = list(
        BriefBundle.objects.filter(
            finished_at__gte=first_moment(day - LOOKS_BACK), state__in=[BundleState.READY, BundleState.FAILED]
        )
        .order_by("pk")
        .values_list("pk", "state", "requested_by", "finished_at")
    )
    if not done:
        return
    states: dict[int, Counter[str]] = defaultdict(Counter)
    drafts: dict[int, Counter[int | None]] = defaultdict(Counter)
    for bundle, state, publication, asked in Brief.objects.filter(bundles__in=[row[0] for row in done]).values_list(
        "bundles", "state", "publication", "requested_by"
    ):
        states[bundle][state] += 1
        if state == BriefState.READY and publication == Publication.DRAFT:
            drafts[bundle][asked] += 1
    publishers = people.with_roles(MAKE_BRIEFS)
    for pk, state, requested_by, finished_at in done:
        subject, since = f"bundle:{pk}", day_of(finished_at)
        counts = {kind: states[pk][made] for made, kind in _OF_STATE.items()}
        if state == BundleState.FAILED:
            counts = {BriefNotice.FAILED: 1}
        for kind, count in counts.items():
            if requested_by is not None and count:
                yield Due(requested_by, kind, subject, None, since, count)
        for user in sorted(publishers):
            # Nobody publishes what they asked for themselves.
            if state == BundleState.READY and (count := drafts[pk].total() - drafts[pk][user]):
                yield Due(user, BriefNotice.TO_PUBLISH, subject, None, since, count)


def _out_of_force(day: date, people: People) -> Iterator[Due]:
    """A brief is in force no more: told to who asked for it, published it or holds a copy, and to its region."""
    since = first_moment(day - LOOKS_BACK)
    fields = ("pk", "kind", "region", "requested_by", "published_by")
    superseded = Brief.objects.filter(publication=Publication.SUPERSEDED, superseded_by__published_at__gte=since)
    withdrawn = Brief.objects.filter(publication=Publication.WITHDRAWN, withdrawn_at__gte=since)
    gone = [
        (kind, row)
        for kind, rows in (
            (
                BriefNotice.SUPERSEDED,
                superseded.exclude(kind=BriefKind.INSTITUTION).values_list(
                    *fields, F("superseded_by__published_by"), F("superseded_by__published_at")
                ),
            ),
            (BriefNotice.WITHDRAWN, withdrawn.values_list(*fields, F("withdrawn_by"), F("withdrawn_at"))),
        )
        for row in rows.order_by("pk")
    ]
    if not gone:
        return
    readers: dict[int, set[int]] = defaultdict(set)
    for brief, reader in BriefCopy.objects.filter(brief__in=[row[0] for _kind, row in gone]).values_list(
        "brief", "reader"
    ):
        readers[brief].add(reader)
    regions = people.of_regions(REGIONAL_ROLES)
    for kind, (pk, _brief_kind, region, requested_by, published_by, by, at) in gone:
        concerned = {requested_by, published_by} | readers[pk] | (regions[region] if region else set())
        for user in sorted(concerned - {by, None}):
            yield Due(user, kind, f"brief:{pk}", None, day_of(at))


# --- how it reads ----------------------------------------------------------------------------------


def word(told: Sequence[Notice]) -> dict[int, tuple[str, str]]:
    """What each notice says, and what it is about. Two queries at most."""
    keys: dict[str, set[int]] = {"brief": set(), "bundle": set()}
    for notice in told:
        model, pk = _subject(notice)
        keys[model].add(pk)
    briefs = Brief.objects.for_list().defer("records").in_bulk(keys["brief"])
    bundles = BriefBundle.objects.select_related("period").in_bulk(keys["bundle"])
    said = {}
    for notice in told:
        model, pk = _subject(notice)
        if model == "brief":
            said[notice.pk] = _what(notice), f"{briefs[pk]} · {_about(briefs[pk])}"
        else:
            said[notice.pk] = _what_of_many(notice), str(bundles[pk].period.code)
    return said


def lead(notice: Notice, user: User) -> str:
    """The page of the brief or bundle; where it is out of the person's reach, that which says what it is worth."""
    model, pk = _subject(notice)
    if model == "bundle":
        return reverse("reporting:bundle", args=[pk])
    if Brief.objects.visible_to(user).filter(pk=pk).exists():
        return reverse("reporting:brief", args=[pk])
    return reverse("reporting:verify_code", args=[Brief.objects.values_list("code", flat=True).get(pk=pk)])


def _subject(notice: Notice) -> tuple[str, int]:
    model, _colon, key = notice.subject.partition(":")
    return model, int(key)


def _about(brief: Brief) -> str:
    if brief.region:
        return brief.region.name
    return brief.institution.name if brief.institution else str(brief.get_kind_display())


def _what(notice: Notice) -> str:
    match BriefNotice(notice.kind):
        case BriefNotice.READY:
            return _("The brief that you asked for is ready")
        case BriefNotice.REFUSED:
            return _("The rules refused the brief that you asked for")
        case BriefNotice.FAILED:
            return _("The brief that you asked for could not be made")
        case BriefNotice.TO_PUBLISH:
            return _("A brief waits for a second person to publish it")
        case BriefNotice.SUPERSEDED:
            return _("A newer brief has taken the place of this one")
        case BriefNotice.WITHDRAWN:
            return _("A brief was withdrawn: do not use it any more")


def _what_of_many(notice: Notice) -> str:
    count = notice.count
    match BriefNotice(notice.kind):
        case BriefNotice.READY:
            text = ngettext(
                "%(count)s brief of the regions that you asked for is ready",
                "%(count)s briefs of the regions that you asked for are ready",
                count,
            )
        case BriefNotice.REFUSED:
            text = ngettext(
                "The rules refused %(count)s brief of the regions that you asked for",
                "The rules refused %(count)s briefs of the regions that you asked for",
                count,
            )
        case BriefNotice.TO_PUBLISH:
            text = ngettext(
                "%(count)s brief of the regions waits for a second person to publish it",
                "%(count)s briefs of the regions wait for a second person to publish them",
                count,
            )
        case _other:
            return _("Briefs of the regions that you asked for could not be made")
    return text % {"count": count}


LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    BriefNotice.READY: ("file-text", "good"),
    BriefNotice.REFUSED: ("alert-triangle", "bad"),
    BriefNotice.FAILED: ("alert-triangle", "bad"),
    BriefNotice.TO_PUBLISH: ("file-text", "warn"),
    BriefNotice.SUPERSEDED: ("file-text", "info"),
    BriefNotice.WITHDRAWN: ("ban", "bad"),
}
FAMILY: Final = Family(kinds=BriefNotice, looks=LOOKS, derive=derive, word=word, lead=lead)
