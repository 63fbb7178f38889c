"""The facts on which an institution's duties rest: which those are, whether somebody stands for them, and the verb.

A fact is a condition of the Order that people answer (`applicability.FACTS`) or something of the record from which
groups and the report follow (`RECORDED`). Who corrects it is a question of ownership: `institutions/ownership.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.applicability import CONDITIONS, FACTS, KINDS
from compliance.duties import Book, Duty
from compliance.models import FactConfirmation, Requirement
from institutions import journal
from institutions.access import ANSWER
from institutions.models import Institution, User
from institutions.querysets import InstitutionQuerySet

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

RECORDED: Final[Mapping[str, StrPromise]] = {
    "headcount": gettext_lazy("How many people work and learn here"),
    "kind": gettext_lazy("Kind of institution"),
    "settlement": gettext_lazy("Class of the settlement"),
    "large_city": gettext_lazy("Large city of the report"),
}
# The act by which a fact of the record is corrected, or proposed to those who own it.
ACTS: Final[Mapping[str, str]] = {
    "headcount": "headcount",
    "kind": "kind",
    "settlement": "move",
    "large_city": "large-city",
}
_NOWHERE: Final = "-"
YES, NO = "yes", "no"


class NotConfirmed(Exception):
    """The rules do not allow this confirmation; nothing was changed."""


class OutOfScope(NotConfirmed):
    """The person does not answer for this institution."""


class MovedOn(NotConfirmed):
    """The facts are not what was shown."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact as the register has it today. `value` is in words, `plain` what a confirmation keeps (None: not answered).

    `duties` rest on it. `act`: how it is corrected, empty for a condition, which the page of facts asks.
    """

    name: str
    label: str
    value: str
    plain: str | None
    duties: Sequence[Requirement]
    confirmation: FactConfirmation | None
    act: str

    @property
    def is_confirmed(self) -> bool:
        return self.confirmation is not None and self.confirmation.value == self.plain

    @property
    def has_changed(self) -> bool:
        """Whether it was confirmed once, and says something else now."""
        return self.confirmation is not None and self.confirmation.value != self.plain


def plain_values(institution: Institution) -> dict[str, str | None]:
    """What the register says of every fact today, in the form in which confirmations keep it. No query."""
    answers = {name: institution.facts.get(name) for name in FACTS}
    return {
        "headcount": f"{institution.staff}+{institution.learners}",
        "kind": institution.kind,
        "settlement": institution.settlement_class,
        "large_city": str(institution.large_city_id or _NOWHERE),
        **{name: None if said is None else YES if said else NO for name, said in answers.items()},
    }


def resting(book: Book, kind: str, day: date) -> dict[str, list[Duty]]:
    """Fact → the duties of a kind of institution that rest on it, under the edition in force and those to come."""
    found: dict[str, dict[int, Duty]] = {}
    for code, _starts, ends in book.editions:
        if ends is not None and ends < day:
            continue
        for duty in book.wordings.get(code, book.duties):
            if len(duty.kinds) < len(KINDS):  # whoever is of another kind than it seems has it, or has it not
                found.setdefault("kind", {})[duty.pk] = duty
            if kind in duty.kinds:
                for name in _facts_of(duty, code):
                    found.setdefault(name, {})[duty.pk] = duty
    order = {name: number for number, name in enumerate((*RECORDED, *FACTS))}
    return {name: list(found[name].values()) for name in sorted(found, key=lambda one: order[one])}


def _facts_of(duty: Duty, edition: str) -> set[str]:
    names = {name for name in duty.rule.conditions if name in FACTS}
    if duty.rule.report == "report:large_cities":
        names.add("large_city")
    if any(token.rpartition(":")[2][:1] == "G" for token in duty.rule.groups if _is_of(token, edition)):
        names |= {"headcount", "settlement"}
    return names


def _is_of(token: str, edition: str) -> bool:
    return token.partition(":")[0] in {f"ed{edition}", f"in{edition}", "now" if edition == "current" else ""}


def facts_of(institution: Institution, *, day: date, book: Book | None = None) -> list[Fact]:
    """The facts on which the institution's duties rest, in the order of the page. Five queries."""
    resting_on = resting(book or Book.read(), institution.kind, day)
    keys = {duty.pk for duties in resting_on.values() for duty in duties}
    requirements = Requirement.objects.in_bulk(keys)
    confirmed = {one.fact: one for one in FactConfirmation.objects.filter(institution=institution).select_related("by")}
    values = plain_values(institution)
    return [
        Fact(
            name,
            label_of(name),
            _in_words(institution, name, values[name]),
            values[name],
            [requirements[duty.pk] for duty in duties],
            confirmed.get(name),
            ACTS.get(name, ""),
        )
        for name, duties in resting_on.items()
    ]


