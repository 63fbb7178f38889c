"""A list of answers against the register: what each would say of a requirement, or everything that is wrong with it.

Answers from a list are answers like any others: whoever applies the list writes and submits them, and another person
decides. What is judged here is judged once more by `workflow` when the list is applied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from compliance import periods, workflow
from compliance.enums import EntryState, RowOutcome, Status
from compliance.imports import values
from compliance.imports.differences import Parsed, Reader
from compliance.imports.problems import Problem, problem
from compliance.imports.reading import Cell, Table
from compliance.imports.values import Wrong
from compliance.ledger.cells import chunked
from compliance.models import ChecklistItem, ImportRow, Requirement, StatusEntry
from compliance.workflow import AnswerData, DocumentReference
from institutions.access import ANSWER
from institutions.models import Institution, User
from institutions.names import search_key

_DOCUMENT: Final = ("document_number", "document_issuer", "document_issued_on")
_CHUNK: Final = 500
# Why a new answer is not taken: no matter to a row that gives none.
_NO_MATTER: Final = frozenset({"waits_already", "own_draft"})
_REFUSALS: Final = {
    workflow.NotListed: "not_listed",
    workflow.LateAnswer: "closed_quarter",
    workflow.NoException: "no_exception",
    workflow.AlreadyWaiting: "waits_already",
}


@dataclass(frozen=True, slots=True)
class _Item:
    """An item of an institution that the person may answer, with what is known of it."""

    pk: int
    institution: int
    name: str
    listed: bool
    status: str
    version: int


def readers(today: date) -> dict[str, Reader]:
    """How the cells of each column are read."""
    return {
        "requirement": values.text(500),
        "status": _answer,
        "since": values.day(today),
        "valid_until": values.day(None),
        "note": values.text(4000),
        "document_number": values.text(100),
        "document_issuer": values.text(300),
        "document_issued_on": values.day(today),
        "document_valid_until": values.day(None),
    }


def _answer(cell: Cell) -> str:
    """One of the answers that there are; that a requirement was never answered is none."""
    status = values.choice(Status)(cell)
    if status == Status.UNKNOWN:
        raise Wrong("unknown_choice", value=values.plain(cell))
    return status


def judge(run: int, table: Table, *, user: User, since: date, today: date) -> Iterator[ImportRow]:
    """The rows of a list of answers, each with what it would change or what is wrong with it. Not yet saved."""
    yield from _Judge(run, table, user, since, today).rows()


class _Judge:
    def __init__(self, run: int, table: Table, user: User, since: date, today: date) -> None:
        self._run = run
        self._table = table
        self._user = user
        self._since = since
        self._today = today
        self._requirements: dict[str, Requirement] = {}
        for requirement in Requirement.objects.all():
            for word in (requirement.code, requirement.title_kk, requirement.title_ru, requirement.title_en):
                self._requirements.setdefault(_key(word), requirement)
        self._deadlines = periods.Deadlines.on(today)

    def rows(self) -> Iterator[ImportRow]:
        read = readers(self._today)
        parsed = [(row, Parsed.of(row, self._table.keys, read)) for row in self._table.rows]
        items = self._items({said.bin for _row, said in parsed if said.bin})
        found = {item.pk for by_code in items.values() for item in by_code.values()}
        waiting, drafts, standing = self._entries(found)
        numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row, said in parsed:
            requirement = self._requirements.get(_key(said.values.get("requirement", "")))
            if said.bin and requirement:
                numbers[said.bin, requirement.code].append(row.number)
        for row, said in parsed:
            requirement = self._requirement(said)
            code = requirement.code if requirement else ""
            judged = ImportRow(
                run_id=self._run,
                number=row.number,
                bin=said.bin or said.bin_as_typed[:40],
                requirement=code,
                since=said.values.get("since") or self._since,
                cells=list(row.cells),
            )
            if len(rows := numbers.get((said.bin, code), ())) > 1:
                said.reasons.insert(0, problem("answer_twice", "requirement", rows=", ".join(map(str, rows))))
            mine = items.get(said.bin)
            item = mine.get(code) if mine else None
            if said.bin and mine is None:
                said.reasons.append(problem("not_found", "bin"))
            elif mine:
                any_item = item or next(iter(mine.values()))
                judged.institution_id, judged.name = any_item.institution, any_item.name
                if requirement and (item is None or not item.listed):
                    said.reasons.append(problem("not_listed", "requirement"))
            if item is not None and item.pk in waiting:
                said.reasons.append(problem("waits_already", "requirement"))
            if item is not None and item.pk in drafts:
                said.reasons.append(problem("own_draft", "requirement"))
            if item is not None and requirement and _says_nothing_new(said, requirement, standing.get(item.pk)):
                # What is so already may stand in a closed quarter, and beside an answer that waits.
                said.reasons = [reason for reason in said.reasons if reason["code"] not in _NO_MATTER]
                judged.outcome = RowOutcome.REFUSED if said.reasons else RowOutcome.UNCHANGED
                judged.reasons = said.reasons
                yield judged
                continue
            answer = self._answer(judged, said, requirement)
            judged.reasons = said.reasons
            if said.reasons or item is None or answer is None:
                judged.outcome = RowOutcome.REFUSED
            else:
                self._compare(judged, said, item, answer, standing.get(item.pk))
            yield judged

    def _requirement(self, said: Parsed) -> Requirement | None:
        named = said.values.get("requirement")
        requirement = self._requirements.get(_key(named or ""))
        if requirement is None and "requirement" not in said.wrong:
            said.reasons.append(problem("unknown_requirement", "requirement", value=str(named or "")[:60]))
        return requirement

    def _answer(self, judged: ImportRow, said: Parsed, requirement: Requirement | None) -> dict[str, Any] | None:
        """The answer as JSON; notes what is wrong with it."""
        given = said.values
        status, since, note = given.get("status"), judged.since, given.get("note", "")
        if status is None and "status" not in said.wrong:
            said.reasons.append(problem("answer_missing", "status"))
        if self._deadlines.is_late(since, judged.institution_id):
            said.reasons.append(problem("closed_quarter", "since", value=since.strftime("%d.%m.%Y")))
        named = [name for name in _DOCUMENT if name in given]
        if (named or "document_valid_until" in given) and len(named) < len(_DOCUMENT) and not said.wrong & {*_DOCUMENT}:
            said.reasons.append(problem("document_not_whole", next(name for name in _DOCUMENT if name not in given)))
        ends, document_ends = given.get("valid_until"), given.get("document_valid_until")
        if "document_issued_on" in given and document_ends and document_ends < given["document_issued_on"]:
            said.reasons.append(problem("ends_early", "document_valid_until"))
        if requirement is None or status is None:
            return None
        until = ends
        if status == Status.NOT_MET:
            until = None  # what is not met does not end by itself
        elif until is None and requirement.expires and status in (Status.MET, Status.PARTLY_MET):
            until = document_ends
        if until is not None and until < since:
            said.reasons.append(problem("ends_early", "valid_until"))
        if status == Status.NOT_APPLICABLE and (not requirement.exception_allowed or until is None or not note):
            said.reasons.append(problem("no_exception", "status"))
        return {
            "status": status,
            "effective_on": since.isoformat(),
            "valid_until": until and until.isoformat(),
            "note": note,
            "document": [
                given["document_number"],
                given["document_issuer"],
                given["document_issued_on"].isoformat(),
                document_ends and document_ends.isoformat(),
            ]
            if len(named) == len(_DOCUMENT)
            else None,
        }

    @staticmethod
    def _compare(
        judged: ImportRow, said: Parsed, item: _Item, answer: dict[str, Any], standing: dict[str, Any] | None
    ) -> None:
        """Against the answer that is approved and holds. What the row does not name makes no new answer."""
        fields = ("status", "effective_on", "valid_until")
        old = standing or dict.fromkeys(fields) | {"status": item.status}
        differing = [name for name in fields if old[name] != answer[name]]
        named = {"status", *({"effective_on"} if "since" in said.values else ())}
        if said.values.keys() & {"valid_until", "document_valid_until"}:
            named.add("valid_until")
        if standing is not None and named.isdisjoint(differing):
            judged.outcome = RowOutcome.UNCHANGED
            return
        judged.outcome = RowOutcome.NEW if standing is None else RowOutcome.CHANGED
        judged.changes = {"item": item.pk, "answer": answer}
        judged.before = {"version": item.version}
        judged.differences = [
            {"field": {"effective_on": "since"}.get(name, name), "old": old[name], "new": answer[name]}
            for name in differing
        ]

    def _items(self, bins: Collection[str]) -> dict[str, dict[str, _Item]]:
        """The items of the institutions that the person answers for, by BIN and code of the requirement."""
        found: dict[str, dict[str, _Item]] = {}
        mine = Institution.objects.within_roles(self._user, ANSWER)
        for chunk in chunked(sorted(bins), _CHUNK):
            for bin_number in mine.filter(bin__in=chunk).values_list("bin", flat=True):
                found[bin_number] = {}
            items = ChecklistItem.objects.filter(institution__in=mine.filter(bin__in=chunk)).values_list(
                "institution__bin", "requirement__code",
                "pk", "institution", "institution__name_kk", "listed", "status", "version",
            )  # fmt: skip
            for bin_number, code, *item in items:
                found[bin_number][code] = _Item(*item)  # type: ignore[arg-type]  # the columns of the query
        return found

    def _entries(self, items: Collection[int]) -> tuple[set[int], set[int], dict[int, dict[str, Any]]]:
        """Items with an answer that waits, with a draft of the person's own, and the answers that hold."""
        waiting: set[int] = set()
        drafts: set[int] = set()
        standing: dict[int, dict[str, Any]] = {}
        for chunk in chunked(sorted(items), _CHUNK):
            entries = StatusEntry.objects.filter(item__in=chunk)
            waiting |= set(entries.awaiting_decision().values_list("item", flat=True))
            own = entries.filter(author=self._user, state=EntryState.DRAFT)
            drafts |= set(own.values_list("item", flat=True))
            # The latest to begin holds, of two for one day the one decided later.
            holding = (
                entries.in_force().filter(effective_on__lte=self._today).order_by("effective_on", "decided_at", "pk")
            )
            for item, status, since, until in holding.values_list("item", "status", "effective_on", "valid_until"):
                standing[item] = {
                    "status": status,
                    "effective_on": since.isoformat(),
                    "valid_until": until and until.isoformat(),
                }
        return waiting, drafts, standing


