"""What follows from a new edition of the Order, told before it is put into force.

For some institutions after others the edition is made, spread by the ledger's own verb, looked at and taken back in one
transaction: what is told is what would happen, with no second form of any rule. What was found is kept in rows, one for
each item that comes onto a list, leaves it or obliges otherwise, so that each figure opens.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from compliance import books, editions, ledger
from compliance.duties import Book
from compliance.enums import (
    MEASURE_SCOPE,
    Cause,
    DutyChange,
    EditionState,
    EntryState,
    Inheritance,
    ItemChange,
    Measure,
    Status,
)
from compliance.library.coming import EditionRefused
from compliance.models import (
    ComingEdition,
    EditionEffect,
    EditionItem,
    PendingFold,
    Requirement,
    StatusChange,
    StatusEntry,
)
from institutions import journal
from institutions.bulk import no_garbage_collection
from institutions.models import Institution, Region
from institutions.tables import Grid
from reporting import coverage
from reporting.coverage import Counts, Question

logger = logging.getLogger(__name__)
COUNTRY: Final = coverage.COUNTRY
_REF: Final = "edition-preview"


def work(pk: int, *, clock: editions.Clock) -> ComingEdition | None:
    """Do what an edition waits for: its preview, its way into the ledger or out of it. None where it waits for nothing.

    What fails stays as it is, is logged and said on the page; no sweep tries it again by itself.
    """
    try:
        with no_garbage_collection():
            return preview(pk, clock=clock) or editions.spread(pk, clock=clock)
    except Exception:
        logger.exception("Edition %s: the work failed", pk)
        ComingEdition.objects.filter(pk=pk).update(failed=True, claimed_at=None)
        return None


def preview(pk: int, *, clock: editions.Clock) -> ComingEdition | None:
    """Look through all institutions; None where the edition waits for no preview, or somebody else has it."""
    coming = editions.claim(pk, EditionState.DRAFT, to=EditionState.PREVIEWING, now=clock())
    if coming is None:
        return None
    if coming.cursor == 0:
        EditionEffect.objects.filter(coming=coming).delete()
        ComingEdition.objects.filter(pk=pk).update(coverage={})
    while _piece(pk, now=clock()):
        pass
    coming.refresh_from_db()
    return coming


def _piece(pk: int, *, now: datetime) -> bool:
    """The next institutions; False once there are none left. The trial is a transaction, what it found another."""
    coming = ComingEdition.objects.get(pk=pk)
    if coming.state != EditionState.PREVIEWING:
        return False
    institutions = list(
        Institution.objects.filter(pk__gt=coming.cursor).order_by("pk").select_related("locality")[: editions.PIECE]
    )
    if not institutions:
        _finish(coming, now=now)
        return False
    found = _tried(coming, institutions, now=now)
    with transaction.atomic():
        moved = ComingEdition.objects.filter(pk=pk, state=EditionState.PREVIEWING, cursor=coming.cursor)
        added = moved.update(
            cursor=institutions[-1].pk,
            done=F("done") + len(institutions),
            rows=F("rows") + found.rows,
            coverage=_added(coming.coverage, found.coverage),
            claimed_at=now,
        )
        if added:  # or else another worker has done these
            EditionEffect.objects.bulk_create(found.effects, batch_size=1_000)
    return True


@dataclass(frozen=True, slots=True)
class _Found:
    """What a trial found: rows of the ledger that it wrote, effects, and coverage as `_covered` has it."""

    rows: int
    effects: list[EditionEffect]
    coverage: dict[str, dict[str, list[list[int]]]]


def _tried(coming: ComingEdition, institutions: Sequence[Institution], *, now: datetime) -> _Found:
    keys = [one.pk for one in institutions]
    day = coming.in_force_from
    with transaction.atomic():
        books.seize()
        # What waits for the fold counts here on both sides: it is taken back with the rest.
        PendingFold.objects.filter(change__institution__in=keys).delete()
        before, covered_before = _listed(keys, day), _covered(keys, day)
        editions.establish(coming)
        changed = [ledger.Changed(one, Cause.EDITION, f"{_REF}:{coming.pk}") for one in institutions]
        rows = ledger.sync_many(changed, now=now, book=Book.read())
        PendingFold.objects.filter(change__institution__in=keys).delete()
        after = _listed(keys, day) if rows else before
        covered_after = _covered(keys, day) if rows else covered_before
        transaction.set_rollback(True)
    both = {
        measure: {
            place: [covered_before[measure].get(place, [0, 0]), covered_after[measure].get(place, [0, 0])]
            for place in covered_before[measure].keys() | covered_after[measure].keys()
        }
        for measure in covered_before
    }
    return _Found(rows, list(_effects(coming, before, after)), both)


@dataclass(frozen=True, slots=True)
class _Listed:
    """How an item stands on an institution's list."""

    region: int
    obliged: bool
    status: str


