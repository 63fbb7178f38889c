"""Answers and their decisions, documents, inspections: by everybody, on everything, in any order."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from compliance import discussion, documents, inspections, levels, workflow
from compliance.enums import WAITING, EntryState, ReturnReason, Status
from compliance.models import ChecklistItem, Evidence, Inspection, Period, PeriodException, StatusEntry
from institutions import access
from institutions.models import Region, User
from tests.reporting.machine.world import DAY, World, ago, pick, there_are, there_is, who

said = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["met", "met", "met", "partly_met", "not_met", "not_applicable"]),
        "ago": ago,
        "lasts": st.one_of(st.none(), st.integers(0, 60), st.integers(0, 500)),
        "note": st.sampled_from(["Себебі", "Себебі", ""]),
        "document": st.sampled_from([None, None, None, 0, 1, 2]),
        "ahead": st.sampled_from([0] * 9 + [1]),
    }
)


class Answering(World):
    def answer(self, said: dict[str, Any], by: User) -> workflow.AnswerData:
        since = self.today - said["ago"] * DAY + said["ahead"] * (said["ago"] + 1) * DAY
        until = None if said["lasts"] is None else since + said["lasts"] * DAY
        document: workflow.DocumentReference | Evidence | None = None
        if said["document"] is not None:
            usable = Evidence.objects.usable_by(by, self.today)
            document = self.one_of(usable, said["document"]) or workflow.DocumentReference(
                f"{said['document']}", "Күзет ЖШС", date(2026, 1, 5), date(2026, 12, 31)
            )
        return workflow.AnswerData(Status(said["status"]), since, until, said["note"], document)

    def entry(self, number: int, *states: EntryState) -> StatusEntry | None:
        found = StatusEntry.objects.filter(state__in=states) if states else StatusEntry.objects.all()
        return self.one_of(found.select_related("item__institution", "item__requirement", "evidence"), number)

    def may_submit(self, draft: StatusEntry) -> bool:
        """What the rules say of a submission, told once more."""
        item = ChecklistItem.objects.select_related("requirement").get(pk=draft.item_id)
        period = Period.objects.filter(starts_on__lte=draft.effective_on, ends_on__gte=draft.effective_on).first()
        excused = PeriodException.objects.filter(
            period=period, institution=item.institution_id, until__gte=self.today
        ).exists()
        exception = draft.status == Status.NOT_APPLICABLE
        return (
            draft.state == EntryState.DRAFT
            and item.listed
            and draft.effective_on <= self.today
            and (period is None or period.state == "open" or excused)
            and not (exception and (item.requirement.measure or draft.valid_until is None or not draft.note))
            and (draft.evidence is None or draft.evidence.revoked_at is None)
            and not StatusEntry.objects.filter(item=item, state__in=WAITING).exclude(pk=draft.pk).exists()
        )

    def may_decide(self, entry: StatusEntry, by: User) -> bool:
        now_is = StatusEntry.objects.get(pk=entry.pk)
        return now_is.state in WAITING and by.pk not in now_is.hands

    def may_approve(self, entry: StatusEntry, by: User) -> bool:
        return (
            self.may_decide(entry, by)
            and self.stands(entry)
            and by.pk != StatusEntry.objects.get(pk=entry.pk).checked_by_id
            and self.is_turn_of_region(entry, by)
        )

    def may_check(self, entry: StatusEntry, by: User) -> bool:
        now_is = StatusEntry.objects.get(pk=entry.pk)
        return (
            now_is.state == EntryState.SUBMITTED
            and self.stands(entry)
            and self.has_two_levels(entry)
            and by.pk in self.reviewers(now_is)
        )

    def stands(self, entry: StatusEntry) -> bool:
        """Its item is still what it was written about, and its document holds."""
        now_is = StatusEntry.objects.select_related("item", "evidence").get(pk=entry.pk)
        return (
            now_is.item.listed
            and now_is.item.version == now_is.item_version
            and (now_is.evidence is None or now_is.evidence.revoked_at is None)
        )

    # --- answers -----------------------------------------------------------------------------------

    @rule(hand=who, school=pick, code=pick, said=said)
    def save_draft(self, hand: int, school: int, code: int, said: dict[str, Any]) -> None:
        if (item := self.item(school, code)) is None:
            return
        by = self.hand(hand, access.ANSWER, item.institution_id)
        address = (item.institution.bin, item.requirement.code)
        if item.institution_id not in self.reach(by, access.ANSWER):
            self.is_not_found(by, "compliance:item", *address, status="met", effective_on=self.today)
            return
        self.attempt(workflow.save_draft, item, self.answer(said, by), by=by, must=True)

    @there_is(EntryState.DRAFT)
    @rule(number=pick)
    def submit(self, number: int) -> None:
        if (draft := self.entry(number, EntryState.DRAFT)) is None:
            return
        by = draft.author
        assert by is not None
        if draft.item.institution_id in self.reach(by, access.ANSWER):
            self.attempt(workflow.submit, draft, by=by, must=self.may_submit(draft))

    @rule(hand=who, decider=who, school=pick, code=pick, said=said, then=st.sampled_from(["wait", "approve", "return"]))
    def answer_at_once(self, hand: int, decider: int, school: int, code: int, said: dict[str, Any], then: str) -> None:
        """The whole way in one step, so that histories have something in them."""
        if (item := self.item(school, code)) is None or not item.listed:
            return
        by = self.hand(hand - hand % 7, access.ANSWER, item.institution_id)
        draft = self.attempt(workflow.save_draft, item, self.answer(said, by), by=by, must=True)
        assert draft is not None
        entry = self.attempt(workflow.submit, draft, by=by, must=self.may_submit(draft))
        if entry is not None and then != "wait":
            self.decide(entry, self.hand(decider, access.DECIDE, item.institution_id), then)

    @there_is(EntryState.APPROVED)
    @rule(number=pick, said=said)
    def answer_again(self, number: int, said: dict[str, Any]) -> None:
        """Another answer to what is answered already; the one before still holds."""
        before = self.entry(number, EntryState.APPROVED)
        assert before is not None
        by = before.author
        if by is None or not before.item.listed or before.item.institution_id not in self.reach(by, access.ANSWER):
            return
        draft = self.attempt(workflow.save_draft, before.item, self.answer(said, by), by=by, must=True)
        assert draft is not None
        self.attempt(workflow.submit, draft, by=by, must=self.may_submit(draft))

    @there_is(EntryState.SUBMITTED)
    @rule(hand=who, number=pick)
    def decide_what_was_overtaken(self, hand: int, number: int) -> None:
        """The answer before it is revoked while this one waits: it was written about something else."""
        both = StatusEntry.objects.filter(state=EntryState.SUBMITTED, item__entries__state=EntryState.APPROVED)
        entry = self.one_of(both.distinct().select_related("item__institution", "evidence"), number)
        if entry is None:
            return
        past = entry.item.entries.filter(state=EntryState.APPROVED).select_related("item").latest("pk")
        hands = {*past.hands, past.checked_by_id, past.decided_by_id, *entry.hands}
        by = self.another(hand, access.DECIDE, entry.item.institution_id, hands)
        if by is not None:
            self.attempt(workflow.revoke, past, by=by, note="Қате", must=True)
            self.attempt(workflow.approve, entry, by=by, shown=entry.content_hash, must=False)

    @there_is(EntryState.SUBMITTED)
    @rule(hand=who, number=pick)
    def decide_on_a_revoked_document(self, hand: int, number: int) -> None:
        """The document falls while answers on it wait: none of them is approved any more."""
        on_it = StatusEntry.objects.filter(state=EntryState.SUBMITTED, evidence__isnull=False)
        entry = self.one_of(on_it.select_related("item__institution", "evidence__author"), number)
        if entry is None or entry.evidence is None:
            return
        hands = {*entry.hands, entry.evidence.author_id}
        by = self.another(hand, access.DECIDE, entry.item.institution_id, hands)
        if by is not None:
            self.attempt(documents.revoke, entry.evidence, by=by, note="Жалған", must=True)
            self.attempt(workflow.approve, entry, by=by, shown=entry.content_hash, must=False)

    @there_is(EntryState.SUBMITTED, EntryState.CHECKED)
    @rule(hand=who, number=pick, verb=st.sampled_from(["approve", "approve", "check", "return"]))
    def decide_one(self, hand: int, number: int, verb: str) -> None:
        if (entry := self.entry(number, *WAITING)) is not None:
            self.decide(entry, self.hand(hand, access.DECIDE, entry.item.institution_id), verb)

    @precondition(lambda world: world.shown)
    @rule(hand=who, number=pick, verb=st.sampled_from(["approve", "return"]))
    def decide_what_was_shown_earlier(self, hand: int, number: int, verb: str) -> None:
        """The page was opened some steps ago; meanwhile anything can have happened."""
        if self.shown:
            entry = self.shown[number % len(self.shown)]
            self.decide(entry, self.hand(hand, access.DECIDE, entry.item.institution_id), verb)

    @rule(number=pick, on=st.booleans())
    def switch_the_second_level(self, number: int, on: bool) -> None:
        region = self.one_of(
            Region.objects.filter(pk__in={region for _locality, region in self.places_of.values()}), number
        )
        if region is not None and region.second_level != on:
            by = self.hand(0, access.ADMINISTER, None)
            may = not on or bool(self.approvers(region=region.pk))
            self.attempt(levels.switch, region, on=on, by=by, day=self.today, must=may)

    @rule(hand=who, school=pick, code=pick, text=st.sampled_from(["Қашан?", "Ертең", " "]))
    def say(self, hand: int, school: int, code: int, text: str) -> None:
        if (item := self.item(school, code)) is None:
            return
        by = self.hand(hand, access.ANSWER | access.DECIDE, item.institution_id)
        if item.institution_id in self.reach(by, access.ANSWER | access.DECIDE):
            self.attempt(discussion.say, item, text, by=by, must=bool(text.strip()))

    @there_is(EntryState.SUBMITTED)
    @rule(number=pick)
    def open_a_page(self, number: int) -> None:
        if (entry := self.entry(number, EntryState.SUBMITTED)) is not None:
            self.shown = [*self.shown[-4:], entry]

    def decide(self, entry: StatusEntry, by: User, verb: str) -> None:
        if entry.item.institution_id not in self.reach(by, access.DECIDE):
            self.is_not_found(by, f"compliance:{verb}", entry.pk, shown=entry.content_hash, note="Жоқ")
        elif verb == "approve":
            may = self.may_approve(entry, by)
            self.attempt(workflow.approve, entry, by=by, shown=entry.content_hash, must=may)
        elif verb == "check":
            may = self.may_check(entry, by)
            self.attempt(workflow.check, entry, by=by, shown=entry.content_hash, must=may)
        else:
            self.attempt(
                workflow.return_entry,
                entry,
                by=by,
                shown=entry.content_hash,
                reason=ReturnReason.UNCLEAR,
                note="Түсініксіз",
                must=self.may_decide(entry, by),
            )

    @there_is(EntryState.SUBMITTED, EntryState.APPROVED)
    @rule(number=pick, verb=st.sampled_from(["approve", "return", "revoke", "approve_many", "inspect"]))
    def decide_ones_own(self, number: int, verb: str) -> None:
        """Whoever wrote it decides there as well: never about this."""
        state = EntryState.APPROVED if verb in ("revoke", "inspect") else EntryState.SUBMITTED
        reaching = [one for one in self.waiting_for_their_authors() if one.state == state]
        if not reaching:
            return
        entry = reaching[number % len(reaching)]
        by = entry.author
        assert by is not None
        if verb == "approve_many":
            outcome = self.attempt(workflow.approve_many, [(entry, entry.content_hash)], by=by)
            assert outcome is not None
            assert outcome.approved == []
        elif verb == "revoke":
            self.attempt(workflow.revoke, entry, by=by, note="Қате", must=False)
        elif verb == "inspect":
            found = {entry.item: Status.MET}
            day = self.today
            self.attempt(
                inspections.record, entry.item.institution, found, held_on=day, inspector="К", by=by, must=False
            )
        else:
            self.decide(entry, by, verb)

    def waiting_for_their_authors(self) -> list[StatusEntry]:
        """Answers whose authors decide at the institution, too."""
        found = StatusEntry.objects.select_related("item__institution", "author").order_by("pk")
        return [one for one in found if one.author and one.item.institution_id in self.reach(one.author, access.DECIDE)]

    @there_is(EntryState.SUBMITTED)
    @rule(hand=who, number=pick)
    def decide_by_a_wrong_hash(self, hand: int, number: int) -> None:
        if (entry := self.entry(number, EntryState.SUBMITTED)) is not None:
            by = self.hand(hand - hand % 7, access.DECIDE, entry.item.institution_id)
            self.attempt(workflow.approve, entry, by=by, shown="0" * 64, must=False)

    @there_is(EntryState.SUBMITTED)
    @rule(hand=who, numbers=st.lists(pick, min_size=1, max_size=4))
    def approve_many(self, hand: int, numbers: list[int]) -> None:
        waiting = list(StatusEntry.objects.awaiting_decision().select_related("item__institution").order_by("pk"))
        if not waiting:
            return
        first = waiting[numbers[0] % len(waiting)]
        by = self.hand(hand - hand % 7, access.DECIDE, first.item.institution_id)
        reached = self.reach(by, access.DECIDE)
        chosen = {waiting[number % len(waiting)].pk: waiting[number % len(waiting)] for number in numbers}
        marks = [(one, one.content_hash) for one in chosen.values() if one.item.institution_id in reached]
        expected = {one.pk for one, _hash in marks if self.may_approve(one, by)}
        outcome = self.attempt(workflow.approve_many, marks, by=by, must=True)
        assert outcome is not None
        assert (set(outcome.approved), {pk for pk, _why in outcome.refused}) == (
            expected, {one.pk for one, _hash in marks} - expected,
        )  # fmt: skip

    @there_is(EntryState.SUBMITTED)
    @rule(number=pick, stranger=who)
    def withdraw(self, number: int, stranger: int) -> None:
        if (entry := self.entry(number, EntryState.SUBMITTED)) is None:
            return
        by = self.people[stranger % len(self.people)] if stranger % 7 == 6 else entry.author
        assert by is not None
        if by.pk in entry.hands and entry.item.institution_id in self.reach(by, access.ANSWER):
            self.attempt(workflow.withdraw, entry, by=by, must=True)
        elif entry.item.institution_id not in self.reach(by, access.ANSWER):
            address = (entry.item.institution.bin, entry.item.requirement.code)
            self.is_not_found(by, "compliance:withdraw", *address)

    @there_is(EntryState.DRAFT)
    @rule(number=pick, other=who)
    def discard(self, number: int, other: int) -> None:
        if (draft := self.entry(number, EntryState.DRAFT)) is not None:
            by = self.people[other % len(self.people)]
            self.attempt(workflow.discard_draft, draft, by=by, must=by == draft.author)

    @there_is(EntryState.APPROVED, EntryState.REVOKED)
    @rule(hand=who, number=pick, note=st.sampled_from(["Қате", "Қате", " "]))
    def revoke(self, hand: int, number: int, note: str) -> None:
        if (entry := self.entry(number, EntryState.APPROVED, EntryState.REVOKED)) is None:
            return
        by = self.hand(hand, access.DECIDE, entry.item.institution_id)
        if entry.item.institution_id not in self.reach(by, access.DECIDE):
            self.is_not_found(by, "compliance:revoke", entry.pk, note=note)
            return
        others = {*entry.hands, entry.checked_by_id, entry.decided_by_id}
        may = entry.state == EntryState.APPROVED and by.pk not in others and note.strip()
        self.attempt(workflow.revoke, entry, by=by, note=note, must=bool(may))

    # --- documents -----------------------------------------------------------------------------------

    @there_are(Evidence)
    @rule(hand=who, number=pick)
    def revoke_a_document(self, hand: int, number: int) -> None:
        """Marked at once; the approved answers on it fall, but those of the person's own hands."""
        if (document := self.one_of(Evidence.objects.all(), number)) is None:
            return
        on_it = StatusEntry.objects.filter(evidence=document).exclude(state=EntryState.DRAFT)
        first = on_it.order_by("pk").values_list("item__institution", flat=True).first()
        by = self.hand(hand, access.REVOKE_DOCUMENTS, first)
        reached = self.reach(by, access.REVOKE_DOCUMENTS)
        if not on_it.filter(item__institution__in=reached).exists():
            self.is_not_found(by, "compliance:revoke_document", document.pk, note="Жалған")
            return
        resting = on_it.filter(state=EntryState.APPROVED, item__institution__in=reached)
        own = {one.pk for one in resting if by.pk in {*one.hands, one.decided_by_id}}
        falling = {one.pk for one in resting} - own
        outcome = self.attempt(documents.revoke, document, by=by, note="Жалған", must=by.pk != document.author_id)
        if outcome is not None:
            assert (set(outcome.revoked), set(outcome.left)) == (falling, own)
            assert Evidence.objects.get(pk=document.pk).revoked_at is not None

    # --- what is found on the spot ---------------------------------------------------------------------

    @rule(
        hand=who,
        school=pick,
        codes=st.dictionaries(pick, st.sampled_from(["met", "partly_met", "not_met"]), min_size=1, max_size=3),
        ago=ago,
    )
    def inspect(self, hand: int, school: int, codes: dict[int, str], ago: int) -> None:
        institution = self.school(school)
        by = self.hand(hand, access.VERIFY, institution.pk)
        if institution.pk not in self.reach(by, access.VERIFY):
            self.is_not_found(by, "compliance:inspection_new", institution.bin, held_on=self.today)
            return
        items = {item: Status(status) for code, status in codes.items() if (item := self.item(school, code))}
        own = StatusEntry.objects.filter(item__in=items, state__in=["submitted", "approved"])
        may = bool(items) and all(item.listed for item in items) and not any(by.pk in entry.hands for entry in own)
        self.attempt(
            inspections.record,
            institution,
            items,
            held_on=self.today - ago * DAY,
            inspector="Комитет",
            by=by,
            must=may,
        )

    @there_are(Inspection)
    @rule(hand=who, number=pick)
    def revoke_an_inspection(self, hand: int, number: int) -> None:
        found = self.one_of(Inspection.objects.select_related("institution"), number)
        if found is None:
            return
        by = self.hand(hand, access.VERIFY, found.institution_id)
        if found.institution_id in self.reach(by, access.VERIFY):
            may = found.revoked_at is None
            self.attempt(inspections.revoke, found, by=by, note="Қате", must=may)
        else:
            self.is_not_found(by, "compliance:inspection_revoke", found.pk, note="Қате")
