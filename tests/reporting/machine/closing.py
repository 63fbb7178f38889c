"""Quarters: they close, are opened again, institutions are excused and confirm."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from compliance import confirmations, periods
from compliance.checklist import Checklist
from compliance.enums import PeriodState
from compliance.models import ChecklistItem, Confirmation, Period, PeriodException
from institutions import access
from institutions.models import InstitutionState
from tests.reporting.machine.world import DAY, World, pick, there_are, who

quarter = st.sampled_from(["2026Q2", "2026Q2", "2026Q1", "2025Q4", "2026Q3"])
VERBS = {
    "quarter_begin_closing": (periods.begin_closing, {PeriodState.OPEN}),
    "quarter_close": (periods.close_period, {PeriodState.OPEN, PeriodState.CLOSING}),
    "quarter_reopen": (periods.reopen_period, {PeriodState.CLOSED}),
}


class Closing(World):
    @rule(hand=who, code=quarter, page=st.sampled_from(["quarter_close", *VERBS]), reason=st.sampled_from(["Қате", ""]))
    def move_a_quarter(self, hand: int, code: str, page: str, reason: str) -> None:
        by = self.hand(hand, access.ADMINISTER, None)
        if not self.has_role(by, access.ADMINISTER):
            self.is_not_found(by, f"compliance:{page}", code, reason="Қате")
            return
        period = Period.objects.get(code=code)
        verb, sources = VERBS[page]
        more = {"reason": reason} if page == "quarter_reopen" else {}
        may = period.state in sources and (bool(reason) if more else period.ends_on < self.today)
        self.attempt(verb, period, by=by, must=may, **more)

    @rule(hand=who, code=quarter, school=pick, days=st.integers(-1, 20))
    def excuse(self, hand: int, code: str, school: int, days: int) -> None:
        by = self.hand(hand, access.ADMINISTER, None)
        if not self.has_role(by, access.ADMINISTER):
            self.is_not_found(by, "compliance:exception_new", code, reason="Өрт")
            return
        period, institution = Period.objects.get(code=code), self.school(school)
        granted = PeriodException.objects.filter(period=period, institution=institution, until__gte=self.today)
        may = days >= 0 and period.state != PeriodState.OPEN and not granted.exists()
        self.attempt(
            periods.grant_exception,
            period,
            institution,
            until=self.today + days * DAY,
            reason="Өрт",
            by=by,
            must=may,
        )

    @there_are(PeriodException)
    @rule(hand=who, number=pick)
    def end_an_excuse(self, hand: int, number: int) -> None:
        granted = self.one_of(PeriodException.objects.select_related("period"), number)
        assert granted is not None
        by = self.hand(hand, access.ADMINISTER, None)
        if self.has_role(by, access.ADMINISTER):
            self.attempt(periods.end_exception, granted, by=by, must=granted.until >= self.today)
        else:
            self.is_not_found(by, "compliance:exception_end", granted.period.code, granted.pk)

    @rule(hand=who, code=quarter, school=pick, seen=st.sampled_from([True, True, True, False]))
    def confirm(self, hand: int, code: str, school: int, seen: bool) -> None:
        institution, period = self.school(school), Period.objects.get(code=code)
        by = self.hand(hand, access.ANSWER, institution.pk)
        items = ChecklistItem.objects.filter(institution=institution).for_checklist(by, self.today)
        mark = confirmations.readiness(period, Checklist.read(items, day=self.today), changes=None).mark
        if institution.pk not in self.reach(by, access.ANSWER):
            self.is_not_found(by, "compliance:confirm", institution.bin, code, shown=mark)
            self.attempt(confirmations.confirm, institution, period, by=by, shown=mark, must=False)
            return
        day = min(period.ends_on, self.today)
        states = InstitutionState.objects.filter(institution=institution, valid_from__lte=day).order_by("-valid_from")
        may = (
            seen
            and period.state != PeriodState.CLOSED
            and period.starts_on <= self.today
            and states.values_list("lifecycle", flat=True).first() == "open"
            and not Confirmation.objects.filter(institution=institution, period=period).exists()
        )
        shown = mark if seen else "0" * 16
        self.attempt(confirmations.confirm, institution, period, by=by, shown=shown, must=may)