def label_of(name: str) -> str:
    return str(RECORDED[name] if name in RECORDED else CONDITIONS[name].label)


def _in_words(institution: Institution, name: str, plain: str | None) -> str:
    match name:
        case "headcount":
            return _("%(staff)s staff, %(learners)s learners") % {
                "staff": number_format(institution.staff, force_grouping=True),
                "learners": number_format(institution.learners, force_grouping=True),
            }
        case "kind":
            return str(institution.get_kind_display())
        case "settlement":
            return str(institution.get_settlement_class_display())
        case "large_city":
            return institution.large_city.name if institution.large_city else _("none")
    if plain is None:
        assumed = _("yes") if CONDITIONS[name].assumed else _("no")
        return _("not answered; counts as “%(answer)s”") % {"answer": assumed}
    return _("yes") if plain == YES else _("no")


def mark(facts: Iterable[Fact]) -> str:
    """Names what somebody is shown, so that a change in between is noticed."""
    shown = "|".join(f"{fact.name}={fact.plain}" for fact in facts)
    return hashlib.sha256(shown.encode()).hexdigest()


@transaction.atomic
def confirm(
    institution: Institution, *, shown: str | None, by: User, now: datetime, day: date, only: Collection[str] = ()
) -> list[str]:
    """Note that `by` stands for the facts as they are; return the names of those that were not confirmed before.

    A question that nobody has answered cannot be confirmed. `shown` is the `mark` of what the person saw (None: they
    have just written it themselves); `only` leaves others out. Raises `OutOfScope`, `MovedOn`.
    """
    if not Institution.objects.within_roles(by, ANSWER).filter(pk=institution.pk).exists():
        raise OutOfScope(institution.pk)
    stored = Institution.objects.select_for_update(of=("self",), no_key=True).get(pk=institution.pk)
    facts = facts_of(stored, day=day)
    if shown is not None and shown != mark(facts):
        raise MovedOn(institution.pk)
    wanted = [fact for fact in facts if fact.plain is not None and (not only or fact.name in only)]
    fresh = [fact.name for fact in wanted if not fact.is_confirmed]
    before: dict[str, Any] = {}
    for fact in wanted:
        if fact.confirmation is not None:
            before[fact.name] = fact.confirmation.value
        FactConfirmation.objects.update_or_create(
            institution=stored, fact=fact.name, defaults={"value": fact.plain or "", "by": by, "at": now}
        )
    if wanted:
        journal.write(
            "facts.confirm",
            stored,
            by=by,
            institution=stored,
            after={"facts": {fact.name: fact.plain for fact in wanted}},
            now=now,
        )
    return fresh


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """An institution with the names of its facts that nobody stands for, and when one was confirmed last."""

    institution: Institution
    names: list[str]
    last_at: datetime | None

    @property
    def labels(self) -> list[str]:
        return [label_of(name) for name in self.names]


def unconfirmed(institutions: InstitutionQuerySet, *, day: date, fact: str = "") -> list[Unconfirmed]:
    """Those of the institutions at which a fact (or `fact`) is unconfirmed, the most of them first.

    Read whole and compared here: a region has some hundreds. Five queries, whatever their number.
    """
    book = Book.read()
    shown = list(institutions)
    by_kind = {kind: list(resting(book, kind, day)) for kind in KINDS}
    confirmed: dict[int, dict[str, tuple[str, datetime]]] = {}
    for pk, name, value, at in FactConfirmation.objects.filter(
        institution__in=institutions.order_by().values("pk")
    ).values_list("institution", "fact", "value", "at"):
        confirmed.setdefault(pk, {})[name] = (value, at)
    found = []
    for institution in shown:
        known = confirmed.get(institution.pk, {})
        values = plain_values(institution)
        names = [
            name
            for name in by_kind[institution.kind]
            if name not in known or values[name] is None or known[name][0] != values[name]
        ]
        if names and (not fact or fact in names):
            found.append(Unconfirmed(institution, names, max((at for _value, at in known.values()), default=None)))
    return sorted(found, key=lambda one: (-len(one.names), one.institution.sort_kk, one.institution.pk))
