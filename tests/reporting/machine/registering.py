"""The registry: institutions enter, change, are merged and moved; changes are proposed and decided."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.db.models import Q
from hypothesis import strategies as st
from hypothesis.stateful import rule

from compliance import enrolment, merging, proposals, relocation
from institutions import access, acts, duplicates, registry
from institutions.bin import synthetic_bin
from institutions.enums import Lifecycle, Owner, Ownership, ProposalState
from institutions.models import ChangeProposal, Institution, InstitutionState, Locality, Merger
from institutions.ownership import ACTS_FOR, OWNERS, PROPOSE
from tests.reporting.machine.world import DAY, World, ago, pick, there_are, who

MOST = 7  # institutions in one history
ACTS_DONE = ("close", "repair", "reopen", "city", "capital", "centre", "grow", "shrink", "private", "leased", "college",
             "no_city")  # fmt: skip
acts_of_the_state = st.sampled_from(ACTS_DONE)


class Registering(World):
    def changes(self, what: str) -> dict[str, Any]:
        """The fields of a state that an act sets, with those that follow from a place."""
        places = self.places
        return {
            "close": {"lifecycle": Lifecycle.CLOSED},
            "repair": {"lifecycle": Lifecycle.CAPITAL_REPAIR},
            "reopen": {"lifecycle": Lifecycle.OPEN},
            "city": registry.place_fields(places.city, places.city_settlement),
            "capital": registry.place_fields(places.other_capital_district, None),
            "centre": registry.place_fields(places.district, places.centre),
            "grow": {"learners": 1200, "staff": 90},
            "shrink": {"learners": 40, "staff": 9},
            "private": {"ownership": Ownership.PRIVATE},
            "leased": {"facts": {"leased": True, "has_grounds": False}},
            "college": {"kind": "college"},
            "no_city": {"large_city": None},
        }[what]

    def code_of(self, what: str) -> str:
        """The act as its page and a proposal call it."""
        return {
            "city": "move", "capital": "move", "centre": "move", "grow": "headcount", "shrink": "headcount",
            "private": "ownership", "college": "kind", "no_city": "large-city",
        }.get(what, what)  # fmt: skip

    def is_duplicate(self, institution: Institution) -> bool:
        return Merger.objects.filter(merged=institution, undone_at=None).exists()

    def has_begun(self, institution: Institution, days_ago: int) -> bool:
        return InstitutionState.objects.filter(
            institution=institution, valid_from__lte=self.today - days_ago * DAY
        ).exists()

    # --- states --------------------------------------------------------------------------------------

    @rule(hand=who, place=st.integers(0, 3), ago=ago, kind=st.sampled_from(["school", "kindergarten", "college"]))
    def open_an_institution(self, hand: int, place: int, ago: int, kind: str) -> None:
        places = self.places
        count = Institution.objects.count()
        if count >= MOST:
            return
        locality, settlement = [
            (places.city, places.city_settlement), (places.district, places.village),
            (places.capital_district, None), (places.district, places.town),
        ][place]  # fmt: skip
        by = self.hand(hand, access.REGISTER, None)
        if not self.has_role(by, access.REGISTER):
            self.is_not_found(by, "institutions:new", bin="x")
            return
        institution = Institution(
            bin=synthetic_bin(700_000 + count),
            name_kk=f"№ {count} мектеп",
            name_ru=f"Школа № {count}",
            kind=kind,
            ownership=Ownership.STATE,
            staff=20,
            learners=150 + count,
            **registry.place_fields(locality, settlement),
        )
        self.attempt(enrolment.open_institution, institution, since=self.today - ago * DAY, by=by, must=True)

    @rule(hand=who, school=pick, ago=ago, what=acts_of_the_state, seen=st.sampled_from([True, True, False]))
    def change(self, hand: int, school: int, ago: int, what: str, seen: bool) -> None:
        institution = self.school(school)
        code = self.code_of(what)
        owner = acts.ACTS[code].owner if code in acts.ACTS else Owner.FACILITY
        by = self.hand(hand, ACTS_FOR[owner], institution.pk)
        if institution.pk not in self.reach(by, ACTS_FOR[owner]):
            if institution.pk not in self.reach(by, PROPOSE):
                self.is_not_found(by, "institutions:change", institution.bin, "headcount")
            return
        if "lifecycle" in self.changes(what) and self.is_duplicate(institution):
            return  # the page offers it no more: the merger is undone instead
        shown = registry.states_mark(institution) if seen else "0@"
        self.attempt(
            enrolment.change_institution,
            institution,
            since=self.today - ago * DAY,
            by=by,
            reason="Бұйрық",
            shown=shown,
            must=seen and self.has_begun(institution, ago),
            **self.changes(what),
        )

    # --- details and proposals -------------------------------------------------------------------------

    @rule(hand=who, school=pick, phone=st.sampled_from(["+7 700 1", "+7 700 2"]), name=st.sampled_from(["А", "Б"]))
    def correct(self, hand: int, school: int, phone: str, name: str) -> None:
        """What the person owns is corrected, the rest proposed, in one step."""
        institution = self.school(school)
        by = self.hand(hand, PROPOSE, institution.pk)
        if institution.pk not in self.reach(by, PROPOSE):
            self.is_not_found(by, "institutions:details", institution.bin, phone=phone)
            return
        owned = {owner for owner, roles in ACTS_FOR.items() if institution.pk in self.reach(by, roles)}
        changes = {"phone": phone, "name_kk": f"{name} мектебі"}
        others = [field for field in changes if OWNERS[field] not in owned]
        waits = ChangeProposal.objects.filter(
            institution=institution, what=acts.DETAILS, proposed_by=by, state=ProposalState.OPEN
        ).exists()
        self.attempt(
            proposals.correct,
            institution,
            owned=owned,
            changes=changes,
            reason="Себебі",
            by=by,
            shown=registry.details_mark(institution),
            must=not (others and waits),
        )

    @rule(hand=who, school=pick, ago=ago, what=st.sampled_from([act for act in ACTS_DONE if act != "leased"]))
    def propose(self, hand: int, school: int, ago: int, what: str) -> None:
        institution = self.school(school)
        by = self.hand(hand, PROPOSE, institution.pk)
        if institution.pk not in self.reach(by, PROPOSE) or self.is_duplicate(institution):
            return
        code = self.code_of(what)
        waits = ChangeProposal.objects.filter(
            institution=institution, what=code, proposed_by=by, state=ProposalState.OPEN
        ).exists()
        self.attempt(
            proposals.propose,
            institution,
            what=code,
            changes=self.changes(what),
            since=self.today - ago * DAY,
            reason="Себебі",
            by=by,
            must=not waits and self.has_begun(institution, ago),
        )

    @there_are(ChangeProposal)
    @rule(hand=who, number=pick, verb=st.sampled_from(["accept", "accept", "decline"]))
    def decide_a_proposal(self, hand: int, number: int, verb: str) -> None:
        one = self.one_of(ChangeProposal.objects.select_related("institution"), number)
        assert one is not None
        owners = ACTS_FOR[Owner(one.owner)]
        by = self.hand(hand, owners, one.institution_id)
        decidable = ChangeProposal.objects.decidable_by(by).filter(pk=one.pk).exists()
        if one.institution_id not in self.reach(by, owners):
            assert not decidable
            if one.institution_id not in self.reach(by):
                self.is_not_found(by, "institutions:proposal", one.pk, do=verb, note="Жоқ")
            return
        own, is_open = one.proposed_by_id == by.pk, one.state == ProposalState.OPEN
        assert not (decidable and (own or not is_open))
        if verb == "decline":
            self.attempt(proposals.decline, one, by=by, note="Жоқ", must=is_open and not own)
        elif decidable or own or not is_open:
            # A value may not fit any more: then it says no, too.
            may = is_open and not own and self.begins_as_it_was(one)
            self.attempt(proposals.accept, one, by=by, must=None if may else False)

    def begins_as_it_was(self, one: ChangeProposal) -> bool:
        record: Any = one.institution
        if one.since is not None:
            states = InstitutionState.objects.filter(institution=one.institution, valid_from__lte=one.since)
            record = states.latest("valid_from")
        return all(
            getattr(getattr(record, field), "kato", getattr(record, field)) == change["old"]
            for field, change in one.changes.items()
        )

    @there_are(ChangeProposal)
    @rule(hand=who, number=pick)
    def withdraw_a_proposal(self, hand: int, number: int) -> None:
        one = self.one_of(ChangeProposal.objects.select_related("proposed_by"), number)
        assert one is not None
        by = one.proposed_by if hand % 3 else self.people[hand % len(self.people)]
        may = by == one.proposed_by and one.state == ProposalState.OPEN
        self.attempt(proposals.withdraw, one, by=by, must=may)

    # --- duplicates ------------------------------------------------------------------------------------

    @rule(hand=who, one=pick, other=pick, ago=ago)
    def merge(self, hand: int, one: int, other: int, ago: int) -> None:
        kept, merged = self.school(one), self.school(other)
        by = self.hand(hand, access.REGISTER, merged.pk)
        if not {kept.pk, merged.pk} <= self.reach(by, access.REGISTER):
            self.is_not_found(by, "institutions:merge", kept.bin, merged.bin, reason="Қайталама")
            return
        carry = merging.to_carry_over(merged, kept, self.today)
        self.attempt(
            merging.merge,
            merged,
            into=kept,
            since=self.today - ago * DAY,
            reason="Қайталама",
            carry=carry,
            by=by,
            must=False if kept == merged or self.is_duplicate(merged) or self.is_duplicate(kept) else None,
        )

    @there_are(Merger)
    @rule(hand=who, number=pick)
    def undo_a_merger(self, hand: int, number: int) -> None:
        merger = self.one_of(Merger.objects.select_related("kept", "merged"), number)
        assert merger is not None
        by = self.hand(hand, access.REGISTER, merger.merged_id)
        if {merger.kept_id, merger.merged_id} <= self.reach(by, access.REGISTER):
            self.attempt(merging.undo, merger, by=by, reason="Екеу екен", must=merger.undone_at is None)
        else:
            self.is_not_found(by, "institutions:unmerge", merger.pk, reason="Екеу екен")

    @rule(hand=who, one=pick, other=pick)
    def find_no_duplicates(self, hand: int, one: int, other: int) -> None:
        first, second = self.school(one), self.school(other)
        by = self.hand(hand, access.REGISTER, first.pk)
        if first != second and {first.pk, second.pk} <= self.reach(by, access.REGISTER):
            self.attempt(duplicates.dismiss, first, second, by=by, must=True)

    # --- places ----------------------------------------------------------------------------------------

    @rule(hand=who, way=st.integers(0, 3), ago=ago, most=st.sampled_from([None, None, 1]), killed=st.booleans())
    def relocate(self, hand: int, way: int, ago: int, most: int | None, killed: bool) -> None:
        """A district is made anew: all at once, in steps, or stopped after the first."""
        by = self.hand(hand, access.ADMINISTER, None)
        if not self.has_role(by, access.ADMINISTER):
            self.is_not_found(by, "institutions:relocate", do="move")
            return
        places = self.places
        new = Locality.objects.exclude(
            pk__in=[places.city.pk, places.district.pk, places.capital_district.pk, places.other_capital_district.pk]
        ).get()
        source, target = [
            (places.capital_district, places.other_capital_district), (places.district, new), (new, places.district),
            (places.other_capital_district, places.capital_district),
        ][way]  # fmt: skip
        since = self.today - ago * DAY

        def move(*, by: Any, now: Any) -> list[int]:
            found = relocation.plan(source, target, since=since)
            moving = relocation.move(found, by=by, now=now, reason="Жарлық", most=most)
            if not killed:
                return list(moving)
            with closing(moving):
                return [done for done in [next(moving, 0)] if done]

        if (moved := self.attempt(move, by=by)) is not None and moved and not killed and most is None:
            left = InstitutionState.objects.filter(Q(valid_to=None) | Q(valid_to__gte=since), locality=source)
            if target.region.kind == "republican_city":
                assert not left.filter(valid_from__gte=since).exists()
