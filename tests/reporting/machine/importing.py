"""Lists of institutions and of answers: uploaded, checked, applied, thrown away, undone, with anything in between."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn
from unittest import mock

from django.core.files.base import ContentFile
from hypothesis import strategies as st
from hypothesis.stateful import rule

from compliance.enums import EntryState, ImportKind, ImportState, RowResult
from compliance.imports import applying, reading, running
from compliance.models import ChecklistItem, ImportRun, Requirement
from institutions import access
from institutions.bin import synthetic_bin
from institutions.models import Institution, User
from tests.reporting.machine.world import DAY, World, ago, pick, there_are, who

INSTITUTIONS = ("БСН", "Қазақша атауы", "Орысша атауы", "Түрі", "Меншік нысаны", "Аудан", "Елді мекен",
                "Қызметкерлер", "Білім алушылар", "Жай-күйі")  # fmt: skip
ANSWERS = ("БСН", "Талап коды", "Жауап", "Қай күннен бастап", "Қай күнге дейін", "Ескертпе")
MOST = 7

a_school = st.tuples(
    st.sampled_from(["new", "known", "known"]),
    pick,
    st.sampled_from(["60", "400", ""]),  # learners
    st.sampled_from(["жеке", "мемлекеттік", ""]),
    st.sampled_from(["", "", "closed", "open", "capital_repair"]),
)
an_answer = st.tuples(pick, pick, st.sampled_from(["иә", "жоқ", "ішінара", "қолданылмайды"]), ago,
                      st.one_of(st.none(), st.integers(0, 200)))  # fmt: skip


class Importing(World):
    @rule(hand=who, rows=st.lists(a_school, min_size=1, max_size=3), ago=ago)
    def upload_institutions(self, hand: int, rows: list[tuple[Any, ...]], ago: int) -> None:
        by = self.hand(hand, access.IMPORT, None)
        if not self.has_role(by, access.IMPORT):
            if not self.has_role(by, access.LISTS):
                self.is_not_found(by, "compliance:import_new")
            return
        cells: list[list[str]] = []
        count = Institution.objects.count()
        for place, (what, number, learners, ownership, lifecycle) in enumerate(rows):
            if what == "new" and count < MOST:
                new = [synthetic_bin(800_000 + count + place), f"№ {place} мектеп", f"Школа № {place}", "мектеп"]
                cells.append([*new, ownership or "жеке", "Бұқар жырау ауданы", "Ботақара", "20", learners or "90", ""])
            else:
                one = self.school(number)
                cells.append([one.bin, "", "", "", ownership, "", "", "", learners, lifecycle])
        self.upload(ImportKind.INSTITUTIONS, INSTITUTIONS, cells, ago, by)

    @rule(hand=who, rows=st.lists(an_answer, min_size=1, max_size=3), ago=ago)
    def upload_answers(self, hand: int, rows: list[tuple[Any, ...]], ago: int) -> None:
        by = self.hand(hand, access.IMPORT, None)
        if not self.has_role(by, access.IMPORT):
            return
        codes = dict(Requirement.objects.values_list("pk", "code"))
        cells = []
        for school, code, status, days, lasts in rows:
            since = self.today - days * DAY
            until = "" if lasts is None else (since + lasts * DAY).isoformat()
            code = codes[self.stage.codes[code % len(self.stage.codes)]]
            cells.append([self.school(school).bin, code, status, since.isoformat(), until, "Тізімнен"])
        self.upload(ImportKind.ANSWERS, ANSWERS, cells, ago, by)

    def upload(self, kind: ImportKind, headings: tuple[str, ...], rows: list[list[str]], ago: int, by: User) -> None:
        since = self.today - ago * DAY
        file = ContentFile(repr(rows).encode(), name="тізім.csv")
        run = self.attempt(running.upload, file, name="тізім.csv", since=since, by=by, kind=kind, must=True)
        assert run is not None
        table = reading.table_of(
            [{"name": "1", "rows": [list(headings), *([c or None for c in r] for r in rows)]}], kind
        )
        before = [self.tables[untouched] for untouched in (Institution, ChecklistItem)]
        with mock.patch.object(reading, "read", return_value=table), told(running):
            self.attempt(check, run, by=by, must=True)
        assert [self.tables[untouched] for untouched in (Institution, ChecklistItem)] == before
        run.refresh_from_db()
        assert (run.state, run.rows_read) == (ImportState.CHECKED, len(rows))

    @there_are(ImportRun)
    @rule(hand=who, number=pick, verb=st.sampled_from(["apply", "apply", "apply", "undo", "discard"]))
    def move_a_list(self, hand: int, number: int, verb: str) -> None:
        run = self.one_of(ImportRun.objects.select_related("uploaded_by"), number)
        assert run is not None
        by = run.uploaded_by if hand % 3 else self.people[hand % len(self.people)]
        if not ImportRun.objects.movable_by(by).filter(pk=run.pk).exists():
            self.is_not_found(by, f"compliance:import_{verb}", run.pk)
            return
        assert self.has_role(by, access.IMPORT)
        if verb == "discard":
            self.attempt(running.discard, run, by=by, must=run.state == ImportState.CHECKED)
            return
        applies = verb == "apply"
        work, state = (apply, ImportState.CHECKED) if applies else (undo, ImportState.APPLIED)
        with told(applying):
            done = self.attempt(work, run, by=by, must=run.state == state)
        if done is None:
            return
        run.refresh_from_db()
        assert run.state == (ImportState.APPLIED if applies else ImportState.UNDONE)
        entered = [row.entry for row in run.rows.select_related("entry") if row.entry is not None]
        if applies:  # four eyes hold for lists, too: nobody's answer is decided by it
            assert {(one.state, one.author_id, one.submitted_by_id) for one in entered} <= {
                (EntryState.SUBMITTED.value, by.pk, by.pk)
            }
        for row in run.rows.filter(result=RowResult.UNDONE, outcome="new").select_related("institution"):
            if run.kind == ImportKind.INSTITUTIONS and row.institution is not None:
                assert not ChecklistItem.objects.filter(institution=row.institution, listed=True).exists()


def check(run: ImportRun, *, by: User, now: datetime) -> None:
    running.check(run.pk, now=now)


def apply(run: ImportRun, *, by: User, now: datetime) -> bool:
    running.ask_to_apply(run, by=by, now=now)
    applying.apply(run.pk, now=now)
    return True


def undo(run: ImportRun, *, by: User, now: datetime) -> bool:
    running.ask_to_undo(run, by=by, now=now)
    applying.undo(run.pk, now=now)
    return True


@contextmanager
def told(module: Any) -> Iterator[None]:
    """A worker that fails says so in the log and goes on: here it is a failure."""

    def failed(*_words: object) -> NoReturn:
        raise AssertionError("a list could not be worked on") from sys.exc_info()[1]

    with mock.patch.object(module.logger, "exception", failed):
        yield
