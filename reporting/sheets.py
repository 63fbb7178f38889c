"""An institution's sheet, frozen: what the Order demands of it, and how each requirement is answered on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, cast

from django.db.models import QuerySet

from compliance import ledger
from compliance.duties import Book
from compliance.enums import PeriodState, Status
from compliance.models import Edition, Period, Requirement, StatusChange, StatusEntry
from compliance.timeline import WEAKEST_FIRST, Standing, after_expiry
from institutions.clock import first_moment, local_day
from institutions.models import Institution, InstitutionState
from reporting.brief.facts import Period as PeriodFacts
from reporting.brief.sheet_facts import (
    ALL,
    STATUSES,
    About,
    Chapter,
    GivenAnswer,
    Item,
    LedgerEnd,
    Proof,
    Sheet,
    items_behind,
    items_of,
)
from reporting.brief.sheet_facts import Edition as EditionFacts
from reporting.coverage import Counts, Dimension, Question, Reach, count
from reporting.enums import BriefKind
from reporting.snapshot import SCHEMA, PeriodNotReady, Taken, digest_of, sealed_before

_DAY: Final = timedelta(days=1)
DIRECTIVE: Final = "117"


class NotThereYet(PeriodNotReady):
    """On the sheet's day the register did not know the institution yet, or the Order was not in force."""


def take(institution: Institution, period: Period, *, language: str, today: date) -> Taken:
    """Freeze an institution's list as of a quarter's end (or today, while it runs), as known at its close (or now).

    Raises `PeriodNotReady`, and `NotThereYet` for an institution that was opened later. Six queries, however long
    the list.
    """
    if period.starts_on > today:
        raise PeriodNotReady(period.code)
    as_of = min(period.ends_on, today)
    state = (
        InstitutionState.objects.filter(institution=institution, valid_from__lte=as_of)
        .exclude(valid_to__lt=as_of)
        .select_related("locality__region")
        .first()
    )
    edition = (
        Edition.objects.filter(directive__code=DIRECTIVE, in_force_from__lte=as_of).order_by("in_force_from").last()
    )
    if state is None or edition is None:
        raise NotThereYet(institution.bin)
    standings = ledger.standings(institution, as_of=as_of, known_on=period.closed_on)
    answers = _answers(institution, as_of, period)
    if edition.groups:  # it came as a file, or follows one
        answers |= _inherited(institution, answers, as_of, period.closed_on)
    chapters = _chapters(standings, answers, as_of)
    sheet: Sheet = {
        "schema": SCHEMA,
        "scope": {"kind": BriefKind.INSTITUTION.value, "code": institution.bin},
        "lang": language,
        "period": PeriodFacts(
            code=period.code, year=period.year, quarter=period.quarter, closed=period.state == PeriodState.CLOSED
        ),
        "as_of": as_of.isoformat(),
        "known_on": (period.closed_on or today).isoformat(),
        "institution": _about(institution, state, edition),
        "edition": EditionFacts(code=edition.code, in_force_from=edition.in_force_from.isoformat()),
        "chapters": chapters,
        "counts": {},
        "ledger": _ledger_end(StatusChange.objects.filter(institution=institution), period.closed_on),
        "seal": sealed_before(period.closed_on or today),
    }
    sheet["counts"] = {part: len(items_behind(sheet, part)) for part in (ALL, *STATUSES)}
    return Taken(sheet, {}, digest_of(sheet), official_use=True)


def agrees(taken: Taken) -> bool:
    """Whether each status is the one that the database counts from the ledger, and the ledger still ends where it
    did; not so where somebody wrote while it was being taken. Four queries."""
    sheet = cast("Sheet", taken.snapshot)
    bin_number = sheet["scope"]["code"]
    known_on = date.fromisoformat(sheet["known_on"]) if sheet["period"]["closed"] else None
    reach = Reach(institutions=frozenset(Institution.objects.filter(bin=bin_number).values_list("pk", flat=True)))
    counted: dict[tuple[str, bool], str] = {}
    for obliged in (False, True):  # all of them first: the obliged among them come after
        asked = Question(date.fromisoformat(sheet["as_of"]), known_on, obliged_only=obliged, reach=reach)
        for (code,), counts in count(asked, [Dimension.REQUIREMENT]).items():
            counted.pop((code, False), None)
            counted[code, obliged] = _only_status(counts)
    said = {(item["code"], item["obliged"]): item["status"] for item in items_of(sheet)}
    end = _ledger_end(StatusChange.objects.filter(institution__bin=bin_number), known_on)
    return said == counted and end == sheet["ledger"]


def _only_status(counts: Counts) -> str:
    """The status that an item counts as, once; empty where the ledger counts it otherwise."""
    counted = [status for status in STATUSES for _time in range(getattr(counts, status))]
    return counted[0] if len(counted) == 1 else ""


