"""Pages and figures looked at: reading gaps from outside is noted; what is frozen is frozen."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from compliance.enums import PeriodState
from compliance.models import Period
from institutions import access
from institutions.enums import Role
from institutions.models import Journal
from reporting import publication, publishing, snapshot
from reporting.enums import BriefState, Publication
from reporting.models import Brief
from tests import tables
from tests.reporting.machine.holding import Holding
from tests.reporting.machine.world import pick, there_are, who

# What a brief says of a closed quarter, whenever it is asked for. Its notes and names are those of today.
FROZEN = ("as_of", "known_on", "measures", "cuts", "completeness", "institutions", "ledger", "seal")


class Looking(Holding):
    @rule(hand=who, school=pick, page=st.sampled_from(["compliance:checklist", "institutions:detail"]))
    def look_at_a_school(self, hand: int, school: int, page: str) -> None:
        """Whoever sees it from outside is noted; whoever does not see it finds nothing."""
        institution, person = self.school(school), self.people[hand % len(self.people)]
        client = Client()
        client.force_login(person)
        answer = client.get(reverse(page, args=[institution.bin]))
        sees = institution.pk in self.reach(person)
        outside = sees and institution.pk not in self.reach(person, {Role.DIRECTOR})
        assert answer.status_code == (200 if sees else 404 if person.is_active else 302)
        before = self.tables
        self.forget()
        written = [name for name in tables.differences(before, self.tables) if not name.startswith("Journal ")]
        assert written == []  # looking changes nothing
        new = Journal.objects.filter(pk__in=self.tables[Journal].keys() - before[Journal].keys())
        assert list(new.values_list("action", "user", "institution")) == [
            ("institution.read", person.pk, institution.pk)
        ] * outside  # fmt: skip

    @precondition(lambda world: world.closed)
    @rule(hand=who, language=st.sampled_from(["kk", "ru"]))
    def ask_for_a_brief(self, hand: int, language: str) -> None:
        """Frozen with its figures: those of the quarter at its close, and the same brief as long as they are."""
        period = Period.objects.filter(state=PeriodState.CLOSED).earliest("starts_on")
        by = self.people[hand % len(self.people)]
        count = Brief.objects.count()
        brief = self.attempt(publishing.request_brief, period, language=language, by=by, must=True)
        assert brief is not None
        assert snapshot.digest_of(brief.snapshot) == brief.snapshot_hash
        figures = {name: brief.snapshot[name] for name in FROZEN}
        key = (period.pk, period.closed_at)
        assert self.briefs.setdefault(key, figures) == figures
        again = self.attempt(publishing.request_brief, period, language=language, by=by, must=True)
        assert again == brief
        assert Brief.objects.count() <= count + 1

    @there_are(Brief)
    @rule(hand=who, number=pick, verb=st.sampled_from(["finish", "publish", "publish", "withdraw"]))
    def move_a_brief(self, hand: int, number: int, verb: str) -> None:
        """Rendered (which is not tried here), put in force by a second person, taken out of force with a reason."""
        brief = self.one_of(Brief.objects.all(), number)
        assert brief is not None
        if verb == "finish":
            waiting = Brief.objects.filter(pk=brief.pk, state=BriefState.QUEUED)
            self.program(lambda: waiting.update(state=BriefState.READY, file="a.pdf", file_hash="0" * 64))
            return
        by = self.hand(hand, access.MAKE_BRIEFS, None)
        if not self.has_role(by, access.MAKE_BRIEFS):
            self.is_not_found(by, f"reporting:brief_{verb}", brief.pk, reason="Қате")
        elif verb == "publish":
            may = (brief.state, brief.publication) == (BriefState.READY, Publication.DRAFT)
            self.attempt(publication.publish, brief, by=by, must=may and by.pk != brief.requested_by_id)
        else:
            may = brief.publication == Publication.PUBLISHED
            self.attempt(publication.withdraw, brief, by=by, reason="Қате", must=may)
