"""A list of the police against the register: which institutions have their cameras connected, or all that is wrong.

What the police say is the verified level of one item, so a row becomes an inspection and changes no answer. A list
speaks as of a day, its own or that of a row. A row says something where what was found last by that day is another
thing, or is older: found again later, it outlives an answer given in between. The same list once more says nothing.

A list that is complete for a region says of the institutions there that it does not name that they are not connected.
Named is whoever stands in any row, a refused one too; and where a row's BIN cannot be read, nobody knows whom it names,
and nothing follows for the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Min, Q
from django.utils.translation import gettext as _

from compliance import books, inspections_many
from compliance.enums import EntryState, InspectionSource, Measure, RowOutcome, RowResult, Status
from compliance.imports import progress, values
from compliance.imports.differences import Parsed, Reader
from compliance.imports.problems import Problem, problem
from compliance.imports.reading import Cell, Row, Table, shown
from compliance.inspections_many import Found
from compliance.ledger.cells import chunked
from compliance.models import ChecklistItem, Finding, ImportRow, ImportRun, Inspection, Requirement, StatusEntry
from institutions.access import VERIFY
from institutions.bulk import update_rows
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState, User

_CHUNK: Final = 500
# What a row says beside its answer; kept as the note of its inspection, under the headings of the list.
_NOTED: Final = ("cameras", "connected_since", "note")


@dataclass(slots=True)
class _Known:
    """An institution that the person may verify: since when it is known, its item, and what was found about that."""

    pk: int
    name: str
    first: date | None
    item: int | None = None  # None: the cameras are not on its list
    own: bool = False  # whoever brings the list wrote or sent the answer in force, or one that waits
    found: list[tuple[date, str]] = field(default_factory=list)  # what was found and is not taken back, in order

    def on(self, day: date) -> tuple[date, str] | None:
        """What was found last by a day, and when."""
        found = [one for one in self.found if one[0] <= day]
        return found[-1] if found else None


def measured() -> Requirement | None:
    """The requirement that a list of the police is about; None in a register without the Order."""
    return Requirement.objects.filter(measure=Measure.CCTV_CONNECTED).first()


def readers(today: date) -> dict[str, Reader]:
    """How the cells of each column are read."""
    return {
        "named": values.text(300),
        "place": values.text(300),
        "connected": connected,
        "cameras": values.count,
        "as_of": values.day(today),
        "connected_since": values.day(today),
        "note": values.text(3000),
    }


_CONNECTED: Final = frozenset(
    {
        *("қосылған", "қосылды", "қосулы", "подключено", "подключена", "подключены", "подключен", "подключён"),
        *("подкл", "подкл.", "имеется", "connected"),
    }
)
_APART: Final = frozenset(
    {
        *("қосылмаған", "қосылмады", "не подключено", "не подключена", "не подключены", "не подключен"),
        *("не подключён", "не подкл", "не подкл.", "неподключено", "отсутствует", "not connected"),
    }
)


def connected(cell: Cell) -> bool:
    """Whether the cameras are connected, in the words of offices; yes and no in any language."""
    said = values.plain(cell).casefold()
    return said in _CONNECTED or (said not in _APART and values.yes_or_no(cell))


def judge(run: ImportRun, table: Table, *, user: User, since: date, today: date) -> Iterator[ImportRow]:
    """The rows of a list, each with what it would change or what is wrong with it; behind them those that follow from
    its being complete. Not yet saved; what is counted of them is noted at the run."""
    yield from _Judge(run, table, user, since, today).rows()


class _Judge:
    def __init__(self, run: ImportRun, table: Table, user: User, since: date, today: date) -> None:
        self._run = run
        self._table = table
        self._user = user
        self._since = since
        self._today = today
        self._requirement = measured()
        self._headings = dict(zip(table.keys, map(shown, table.head[-1]), strict=False))

    def rows(self) -> Iterator[ImportRow]:
        read = readers(self._today)
        parsed = [(row, Parsed.of(row, self._table.keys, read)) for row in self._table.rows]
        numbers: dict[str, list[int]] = defaultdict(list)
        for row, said in parsed:
            if said.bin:
                numbers[said.bin].append(row.number)
        known = _known((Q(bin__in=chunk) for chunk in chunked(sorted(numbers), _CHUNK)), self._user, self._requirement)
        for row, said in parsed:
            if len(rows := numbers.get(said.bin, ())) > 1:
                said.reasons.insert(0, problem("bin_twice", "bin", rows=", ".join(map(str, rows))))
            yield self._judged(row, said, known.get(said.bin))
        self._run.rows_implied, self._run.rows_unnamed = 0, sum(not said.bin for _row, said in parsed)
        if self._run.complete_for_id and not self._run.rows_unnamed:
            yield from self._implied(numbers, parsed[-1][0].number)

    def _judged(self, row: Row, said: Parsed, known: _Known | None) -> ImportRow:
        judged = ImportRow(
            run_id=self._run.pk,
            number=row.number,
            bin=said.bin or said.bin_as_typed[:40],
            name=said.values.get("named", ""),
            requirement=self._requirement.code if self._requirement else "",
            since=said.values.get("as_of") or self._since,
            cells=list(row.cells),
        )
        if said.bin and known is None:
            said.reasons.append(problem("not_found", "bin"))
        judged.status = self._status(judged, said) or ""
        if known is not None:
            judged.institution_id, judged.name = known.pk, known.name
            said.reasons += _against(known, judged.since)
        judged.reasons = said.reasons
        if known is None or said.reasons:
            judged.outcome = RowOutcome.REFUSED
        else:
            _compare(judged, known, self._note(said))
        return judged

    def _status(self, judged: ImportRow, said: Parsed) -> Status | None:
        """What the row says of the cameras; notes what is wrong. A number says it where no yes or no does."""
        is_connected, cameras = said.values.get("connected"), said.values.get("cameras")
        since = said.values.get("connected_since")
        if since is not None and since > judged.since:
            said.reasons.append(problem("connected_later", "connected_since", day=judged.since.strftime("%d.%m.%Y")))
        if is_connected is None and cameras is None:
            if not said.wrong & {"connected", "cameras"}:
                said.reasons.append(problem("connection_missing", "connected"))
            return None
        if is_connected is not None and cameras is not None and is_connected != (cameras > 0):
            said.reasons.append(problem("connection_differs", "cameras", value=cameras))
            return None
        return Status.MET if is_connected or (is_connected is None and cameras) else Status.NOT_MET

    def _note(self, said: Parsed) -> str:
        parts = [
            f"{self._headings[key]}: {_plain(said.values[key])}" for key in _NOTED if said.values.get(key) is not None
        ]
        return "; ".join(parts)

    def _implied(self, named: Collection[str], last: int) -> Iterator[ImportRow]:
        """A row for each institution of the region that was open on the list's day and that the list does not name."""
        day = self._since
        states = InstitutionState.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=day),
            valid_from__lte=day,
            lifecycle=Lifecycle.OPEN,
            locality__region=self._run.complete_for_id,
        )
        pks = states.order_by("institution__bin").values_list("institution", flat=True)
        unnamed = _known((Q(pk__in=chunk) for chunk in chunked(list(pks), _CHUNK)), self._user, self._requirement)
        for bin_number, known in unnamed.items():
            if bin_number in named or known.item is None:
                continue
            last += 1
            row = ImportRow(
                run_id=self._run.pk,
                number=last,
                bin=bin_number,
                name=known.name,
                institution_id=known.pk,
                requirement=self._requirement.code if self._requirement else "",
                since=day,
                status=Status.NOT_MET,
                implied=True,
                reasons=_against(known, day),
            )
            if row.reasons:
                row.outcome = RowOutcome.REFUSED
            else:
                _compare(row, known, "")
            self._run.rows_implied += 1
            yield row


