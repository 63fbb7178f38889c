"""People: invited, given roles, standing in, handing over, locked out; whoever may not is told so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from hypothesis import strategies as st
from hypothesis.stateful import rule

from institutions import access, invitations, people, roles
from institutions.enums import Letters, Role
from institutions.invitations import Invited
from institutions.models import Membership, User
from institutions.roles import Post
from tests.reporting.machine.world import DAY, World, pick, who

ahead = st.integers(0, 12)
MOST = 26  # people in one history


class Staffing(World):
    def post(self, number: int, school: int) -> Post:
        places = self.places
        return [
            Post(Role.DIRECTOR, institution=self.school(school)),
            Post(Role.EDITOR, region=places.region),
            Post(Role.APPROVER, locality=places.district),
            Post(Role.APPROVER, region=places.capital),
            Post(Role.ADMINISTRATOR),
            Post(Role.DIRECTOR, institution=self.school(school)),
        ][number % 6]

    def may_give(self, post: Post, by: User, to: User | None) -> bool:
        appointed = post.institution is not None and post.institution.pk in self.reach(by, access.APPOINT_DIRECTORS)
        return by != to and (self.has_role(by, access.ADMINISTER) or appointed)

    def invited(self, number: int) -> tuple[Invited, User | None]:
        """Somebody new, or one who is there already."""
        known = self.people[number % len(self.people)] if number % 3 or len(self.people) >= MOST else None
        address = known.email if known else f"new{len(self.people)}@example.kz"
        return Invited(address, "Жаңа Адам"), known

    @rule(hand=who, number=pick, post=pick, school=pick, since=ahead, lasts=st.one_of(st.none(), ahead))
    def invite(self, hand: int, number: int, post: int, school: int, since: int, lasts: int | None) -> None:
        by = self.hand(hand, access.MANAGE_PEOPLE, None)
        invited, known = self.invited(number)
        wanted = self.post(post, school)
        first = self.today + since * DAY
        last = None if lasts is None else first + lasts * DAY
        must = None if self.may_give(wanted, by, known) else False
        self.attempt(
            invitations.invite, invited, wanted, since=first, until=last, known=known and known.pk, by=by, must=must
        )

    @rule(hand=who, number=pick, days=ahead, verb=st.sampled_from(["end", "end", "endless", "cancel"]))
    def end_a_role(self, hand: int, number: int, days: int, verb: str) -> None:
        held = self.one_of(Membership.objects.select_related("user", "institution"), number + hand)
        assert held is not None
        by = self.hand(hand, access.MANAGE_PEOPLE, held.institution_id)
        within = held.role == Role.DIRECTOR and held.institution_id in self.reach(by, access.APPOINT_DIRECTORS)
        may = within or self.has_role(by, access.ADMINISTER)
        assert Membership.objects.changeable_by(by).filter(pk=held.pk).exists() == may
        if not may:
            page = "cancel_role" if verb == "cancel" else "end_role"
            self.is_not_found(by, f"institutions:{page}", held.pk, last_day=self.today)
        elif verb == "cancel":
            self.attempt(roles.cancel, held, by=by, must=held.valid_from > self.today)
        else:
            last = None if verb == "endless" else self.today + days * DAY
            over = held.valid_to is not None and held.valid_to < self.today
            too_early = last is not None and last < held.valid_from
            self.attempt(roles.end, held, last_day=last, by=by, must=False if over or too_early else None)
        self.somebody_administers()

    @rule(hand=who, number=pick, days=ahead, new=pick, lasts=ahead, verb=st.sampled_from(["hand_over", "stand_in"]))
    def replace(self, hand: int, number: int, days: int, new: int, lasts: int, verb: str) -> None:
        running = Membership.objects.filter(Q(valid_to=None) | Q(valid_to__gte=self.today))
        held = self.one_of(running.select_related("user", "institution", "region", "locality"), number + hand)
        if held is None:
            return
        by = self.hand(hand, access.MANAGE_PEOPLE, held.institution_id)
        if not Membership.objects.changeable_by(by).filter(pk=held.pk).exists():
            return
        invited, known = self.invited(new)
        first = self.today + days * DAY
        more: dict[str, Any] = (
            {"last_day": first} if verb == "hand_over" else {"since": first, "until": first + lasts * DAY}
        )
        self.attempt(getattr(invitations, verb), held, invited, known=known and known.pk, by=by, **more)
        self.somebody_administers()

    @rule(hand=who, number=who, verb=st.sampled_from(["lock_out", "let_in", "let_in", "correct", "letters"]))
    def keep_an_account(self, hand: int, number: int, verb: str) -> None:
        person = self.people[number % len(self.people)]
        by = self.hand(hand, access.ADMINISTER, None)
        if verb == "letters":
            self.attempt(choose_letters, by=person, must=True)
            return
        if not self.has_role(by, access.ADMINISTER):
            page = {"correct": "person_details"}.get(verb, verb)
            self.is_not_found(by, f"institutions:{page}", person.pk)
            return
        if verb == "correct":
            self.attempt(
                people.correct, person, full_name=f"Адам {number}", email=person.email, language="ru", by=by, must=True
            )
        else:
            self.attempt(getattr(people, verb), person, by=by, must=True if verb == "let_in" else None)
        self.somebody_administers()

    def somebody_administers(self) -> None:
        assert Membership.objects.filter(
            role=Role.ADMINISTRATOR, valid_to=None, user__is_active=True, valid_from__lte=self.today
        ).exists()


def choose_letters(*, by: User, now: datetime) -> None:
    people.choose_letters(by, Letters.URGENT, now=now)
