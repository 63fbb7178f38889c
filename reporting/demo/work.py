"""Work that waits and work that was done lately, through the verbs that people use: something for every page to show.

It is told from today back, mostly of the region in which the accounts work. Every institution is used for one thing, so
that none looks as if everything happened to it; a small registry, or one of the five measures alone, leaves things out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from math import ceil
from random import Random
from typing import Any, Final

from django.core.files.base import ContentFile
from django.utils import timezone

from compliance import documents, enrolment, inspections, merging, notices, periods, proposals, workflow
from compliance.enums import InspectionSource, Measure, PeriodState, ReturnReason, Status
from compliance.imports import applying, running
from compliance.models import ChecklistItem, ImportRun, Notice, Period, StatusEntry
from compliance.pictures import Picture
from institutions import acts, registry, tables
from institutions.bin import SYNTHETIC_NUMBERS, synthetic_bin
from institutions.clock import local_day
from institutions.enums import Lifecycle, Role
from institutions.models import STATE_FIELDS, Institution, LargeCity, Membership, Region, User
from reporting.demo import pictures
from reporting.demo.accounts import HOME_REGION, Staff, leave_changes, make_director
from reporting.demo.years import Years

RETURNS: Final = (
    (ReturnReason.NO_PROOF, "Құжат көрсетілмеген: шарттың нөмірі мен күнін жазыңыз.", 1),
    (ReturnReason.WRONG_DATE, "Қабылдау актісінің күні жауаптағы күннен кейін тұр.", 3),
    (ReturnReason.WRONG_PROOF, "Фотосуретте камера емес, кіреберіс қана көрінеді.", 6),
    (ReturnReason.EXPIRED, "Шарттың мерзімі өтіп кеткен, жаңасын көрсетіңіз.", 9),
    (ReturnReason.UNCLEAR, "Турникет қай кіреберіске орнатылғаны түсініксіз.", 16),
)  # what was returned, and how many days ago
_ISSUERS: Final = ("«Сенім-Күзет» ЖШС", "«Қорған» күзет агенттігі", "Білім бөлімі")
_PHOTOS_EVERY: Final = 6  # of the answers in the queue: so many bear photos
_COORDINATES: Final = (51.2, 71.4)  # where a photo says it was taken, if the institution does not know


class Desk:
    """The people, the clock, and institutions of the home region (then of others) that nothing was done with yet."""

    def __init__(self, people: dict[Role, User], *, seed: int, now: datetime) -> None:
        self.people, self.seed, self.now = people, seed, now
        self.today = local_day(now)
        self.since = periods.quarter_of(self.today)[1]
        self.directors = 0
        self._used = {people[Role.DIRECTOR].memberships.get().institution_id or 0}
        self.pictures = 0

    def take(self, most: int, *, measure: Measure | None = None, met: bool | None = None) -> list[Institution]:
        """Open institutions at home, each once; `measure`: on whose list it stands today, met or not.

        In a small registry the first comers get them.
        """
        found = Institution.objects.open().filter(locality__region__code=HOME_REGION).exclude(pk__in=self._used)
        if measure is not None:
            listed = ChecklistItem.objects.listed().filter(requirement__measure=measure)
            if met is not None:
                listed = listed.filter(status=Status.MET) if met else listed.exclude(status=Status.MET)
            found = found.filter(pk__in=listed.values("institution"))
        # By name neighbours are alike; where there are enough, each third.
        keys = list(found.order_by("sort_kk", "pk").values_list("pk", flat=True)[: most * 3])
        chosen = keys[:: 3 if len(keys) == most * 3 else 1][:most]
        by_key = Institution.objects.select_related("locality__region").in_bulk(chosen)
        taken = [by_key[key] for key in chosen]
        self.use(taken)
        return taken

    def use(self, institutions: Iterable[Institution]) -> None:
        self._used |= {institution.pk for institution in institutions}

    def director(self, institution: Institution) -> User:
        """Who answers for the institution; somebody new where nobody does."""
        known = Membership.objects.filter(role=Role.DIRECTOR, institution=institution, valid_to=None).first()
        if known is not None:
            return known.user
        self.directors += 1
        return make_director(institution, self.directors, self.today - timedelta(days=300))

    def ago(self, days: float) -> datetime:
        """A moment of the working hours of so many days ago; of today it is simply so long ago."""
        if days < 1:
            return self.now - timedelta(days=days)
        whole = ceil(days)
        minutes = 37 * whole % 45 + 480 * (whole - days)
        return _morning(self.today - timedelta(days=whole)) + timedelta(minutes=minutes)

    def photo(self, item: ChecklistItem, *, like: int = 0) -> Picture:
        """A new photo of an institution, or one `like` that of another."""
        self.pictures += 1
        institution = item.institution
        draw = pictures.again if like else pictures.entrance
        return draw(
            self.seed * 1000 + (like or self.pictures),
            taken_at=timezone.localtime(self.ago(15)),
            latitude=float(institution.latitude or _COORDINATES[0]),
            longitude=float(institution.longitude or _COORDINATES[1]),
        )


def leave_work(people: dict[Role, User], *, seed: int, now: datetime, small: bool) -> None:
    """Everything that this module knows, the queue first."""
    desk = Desk(people, seed=seed, now=now)
    _leave_own(desk)
    _leave_queue(desk, small=small)
    leave_changes(people, now=now)
    for leave in _THINGS:
        leave(desk)
    _leave_notices(desk)


# --- answers ----------------------------------------------------------------------------------------


def _leave_own(desk: Desk) -> None:
    """The director of the accounts: an answer that came back, two that wait, two drafts."""
    director, approver = desk.people[Role.DIRECTOR], desk.people[Role.APPROVER]
    own = director.memberships.get().institution_id
    items = ChecklistItem.objects.listed().filter(institution=own).order_by("requirement__sort_order")
    # What is not met comes first; where all is, it is confirmed again.
    for index, item in enumerate(sorted(items, key=lambda item: item.status == Status.MET)[:5]):
        entry = _answer(
            item, director, desk, place=index, days_ago=7 - index, photos=[desk.photo(item)] if index < 2 else []
        )
        if index < 3:
            workflow.submit(entry, by=director, now=_moment_after(entry, desk, days_ago=5 - index))
        if index == 0:
            workflow.return_entry(
                entry,
                by=approver,
                now=_moment_after(entry, desk, days_ago=2),
                shown=entry.content_hash,
                reason=ReturnReason.WRONG_PROOF,
                note="Құжаттың нөмірі шарттағы нөмірмен сәйкес келмейді, нақтылап қайта жіберіңіз.",
            )


def _leave_queue(desk: Desk, *, small: bool) -> None:
    """Answers that wait, most of them at home; some with photos, and two photos that look alike."""
    at_home, elsewhere = (10, 1) if small else (60, 3)
    number = first = 0
    for code in Region.objects.order_by("sort_order").values_list("code", flat=True):
        institutions = (
            Institution.objects.open()
            .filter(locality__region__code=code)
            .exclude(pk=desk.people[Role.DIRECTOR].memberships.get().institution_id or 0)
            .order_by(f"{'learners' if desk.seed % 2 else 'staff'}", "pk")[::5]
        )
        for seen, institution in enumerate(institutions[: at_home if code == HOME_REGION else elsewhere]):
            number += 1
            author = desk.director(institution)
            items = ChecklistItem.objects.listed().filter(institution=institution).exclude(status="met")
            for place, item in enumerate(items.order_by("-requirement__measure", "requirement__sort_order")[:2]):
                photos = []
                if code == HOME_REGION and seen % _PHOTOS_EVERY == 0 and place == 0:
                    photos = [desk.photo(item, like=first if seen == _PHOTOS_EVERY else 0)]
                    first = first or desk.pictures
                entry = _answer(item, author, desk, place=number + place, photos=photos)
                workflow.submit(entry, by=author, now=_moment_after(entry, desk, days_ago=1 + (number + place) % 12))
            desk.use([institution])


def _answer(
    item: ChecklistItem,
    author: User,
    desk: Desk,
    *,
    place: int,
    days_ago: int | None = None,
    photos: Sequence[Picture] = (),
) -> StatusEntry:
    """A draft of so many days ago, by turns of one kind and another."""
    effective_on = max(desk.since, desk.today - timedelta(days=3 + place % 25))
    status = (Status.MET, Status.MET, Status.MET, Status.PARTLY_MET)[place // 3 % 4]
    # Each institution has documents of its own; now and then several name the same contract, as in life.
    of_its_own = f"{item.institution_id}-{effective_on:%y}/{place % 7 + 1}"
    document = workflow.DocumentReference(
        number=of_its_own if place % 11 else f"214-{effective_on:%y}/1",
        issuer="«Сенім-Күзет» ЖШС" if place % 2 else "Білім бөлімі",
        issued_on=effective_on,
        valid_until=effective_on + timedelta(days=365 if place % 5 else 20),
    )
    answer = workflow.AnswerData(
        status=status,
        effective_on=effective_on,
        valid_until=document.valid_until if item.requirement.expires else None,
        note="" if place % 3 else "Орнатылды, қабылдау актісі бар.",
        document=document if place // 3 % 4 != 3 else None,
        photos=photos,
    )
    return workflow.save_draft(item, answer, by=author, now=desk.ago(days_ago or 2 + place % 12))


def _moment_after(entry: StatusEntry, desk: Desk, *, days_ago: int) -> datetime:
    """So many days before now, but not before the day from which the answer is true, nor after now."""
    earliest = timezone.make_aware(datetime.combine(entry.effective_on, time(9, 0)))
    return min(desk.now, max(desk.ago(days_ago), earliest))


def _leave_returns(desk: Desk) -> None:
    """Answers that came back with each of the reasons; one of them was mended and approved meanwhile."""
    approver = desk.people[Role.APPROVER]
    for place, institution in enumerate(desk.take(len(RETURNS) + 1)):
        reason, note, days = RETURNS[place % len(RETURNS)]
        director = desk.director(institution)
        item = _first_item(institution, met=False)
        if item is None:
            continue
        entry = _answer(
            item, director, desk, place=place, days_ago=days + 3, photos=[desk.photo(item)] if place == 2 else []
        )
        workflow.submit(entry, by=director, now=_moment_after(entry, desk, days_ago=days + 2))
        workflow.return_entry(
            entry,
            by=approver,
            now=_moment_after(entry, desk, days_ago=days),
            shown=entry.content_hash,
            reason=reason,
            note=note,
        )
        if place == len(RETURNS):
            answer = workflow.AnswerData(
                Status.MET, entry.effective_on, entry.valid_until, "Акт пен фото қоса берілді.", entry.evidence,
                photos=[desk.photo(item)],
            )  # fmt: skip
            mended = workflow.save_draft(item, answer, by=director, now=desk.ago(0.8), continues=entry)
            _decide(mended, author=director, approver=approver, now=desk.ago(0.5))


def _decide(entry: StatusEntry, *, author: User, approver: User, now: datetime) -> None:
    workflow.submit(entry, by=author, now=now - timedelta(hours=2))
    workflow.approve(entry, by=approver, now=now, shown=entry.content_hash)


def _first_item(institution: Institution, *, met: bool) -> ChecklistItem | None:
    items = ChecklistItem.objects.listed().filter(institution=institution).select_related("institution", "requirement")
    items = items.filter(status=Status.MET) if met else items.exclude(status=Status.MET)
    waiting = StatusEntry.objects.awaiting_decision().values("item")
    return items.exclude(pk__in=waiting).order_by("-requirement__measure", "requirement__sort_order").first()


def _leave_documents(desk: Desk) -> None:
    """One contract behind the answers of five institutions, and one of three that was revoked with its answers."""
    editor, approver = desk.people[Role.EDITOR], desk.people[Role.APPROVER]
    for number, holders, years, measure, met in (
        ("К-2026/48", 5, 3, Measure.LICENSED_GUARD, None),
        ("Б-2025/17", 3, 2, Measure.CCTV_CONNECTED, False),
    ):
        document = workflow.DocumentReference(
            number=number,
            issuer=_ISSUERS[holders % 2],
            issued_on=desk.since - timedelta(days=20),
            valid_until=desk.since + timedelta(days=365 * years),
        )
        entry = None
        for institution in desk.take(holders, measure=measure, met=met):
            item = ChecklistItem.objects.select_related("institution", "requirement").get(
                institution=institution, requirement__measure=measure
            )
            until = document.valid_until if item.requirement.expires else None
            answer = workflow.AnswerData(Status.MET, desk.since, until, document=document)
            entry = workflow.save_draft(item, answer, by=editor, now=desk.ago(8))
            _decide(entry, author=editor, approver=approver, now=desk.ago(6))
        if entry is not None and entry.evidence is not None and holders == 3:
            documents.revoke(
                entry.evidence,
                by=desk.people[Role.ADMINISTRATOR],
                now=desk.ago(1.5),
                note="Шарт бұзылды: қызмет көрсетілмеген.",
            )


# --- what was found ----------------------------------------------------------------------------------


def _leave_inspections(desk: Desk) -> None:
    """What was found on the spot and what the police list says: half of it contradicts the approved answers."""
    approver = desk.people[Role.APPROVER]
    for place, institution in enumerate(desk.take(9, measure=Measure.CCTV_CONNECTED, met=True)):
        items = list(
            ChecklistItem.objects.listed()
            .filter(institution=institution, status=Status.MET)
            .select_related("requirement")
            .order_by("-requirement__measure", "requirement__sort_order")[: 2 + place % 3]
        )
        found = dict.fromkeys(items, Status.MET)
        if place % 2 == 0:
            found[items[0]] = Status.NOT_MET
        elif place == 3:
            found[items[-1]] = Status.PARTLY_MET
        is_police = place % 3 == 2
        inspections.record(
            institution,
            found,
            held_on=desk.today - timedelta(days=4 + 9 * place),
            inspector="Полиция департаментінің тізімі" if is_police else "Е. Досанов, білім басқармасы",
            by=approver,
            now=desk.ago(3 + place / 24),
            source=InspectionSource.POLICE if is_police else InspectionSource.INSPECTION,
            note="" if place % 2 else "Камера орнатылған, бірақ орталықтың экранында бейне жоқ.",
        )


# --- the register of institutions ------------------------------------------------------------------


def _leave_states(desk: Desk) -> None:
    """An institution that moved, one that was closed, one in capital repair, one with a new headcount."""
    editor = desk.people[Role.EDITOR]
    acts_of: tuple[tuple[int, str, Callable[[Institution], dict[str, Any] | None]], ...] = (
        (40, "Жаңа ғимаратқа көшті", _elsewhere),
        (30, "Оқушылар болмағандықтан жабылды", lambda one: {"lifecycle": Lifecycle.CLOSED}),
        (20, "Күрделі жөндеу, аяқталуы келесі тоқсанда", lambda one: {"lifecycle": Lifecycle.CAPITAL_REPAIR}),
        (15, "Жаңа оқу жылындағы контингент", lambda one: {"learners": one.learners + 24, "staff": one.staff + 3}),
    )
    for institution, (days, reason, changes_of) in zip(desk.take(len(acts_of)), acts_of, strict=False):
        changes = changes_of(institution)
        if changes:
            since = max(desk.since, desk.today - timedelta(days=days))
            now = max(desk.ago(days - 5), _morning(since))
            enrolment.change_institution(institution, since=since, by=editor, now=now, reason=reason, **changes)


def _elsewhere(institution: Institution) -> dict[str, Any] | None:
    """The fields of a move to another settlement of the same district."""
    others = institution.locality.settlements.exclude(pk=institution.settlement_id or 0).order_by("kato")
    settlement = others.first()
    return None if settlement is None else registry.place_fields(institution.locality, settlement)


def _morning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(9, 0)))


def _leave_proposals(desk: Desk) -> None:
    """Changes that wait for the region and for the ministry, one that was accepted, one that was declined."""
    editor, director = desk.people[Role.EDITOR], desk.people[Role.DIRECTOR]
    own = director.memberships.get().institution
    if own is not None:
        proposals.propose(
            own,
            what=acts.DETAILS,
            changes={"address_kk": f"{own.address_kk}, 2-корпус", "address_ru": f"{own.address_ru}, корпус 2"},
            since=None,
            reason="Корпусқа жеке нөмір берілді",
            by=director,
            now=desk.ago(2),
        )
    for place, institution in enumerate(desk.take(4)):
        by = desk.director(institution) if place < 3 else editor
        what, changes, reason = _wish(institution, place)
        if not changes:
            continue
        since = None if what == acts.DETAILS else desk.since
        proposal = proposals.propose(
            institution, what=what, changes=changes, since=since, reason=reason, by=by, now=desk.ago(4 + place)
        )
        if place == 1:
            proposals.accept(proposal, by=editor, now=desk.ago(1))
        elif place == 2:
            proposals.decline(proposal, by=editor, now=desk.ago(1), note="Әкімдіктің қаулысы жоқ.")


def _wish(institution: Institution, place: int) -> tuple[str, dict[str, Any], str]:
    city = LargeCity.objects.filter(region__code=HOME_REGION).first()
    return (
        ("repair", {"lifecycle": Lifecycle.CAPITAL_REPAIR.value}, "Шатыр жөндеуге жабылады"),
        (acts.DETAILS, {"name_ru": f"{institution.name_ru} «Болашақ»"}, "Атау берілді"),
        ("close", {"lifecycle": Lifecycle.CLOSED.value}, "Балалар саны азайды"),
        (
            "large-city",
            {} if city is None or institution.large_city_id == city.pk else {"large_city": city},
            "Қала шекарасы кеңейді",
        ),
    )[place]


def _leave_duplicates(desk: Desk) -> None:
    """Two institutions entered a second time: one pair was merged, of the other nobody has decided yet."""
    editor = desk.people[Role.EDITOR]
    numbers = _free_bins(desk)
    for place, institution in enumerate(desk.take(2)):
        twin = Institution(
            bin=next(numbers),
            name_kk=institution.name_kk,
            name_ru=institution.name_ru,
            address_kk=institution.address_kk,
            address_ru=institution.address_ru,
            latitude=institution.latitude,
            longitude=institution.longitude,
            created_at=desk.ago(12),
            **{name: getattr(institution, name) for name in STATE_FIELDS},
        )
        enrolment.open_institution(twin, since=desk.since, by=editor, now=max(desk.ago(12), _morning(desk.since)))
        desk.use([twin])
        if place == 0:
            merging.merge(
                twin,
                into=institution,
                since=desk.since,
                reason="Бір мекеме екі рет енгізілген",
                carry=(),
                by=editor,
                now=desk.ago(2),
            )


def _free_bins(desk: Desk) -> Iterator[str]:
    number = desk.seed
    while True:
        number = (number * 31 + 7) % SYNTHETIC_NUMBERS
        found = synthetic_bin(number)
        if not Institution.objects.filter(bin=found).exists():
            yield found


# --- lists -------------------------------------------------------------------------------------------


def _leave_lists(desk: Desk) -> None:
    """A list that was applied, one that waits with wrong rows in it, and one that could not be read."""
    headings = ["БСН", "Қызметкерлер саны", "Білім алушылар саны", "Телефон"]
    rows: list[list[str | int]] = [
        [one.bin, one.staff + 2, one.learners + 11 * place - 20, one.phone]
        for place, one in enumerate(desk.take(12), start=3)
    ]
    run = _checked(desk, "Контингент, қыркүйек.xlsx", headings, rows, days_ago=9)
    if run.rows_changed:
        running.ask_to_apply(run, by=desk.people[Role.EDITOR], now=desk.ago(8.9))
        applying.apply(run.pk, now=desk.ago(8.8))
    rows = [[one.bin, one.staff, one.learners + 5, one.phone] for one in desk.take(8)]
    rows.append(["123456789012", 20, 200, ""])
    rows.append([rows[0][0], "жиырма", 200, ""])
    _checked(desk, "Контингент, түзетулер.xlsx", headings, rows, days_ago=1)
    _checked(desk, "Мектептер тізімі.xlsx", ["Р/с", "Мектеп", "Директоры"], [[1, "№ 5 мектеп", "—"]], days_ago=15)


def _checked(
    desk: Desk, name: str, headings: Sequence[str], rows: Sequence[Sequence[str | int]], *, days_ago: float
) -> ImportRun:
    grid = tables.Grid(headings, rows, "Парақ1", headings, [18] * len(headings), rows)
    file = ContentFile(tables.to_xlsx(grid, name, desk.since), name)
    moment = desk.ago(days_ago)
    run = running.upload(file, name=name, since=desk.since, by=desk.people[Role.EDITOR], now=moment)
    running.check(run.pk, now=moment + timedelta(minutes=1))
    run.refresh_from_db()
    return run


# --- quarters and notices ------------------------------------------------------------------------


def look_back(people: dict[Role, User], staff: Staff, told: Years, *, seed: int, now: datetime) -> None:
    """Inspections and exceptions of the told years in every region, by the verbs, as they were made then.

    The ledger takes the inspections in today: its rows are never known before those that are there.
    """
    chance = Random(f"{seed} looked back")  # noqa: S311
    days = (local_day(now) - told.since).days - 20
    for code, approver in staff.approvers.items():
        seen = Institution.objects.open().filter(locality__region__code=code).order_by("pk")
        keys = list(seen.values_list("pk", flat=True))
        for key in chance.sample(keys, min(len(keys), 2 * told.years)):
            institution = Institution.objects.get(pk=key)
            items = ChecklistItem.objects.listed().filter(institution=institution, status=Status.MET)
            found = {
                item: chance.choices((Status.MET, Status.PARTLY_MET, Status.NOT_MET), (8, 1, 2))[0]
                for item in items.select_related("requirement").order_by("-requirement__measure", "pk")[:3]
            }
            held_on = told.since + timedelta(days=chance.randrange(max(1, days)))
            police = chance.random() < 0.3
            if found:
                inspections.record(
                    institution,
                    found,
                    held_on=held_on,
                    inspector="Полиция департаментінің тізімі" if police else "Білім басқармасының комиссиясы",
                    by=approver,
                    now=_morning(held_on + timedelta(days=3)),
                    source=InspectionSource.POLICE if police else InspectionSource.INSPECTION,
                )
        for period in Period.objects.closed().filter(starts_on__gte=told.since):
            if chance.random() < 0.3 and period.closed_on is not None:
                periods.grant_exception(
                    period,
                    Institution.objects.get(pk=chance.choice(keys)),
                    until=period.closed_on + timedelta(days=9),
                    reason="Директордың ауруына байланысты",
                    by=people[Role.ADMINISTRATOR],
                    now=_morning(period.closed_on + timedelta(days=1)),
                )


def _leave_exceptions(desk: Desk) -> None:
    """Two institutions may still answer for the last quarter that ended; the exception of a third has run out."""
    period = (
        Period.objects.filter(ends_on__lt=desk.today).exclude(state=PeriodState.OPEN).order_by("-starts_on").first()
    )
    if period is None:
        return
    reasons = (
        "Директордың ауруына байланысты",
        "Су тасқынынан кейін құжаттар қалпына келтірілуде",
        "Байланыс болмаған",
    )
    for place, institution in enumerate(desk.take(3)):
        granted_at = desk.ago(2 + 6 * (place == 2))
        periods.grant_exception(
            period,
            institution,
            until=local_day(granted_at) + timedelta(days=4 if place == 2 else 12),
            reason=reasons[place],
            by=desk.people[Role.ADMINISTRATOR],
            now=granted_at,
        )


def _leave_notices(desk: Desk) -> None:
    """What people were told day by day, the older half read; the letters of the past count as sent."""
    for days in range(9, -1, -1):
        notices.derive(desk.ago(days))
    past = Notice.objects.filter(created_at__lt=desk.ago(0.5))
    past.update(sent_at=desk.now)
    past.filter(created_at__lt=desk.ago(4.5)).update(read_at=desk.ago(4))


_THINGS: Final[Sequence[Callable[[Desk], None]]] = (
    _leave_returns,
    _leave_documents,
    _leave_inspections,
    _leave_states,
    _leave_proposals,
    _leave_duplicates,
    _leave_lists,
    _leave_exceptions,
)