def _listed(institutions: Sequence[int], day: date) -> dict[tuple[int, str], _Listed]:
    """(institution, code) → how it stands on `day`, as the ledger says. A query."""
    rows = (
        StatusChange.objects.filter(institution__in=institutions, effective_on__lte=day, cell__level="approved")
        .order_by()
        .values_list(
            "institution", "cell__requirement__code", "cell__region", "cell__obliged", "from_status", "to_status"
        )
    )
    times: Counter[tuple[int, str, int, bool, str]] = Counter()
    for institution, code, region, obliged, was, now in rows:
        if was is not None:
            times[institution, code, region, obliged, was] -= 1
        if now is not None:
            times[institution, code, region, obliged, now] += 1
    return {
        (institution, code): _Listed(region, obliged, status)
        for (institution, code, region, obliged, status), count in times.items()
        if count
    }


def _effects(
    coming: ComingEdition, before: Mapping[tuple[int, str], _Listed], after: Mapping[tuple[int, str], _Listed]
) -> Iterator[EditionEffect]:
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        change = _change(was, now)
        standing = now or was
        if change is not None and standing is not None:
            institution, code = key
            yield EditionEffect(
                coming=coming,
                requirement=code,
                institution_id=institution,
                region_id=standing.region,
                change=change,
                status=standing.status,
            )


def _change(was: _Listed | None, now: _Listed | None) -> DutyChange | None:
    if was is None or now is None:
        return DutyChange.GAINED if was is None else DutyChange.LOST
    if was.obliged == now.obliged:
        return None
    return DutyChange.OBLIGED if now.obliged else DutyChange.RELEASED


def _covered(institutions: Sequence[int], day: date) -> dict[str, dict[str, list[int]]]:
    """Measure → place (region code, KZ) → total and covered on a day, over the population of the brief."""
    found: dict[str, dict[str, list[int]]] = {}
    for measure in Measure:
        places: dict[str, list[int]] = {}
        question = Question(day, measure=measure, scope=MEASURE_SCOPE[measure])
        for record in coverage.records(question, institutions):
            if record.status == Status.NOT_APPLICABLE:
                continue
            for place in (COUNTRY, record.region):
                total, covered = places.get(place, [0, 0])
                places[place] = [total + 1, covered + (record.status == Status.MET)]
        found[measure.value] = places
    return found


def _added(known: Mapping[str, Any], more: Mapping[str, Mapping[str, list[list[int]]]]) -> dict[str, Any]:
    """Coverage of the institutions looked at so far and of those looked at now, together."""
    summed: dict[str, dict[str, list[list[int]]]] = {}
    for measure in Measure:
        one, other = known.get(measure.value, {}), more[measure.value]
        nothing = [[0, 0], [0, 0]]
        summed[measure.value] = {
            place: [
                [a + b for a, b in zip(side, more_side, strict=True)]
                for side, more_side in zip(one.get(place, nothing), other.get(place, nothing), strict=True)
            ]
            for place in sorted(one.keys() | other.keys())
        }
    return summed


@transaction.atomic
def _finish(coming: ComingEdition, *, now: datetime) -> None:
    editions.move(
        coming, [EditionState.PREVIEWING], EditionState.PREVIEWED, claimed_at=None, previewed_at=now, failed=False
    )
    after = {"code": coming.code, "institutions": coming.done, "rows": coming.rows}
    journal.write("edition.preview", coming, by=coming.uploaded_by, after=after, now=now)


# --- as it is read -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """A measure at a place, on the edition's first day: as it would be without the edition, and with it."""

    measure: Measure
    place: str
    name: str
    before: Counts
    after: Counts


def coverage_lines(coming: ComingEdition, *, place: str = COUNTRY) -> list[CoverageLine]:
    """The five measures at one place."""
    return [
        CoverageLine(measure, place, str(measure.label), *_counts(coming.coverage.get(measure.value, {}).get(place)))
        for measure in Measure
    ]