def _plain(value: Any) -> str:
    return value.strftime("%d.%m.%Y") if isinstance(value, date) else str(value)


def _against(known: _Known, day: date) -> list[Problem]:
    """What forbids to say anything of the institution, whatever is said."""
    reasons = []
    if known.item is None:
        reasons.append(problem("not_listed", "bin"))
    if known.own:
        reasons.append(problem("own_answer", "bin"))
    if known.first is not None and day < known.first:
        reasons.append(problem("too_early", "as_of", day=known.first.strftime("%d.%m.%Y")))
    return reasons


def _compare(judged: ImportRow, known: _Known, note: str) -> None:
    """Against what was found last by the row's day: another thing, or the same on an earlier day, is a change."""
    last = known.on(judged.since)
    judged.was = last[1] if last else ""
    if last == (judged.since, judged.status):
        judged.outcome = RowOutcome.UNCHANGED
        return
    judged.outcome = RowOutcome.NEW if last is None else RowOutcome.CHANGED
    judged.changes = {"item": known.item, "note": note}
    judged.before = {"held_on": last and last[0].isoformat()}
    judged.differences = []
    if judged.was != judged.status:
        judged.differences.append({"field": "connected", "old": judged.was or None, "new": judged.status})
    judged.differences.append({"field": "as_of", "old": judged.before["held_on"], "new": judged.since.isoformat()})


# --- what is known -----------------------------------------------------------------------------------


def _known(conditions: Iterable[Q], user: User, requirement: Requirement | None) -> dict[str, _Known]:
    """Institutions by BIN that a person may verify, with the item and what was found; four queries a condition."""
    reached = Institution.objects.within_roles(user, VERIFY).order_by("pk").annotate(first=Min("states__valid_from"))
    known: dict[str, _Known] = {}
    for condition in conditions:
        by_key: dict[int, _Known] = {}
        for pk, bin_number, name, first in reached.filter(condition).values_list("pk", "bin", "name_kk", "first"):
            known[bin_number] = by_key[pk] = _Known(pk, name, first)
        _add_findings(by_key, user, requirement)
    return known