def _says_nothing_new(said: Parsed, requirement: Requirement, standing: dict[str, Any] | None) -> bool:
    """Whether a row leaves all of its answer empty, or says what is approved and holds: an export that comes back."""
    given = said.values
    if said.wrong or not given.keys() - {"requirement"}:
        return not said.wrong
    if standing is None or given.get("status") != standing["status"]:
        return False
    until = given.get("valid_until")
    if until is None and requirement.expires and given["status"] in (Status.MET, Status.PARTLY_MET):
        until = given.get("document_valid_until")
    named = {"effective_on": given.get("since"), "valid_until": until}
    return all(value is None or value.isoformat() == standing[name] for name, value in named.items())


def answer_of(row: ImportRow) -> AnswerData:
    """The answer that a row gives."""
    said = row.changes["answer"]
    document = None
    if said["document"]:
        number, issuer, issued_on, until = said["document"]
        document = DocumentReference(number, issuer, date.fromisoformat(issued_on), _day(until))
    return AnswerData(
        Status(said["status"]),
        date.fromisoformat(said["effective_on"]),
        _day(said["valid_until"]),
        said["note"],
        document,
    )


def refusal(refused: workflow.Refused, row: ImportRow) -> Problem:
    """Why `workflow` did not take an answer that was fine at the check."""
    code = _REFUSALS.get(type(refused), "decided_meanwhile")
    return problem(code, "requirement", value=row.since.strftime("%d.%m.%Y"))


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _key(word: str) -> str:
    return "".join(search_key(word).split())