def coverage_by_region(coming: ComingEdition, measure: Measure) -> list[CoverageLine]:
    """One measure by regions, those without anything to count left out. A query."""
    found = coming.coverage.get(measure.value, {})
    return [
        CoverageLine(measure, region.code, region.name, *_counts(found[region.code]))
        for region in Region.objects.order_by("sort_order")
        if region.code in found
    ]


def _counts(sides: list[list[int]] | None) -> tuple[Counts, Counts]:
    (total, covered), (new_total, new_covered) = sides or [[0, 0], [0, 0]]
    return Counts(met=covered, not_met=total - covered), Counts(met=new_covered, not_met=new_total - new_covered)


@dataclass(frozen=True, slots=True)
class DutyLine:
    """What the edition does to one item: how many institutions it comes to, leaves, obliges otherwise.

    `change` is what becomes of the item itself, empty for one that is dropped, split or merged away. `met` and
    `unanswered` are those of the institutions that it comes to.
    """

    code: str
    title: str
    change: str
    measure: str | None
    parents: tuple[str, ...]
    answer: str
    gained: int
    met: int
    unanswered: int
    lost: int
    obliged: int
    released: int

    @property
    def kind(self) -> str:
        """What becomes of the item itself, in words; empty where it stays the same or goes."""
        return str(ItemChange(self.change).label) if self.change not in ("", ItemChange.SAME) else ""

    @property
    def answer_in_words(self) -> str:
        return str(Inheritance(self.answer).label)

    @property
    def moves(self) -> bool:
        return bool(self.gained or self.lost or self.obliged or self.released)


def duty_lines(coming: ComingEdition, *, region: str = "") -> list[DutyLine]:
    """The items that somebody gains or loses or that changed themselves, in the order of the Order. Three queries."""
    effects = EditionEffect.objects.filter(coming=coming)
    if region:
        effects = effects.filter(region__code=region)
    counts: dict[str, dict[str, Any]] = {
        row["requirement"]: dict(row)
        for row in effects.order_by()
        .values("requirement")
        .annotate(
            **{change.value: Count("pk", filter=Q(change=change)) for change in DutyChange},
            met=Count("pk", filter=Q(change=DutyChange.GAINED, status=Status.MET)),
            unanswered=Count("pk", filter=Q(change=DutyChange.GAINED, status=Status.UNKNOWN)),
        )
    }
    written = _written(coming)
    known = {one.code: one for one in Requirement.objects.all()}
    lines = []
    for code in sorted(counts.keys() | written.keys(), key=lambda code: _order(known.get(code), code)):
        requirement, item = known.get(code), written.get(code)
        row = counts.get(code, {})
        line = DutyLine(
            code=code,
            title=_title(item, requirement),
            change="" if item is None else item.change,
            measure=requirement.measure if requirement else None,
            parents=() if item is None else item.parents,
            answer="" if item is None else item.answer,
            gained=row.get("gained", 0),
            met=row.get("met", 0),
            unanswered=row.get("unanswered", 0),
            lost=row.get("lost", 0),
            obliged=row.get("obliged", 0),
            released=row.get("released", 0),
        )
        if line.moves or line.change not in ("", ItemChange.SAME) or (item is not None and item.reads_otherwise):
            lines.append(line)
    return lines


@dataclass(frozen=True, slots=True)
class _Written:
    """What the file says of an item, or the table does once the edition is established."""

    change: str
    parents: tuple[str, ...]
    answer: str
    titles: Mapping[str, str]
    reads_otherwise: bool


def _written(coming: ComingEdition) -> dict[str, _Written]:
    if coming.edition_id is not None:
        items = EditionItem.objects.filter(edition=coming.edition_id).select_related("requirement")
        return {
            item.requirement.code: _Written(item.change, tuple(item.parents), item.answer, item.texts, bool(item.texts))
            for item in items
        }
    try:
        content = editions.content_of(coming)
    except (EditionRefused, editions.NotTheLast):
        return {}
    return {
        item.code: _Written(item.change.value, item.parents, item.answer.value, item.texts, bool(item.texts))
        for item in content.items
    }


def _order(requirement: Requirement | None, code: str) -> tuple[int, str]:
    return (requirement.sort_order if requirement else 10_000, code)