def _about(institution: Institution, state: InstitutionState, edition: Edition) -> About:
    locality, region = state.locality, state.locality.region
    return About(
        bin=institution.bin,
        name_kk=institution.name_kk,
        name_ru=institution.name_ru,
        kind=state.kind,
        ownership=state.ownership,
        lifecycle=state.lifecycle,
        region_kk=region.name_kk,
        region_ru=region.name_ru,
        region_en=region.name_en,
        locality_kk=locality.name_kk,
        locality_ru=locality.name_ru,
        address_kk=institution.address_kk,
        address_ru=institution.address_ru,
        people=state.people,
        group=edition.group_of(people=state.people, settlement_class=state.settlement_class),
    )


def _answers(institution: Institution, as_of: date, period: Period) -> dict[int, StatusEntry]:
    """Requirement key → the answer that holds on a day: of the latest day, and of two for it the later decision."""
    found: dict[int, StatusEntry] = {}
    entries = (
        StatusEntry.objects.known_at(_closing_moment(period))
        .filter(item__institution=institution, effective_on__lte=as_of)
        .select_related("item", "evidence")
    )
    for entry in entries:
        held = found.get(entry.item.requirement_id)
        if held is None or held.effective_on <= entry.effective_on:
            found[entry.item.requirement_id] = entry
    return found


def _inherited(
    institution: Institution, answers: Mapping[int, StatusEntry], as_of: date, known_on: date | None
) -> dict[int, StatusEntry]:
    """Requirement key → the answer that stands for it, where an edition made it from others and it has none itself."""
    book = Book.read()
    found: dict[int, StatusEntry] = {}
    for pk, heritage in sorted(book.heritage.items(), key=lambda one: one[1].starts):
        if pk in answers or heritage.starts > as_of:
            continue
        listed = ledger.standings(institution, as_of=heritage.starts - _DAY, known_on=known_on)
        parts = [answers.get(parent) or found.get(parent) for parent in heritage.parents if parent in listed]
        given = [part for part in parts if part is not None]
        if given and len(given) == len(parts):
            found[pk] = min(given, key=lambda entry: WEAKEST_FIRST.index(Status(_status(entry, as_of))))
    return found


def _status(entry: StatusEntry, as_of: date) -> str:
    ended = entry.valid_until is not None and entry.valid_until < as_of
    return after_expiry(entry.status) if ended and entry.status != Status.NOT_MET else entry.status


def _closing_moment(period: Period) -> datetime | None:
    """Up to which moment a closed quarter knows decisions: its close, or the end of its last day of knowledge."""
    if period.closed_at is None or period.closed_on is None:
        return None
    return min(period.closed_at, first_moment(period.closed_on + _DAY))


def _chapters(standings: Mapping[int, Standing], answers: Mapping[int, StatusEntry], as_of: date) -> list[Chapter]:
    listed = (
        Requirement.objects.filter(pk__in=standings)
        .select_related("chapter")
        .order_by("chapter__sort_order", "sort_order")
    )
    return [
        Chapter(
            code=chapter.code,
            title_kk=chapter.title_kk,
            title_ru=chapter.title_ru,
            title_en=chapter.title_en,
            items=[_item(one, standings[one.pk], answers.get(one.pk), as_of) for one in requirements],
        )
        for chapter, requirements in groupby(listed, key=lambda one: one.chapter)
    ]


def _item(requirement: Requirement, standing: Standing, entry: StatusEntry | None, as_of: date) -> Item:
    return Item(
        code=requirement.code,
        paragraph=requirement.paragraph,
        title_kk=requirement.title_kk,
        title_ru=requirement.title_ru,
        title_en=requirement.title_en,
        obliged=standing.cell.obliged,
        status=standing.status,
        since=_since(entry, as_of).isoformat() if entry else None,
        answer=_given(entry) if entry else None,
    )


def _since(entry: StatusEntry, as_of: date) -> date:
    """From when on the item counts as it does: the answer's first day, or the day after its last."""
    until = entry.valid_until
    ended = until is not None and until < as_of and after_expiry(entry.status) != entry.status
    return until + _DAY if until is not None and ended else entry.effective_on


def _given(entry: StatusEntry) -> GivenAnswer:
    proof = entry.evidence
    return GivenAnswer(
        status=Status(entry.status).value,
        effective_on=entry.effective_on.isoformat(),
        approved_on=local_day(entry.decided_at or entry.saved_at).isoformat(),
        valid_until=entry.valid_until.isoformat() if entry.valid_until else None,
        proof=Proof(number=proof.number, issuer=proof.issuer, issued_on=proof.issued_on.isoformat()) if proof else None,
    )


def _ledger_end(changes: QuerySet[StatusChange], known_on: date | None) -> LedgerEnd:
    if known_on is not None:
        changes = changes.filter(recorded_on__lte=known_on)
    last = changes.order_by("-seq").values_list("seq", "hash").first()
    rows, digest = last or (0, "")
    return LedgerEnd(rows=rows, hash=digest)