def _add_findings(by_key: Mapping[int, _Known], user: User, requirement: Requirement | None) -> None:
    items = ChecklistItem.objects.listed().filter(requirement=requirement, institution__in=list(by_key))
    of_item: dict[int, _Known] = {}
    for pk, institution in items.order_by().values_list("pk", "institution"):
        of_item[pk] = by_key[institution]
        by_key[institution].item = pk
    findings = Finding.objects.filter(item__in=list(of_item), inspection__revoked_at=None)
    for item, held_on, status in findings.order_by(
        "inspection__held_on", "inspection__recorded_at", "inspection", "pk"
    ).values_list("item", "inspection__held_on", "status"):
        of_item[item].found.append((held_on, status))
    hands = StatusEntry.objects.filter(
        item__in=list(of_item), state__in=[EntryState.SUBMITTED, EntryState.APPROVED]
    ).by_hands_of(user)
    for item in hands.order_by().values_list("item", flat=True):
        of_item[item].own = True


# --- into the register and out again -------------------------------------------------------------------


def record(run: ImportRun, *, by: User, now: datetime) -> list[ImportRow]:
    """Make inspections of the rows that say something; return them all, each with what became of it.

    A row that says something else since its check, or that `by` must not say, is left out and named.
    """
    books.seize()
    progress.tell(run.pk, 5)
    rows = list(run.rows.filter(outcome__in=[RowOutcome.NEW, RowOutcome.CHANGED]).defer("cells"))
    requirement = measured()
    known = _known((Q(bin__in=chunk) for chunk in chunked([row.bin for row in rows], _CHUNK)), by, requirement)
    fresh = []
    for row in rows:
        reason = _in_the_way(row, known.get(row.bin))
        row.result = RowResult.APPLIED if reason is None else RowResult.STALE
        if reason is None:
            fresh.append(row)
        else:
            row.reasons = [reason]
    progress.tell(run.pk, 25)
    if fresh and requirement is not None:
        made = inspections_many.record_many(
            _found(fresh),
            requirement=requirement,
            source=InspectionSource.POLICE,
            inspector=run.issuer or run.file_name,
            by=by,
            now=now,
        )
        for row, inspection in zip(fresh, made, strict=True):
            row.inspection = inspection
    progress.tell(run.pk, 85)
    _note_results(rows)
    return rows


def _found(rows: Sequence[ImportRow]) -> list[Found]:
    institutions: dict[int, Institution] = {}
    for chunk in chunked([row.institution_id for row in rows if row.institution_id], _CHUNK):
        institutions |= Institution.objects.only("pk", "bin").in_bulk(chunk)
    return [
        Found(
            institutions[row.institution_id],
            row.changes["item"],
            Status(row.status),
            row.since,
            row.changes["note"],
        )
        for row in rows
        if row.institution_id
    ]


def _in_the_way(row: ImportRow, known: _Known | None) -> Problem | None:
    """Why a row that was fine at its check is not taken now; None where nothing is in its way."""
    if known is None:
        return problem("not_found", "bin")
    if reasons := _against(known, row.since):
        return reasons[0]
    last = known.on(row.since)
    held_on = last[0].isoformat() if last else None
    if known.item != row.changes["item"] or (last[1] if last else "", held_on) != (row.was, row.before["held_on"]):
        return problem("verified_meanwhile", "bin")
    return None


def take_back(run: ImportRun, *, by: User, now: datetime) -> list[ImportRow]:
    """Revoke the inspections of an applied list; return its rows. What somebody has taken back already stays so."""
    rows = list(run.rows.filter(result=RowResult.APPLIED).defer("cells"))
    requirement = measured()
    reached = _reached(rows, by)
    keys = [row.inspection_id for row in rows if row.inspection_id and row.institution_id in reached]
    taken: list[Inspection] = []
    if keys and requirement is not None:
        taken = inspections_many.revoke_many(keys, requirement=requirement, by=by, now=now, note=_why(run))
    revoked = {inspection.pk for inspection in taken}
    for row in rows:
        if row.inspection_id in revoked:
            row.result = RowResult.UNDONE
        else:
            row.result, row.reasons = RowResult.KEPT, [problem("taken_back_already", "bin")]
    progress.tell(run.pk, 85)
    _note_results(rows)
    return rows


def _reached(rows: Iterable[ImportRow], by: User) -> set[int]:
    mine = Institution.objects.within_roles(by, VERIFY).order_by()
    found: set[int] = set()
    for chunk in chunked([row.institution_id for row in rows if row.institution_id], _CHUNK):
        found |= set(mine.filter(pk__in=chunk).values_list("pk", flat=True))
    return found


def _why(run: ImportRun) -> str:
    """The reason that an inspection of an undone list shows."""
    return _("The list “%(file)s” was undone.") % {"file": run.file_name}


def _note_results(rows: Sequence[ImportRow]) -> None:
    update_rows(
        ImportRow,
        ["result", "reasons", "inspection"],
        ((row.pk, [str(row.result), row.reasons, row.inspection_id]) for row in rows),
    )