def _title(item: _Written | None, requirement: Requirement | None) -> str:
    language = get_language() or "kk"
    name = f"title_{language if language in ('ru', 'en') else 'kk'}"
    if item is not None and name in item.titles:
        return str(item.titles[name])
    return requirement.title if requirement else ""


def region_counts(coming: ComingEdition, *, requirement: str = "") -> list[tuple[Region, dict[str, int]]]:
    """Regions in the ministry's order with the numbers of items gained, lost, obliged and released. Two queries."""
    effects = EditionEffect.objects.filter(coming=coming)
    if requirement:
        effects = effects.filter(requirement=requirement)
    counted = effects.order_by().values("region", "change").annotate(count=Count("pk"))
    found: dict[int, dict[str, int]] = {}
    for row in counted:
        found.setdefault(row["region"], dict.fromkeys(DutyChange.values, 0))[row["change"]] = row["count"]
    return [(region, found[region.pk]) for region in Region.objects.order_by("sort_order") if region.pk in found]


def waiting_answers(coming: ComingEdition) -> int:
    """Answers that wait for a decision at items which leave their list; a query."""
    gone = EditionEffect.objects.filter(coming=coming, change=DutyChange.LOST)
    entries = StatusEntry.objects.filter(state=EntryState.SUBMITTED)
    pairs = set(gone.values_list("institution", "requirement"))
    return sum(pair in pairs for pair in entries.order_by().values_list("item__institution", "item__requirement__code"))


def effects_of(coming: ComingEdition, chosen: Mapping[str, str]) -> QuerySet[EditionEffect]:
    """The effects that are asked for with their institutions, by region and the Kazakh names."""
    return (
        EditionEffect.objects.filter(coming=coming, **chosen)
        .select_related("institution__locality__region", "region")
        .order_by("region__sort_order", "institution__sort_kk", "institution", "requirement", "change")
    )


def summary_grid(coming: ComingEdition) -> Grid:
    """What each requirement gains and loses in each region, one row for each of both."""
    counted: dict[tuple[int, str], dict[str, int]] = {}
    rows = EditionEffect.objects.filter(coming=coming).order_by().values("region", "requirement", "change")
    for row in rows.annotate(count=Count("pk")):
        counted.setdefault((row["region"], row["requirement"]), {})[row["change"]] = row["count"]
    titles = titles_of(coming)
    order = {code: number for number, code in enumerate(titles)}
    lines: list[list[str | int | None]] = []
    for region in Region.objects.order_by("sort_order"):
        codes = sorted((code for pk, code in counted if pk == region.pk), key=lambda code: order.get(code, len(order)))
        lines += [
            [
                region.name,
                code,
                titles.get(code, ""),
                *(counted[region.pk, code].get(change, 0) for change in DutyChange.values),
            ]
            for code in codes
        ]
    return Grid(
        columns=["region", "requirement", "title", *DutyChange.values],
        lines=lines,
        sheet=_("By region"),
        headings=[_("Region"), _("Code"), _("Requirement"), *(capfirst(str(one.label)) for one in DutyChange)],
        widths=[28, 18, 60, 16, 16, 20, 20],
        rows=lines,
    )


EFFECT_WIDTHS: Final = (28, 28, 16, 50, 18, 60, 26, 18)


def effect_headings() -> list[str]:
    return [
        _("Region"),
        _("District or city"),
        _("BIN"),
        _("Institution"),
        _("Code"),
        _("Requirement"),
        _("What becomes of it"),
        _("Status"),
    ]


def effect_rows(coming: ComingEdition, effects: QuerySet[EditionEffect]) -> Iterator[list[str | int | None]]:
    """Effects as a spreadsheet has them, as they come; whatever their number, few are held in memory."""
    titles = titles_of(coming)
    for effect in effects.iterator(chunk_size=2_000):
        one = effect.institution
        yield [
            effect.region.name,
            one.locality.name,
            one.bin,
            one.name,
            effect.requirement,
            titles.get(effect.requirement, ""),
            str(DutyChange(effect.change).label),
            str(Status(effect.status).label),
        ]


def titles_of(coming: ComingEdition) -> dict[str, str]:
    """Titles by code, as they read under the edition, in the order of the Order and the new ones last."""
    written = _written(coming)
    titles = {one.code: _title(written.get(one.code), one) for one in Requirement.objects.order_by("sort_order")}
    return titles | {code: _title(item, None) for code, item in written.items() if code not in titles}
