"""Every verb × every state × everybody: answers, quarters, confirmations, proposals, lists, mergers, inspections.

The tables are the convention, written out: 404 for what lies outside, 409 and `late` for what is too late or one's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from typing import Any

import pytest

from compliance import confirmations, inspections, merging, periods, proposals, workflow
from compliance.checklist import Checklist
from compliance.enums import EntryState, ImportState, ReturnReason, Status, Verb
from compliance.models import ChecklistItem, ImportRun, Period, PeriodException, StatusEntry
from institutions.enums import ProposalState
from institutions.models import ChangeProposal, Institution, Region, User
from tests.factories.compliance import EntryFactory, InspectionFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)
from tests.tables import Tables
from tests.transitions import answered, browsers, expected, raised, table

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.city, large_city=places.large_city)


@pytest.fixture
def people(school, places, order) -> dict[str, User | None]:
    """Everybody there is, as the school sees them. `author` wrote what is tried, `decider` decided it."""
    both = EditorFactory(region=places.region).user
    ApproverFactory(user=both, region=places.region)
    decider = ApproverFactory(region=places.region).user
    return {
        "author": DirectorFactory(institution=school).user,
        "co-director": DirectorFactory(institution=school).user,
        "other-director": DirectorFactory(institution__locality=places.city).user,
        "editor": EditorFactory(region=places.region).user,
        "city-editor": EditorFactory(locality=places.city).user,
        "next-editor": EditorFactory(region=places.capital).user,
        "both": both,
        "decider": decider,
        "approver": ApproverFactory(region=places.region).user,
        "city-approver": ApproverFactory(locality=places.city).user,
        "district-approver": ApproverFactory(locality=places.district).user,
        "next-approver": ApproverFactory(region=places.capital).user,
        "analyst": AnalystFactory().user,
        "administrator": AdministratorFactory().user,
        "auditor": AuditorFactory().user,
        "substitute": ApproverFactory(region=places.region, substitute_for=decider, valid_to=order.day).user,
        "ended": ApproverFactory(region=places.region, valid_to=order.day - DAY).user,
        "stranger": UserFactory(),
        "nobody": None,
    }


# --- answers -----------------------------------------------------------------------------------------


@pytest.fixture
def entries(school, people, order) -> dict[str, StatusEntry]:
    """An answer of the author's in each state; checked and revoked by `city-approver`, decided by `decider`."""
    return in_each_state(school, people, submitted_by=people["author"])


def in_each_state(school: Institution, people: dict[str, User | None], **hands: Any) -> dict[str, StatusEntry]:
    """Each is of an item of its own. The checked one was checked while its region had a second level; it has none."""
    items = ChecklistItem.objects.filter(institution=school, listed=True, requirement__measure=None)
    items = items.select_related("institution", "requirement").order_by("requirement__sort_order")
    made = {}
    for state, item in zip(EntryState, items, strict=False):
        checked = state == EntryState.CHECKED
        with two_levels(school) if checked else nullcontext():
            made[state.value] = EntryFactory(
                item=item,
                to=state.value,
                author=people["author"],
                decided_by=people["decider"],
                revoked_by=people["city-approver"],
                checked_by=people["city-approver"] if checked else None,
                **hands,
            )
    return made


@contextmanager
def two_levels(school: Institution) -> Iterator[None]:
    """The school's region has a second level within."""
    regions = Region.objects.filter(pk=school.locality.region_id)
    regions.update(second_level=True)
    yield
    regions.update(second_level=False)


def address_of(verb: str, entry: StatusEntry, person: User | None, day: date) -> tuple[str, dict[str, Any]]:
    """Where a page sends a verb, and what with."""
    item = ChecklistItem.objects.get(pk=entry.item_id)
    of_item = f"/institutions/{entry.item.institution.bin}/checklist/{entry.item.requirement.code}/"
    draft = StatusEntry.objects.filter(item=item, author=person, state=EntryState.DRAFT).first() if person else None
    answer = {
        "status": "not_met",
        "effective_on": day.isoformat(),
        "note": "Себебі",
        "base": f"{item.version}/{draft.saved_at.isoformat() if draft else ''}",
    }
    decision = {"shown": entry.content_hash, "note": "Себебі", "reason": ReturnReason.UNCLEAR.value}
    shown = {f"{verb}-{name}": value for name, value in decision.items()}
    return {
        "save": (of_item, {**answer, "do": "save"}),
        "submit": (of_item, {**answer, "do": "submit"}),
        "discard": (f"{of_item}discard/", {}),
        "withdraw": (f"{of_item}withdraw/", {}),
        "check": (f"/review/{entry.pk}/check/", shown),
        "approve": (f"/review/{entry.pk}/approve/", shown),
        "check_many": ("/review/check/", {"shown": f"{entry.pk}:{entry.content_hash}"}),
        "approve_many": ("/review/approve/", {"shown": f"{entry.pk}:{entry.content_hash}"}),
        "return": (f"/review/{entry.pk}/return/", shown),
        "revoke": (f"/review/{entry.pk}/revoke/", shown),
    }[verb]


PAGES = {
    "save": """
                                                     | draft submitted checked approved returned withdrawn revoked
    author co-director editor city-editor both       | done  done      done    done     done     done      done
    other-director next-editor decider approver
    city-approver district-approver next-approver
    analyst administrator auditor substitute ended
    stranger                                         | 404   404       404     404      404      404       404
    nobody                                           | login login     login   login    login    login     login
    """,
    "submit": """
                                                     | draft submitted checked approved returned withdrawn revoked
    author co-director editor city-editor both       | done  kept      kept    done     done     done      done
    other-director next-editor decider approver
    city-approver district-approver next-approver
    analyst administrator auditor substitute ended
    stranger                                         | 404   404       404     404      404      404       404
    nobody                                           | login login     login   login    login    login     login
    """,
    "discard": """
                                                     | draft submitted checked approved returned withdrawn revoked
    author                                           | done  404       404     404      404      404       404
    co-director other-director editor city-editor
    next-editor both decider approver city-approver
    district-approver next-approver analyst
    administrator auditor substitute ended stranger  | 404   404       404     404      404      404       404
    nobody                                           | login login     login   login    login    login     login
    """,
    "withdraw": """
                                                     | draft submitted checked approved returned withdrawn revoked
    author                                           | late  done      done    late     late     late      late
    co-director editor city-editor both              | late  late      late    late     late     late      late
    other-director next-editor decider approver
    city-approver district-approver next-approver
    analyst administrator auditor substitute ended
    stranger                                         | 404   404       404     404      404      404       404
    nobody                                           | login login     login   login    login    login     login
    """,
    "approve": """
                                                     | draft submitted checked approved returned withdrawn revoked
    author co-director other-director editor
    city-editor next-editor district-approver
    next-approver analyst administrator auditor
    ended stranger                                   | 404   404       404     404      404      404       404
    both decider approver substitute                 | 404   done      done    409      409      409       409
    city-approver                                    | 404   done      409     409      409      409       409
    nobody                                           | login login     login   login    login    login     login
    """,
    "approve_many": """
                                                     | draft submitted checked approved returned withdrawn revoked
    author co-director other-director editor
    city-editor next-editor district-approver
    next-approver analyst administrator auditor
    ended stranger                                   | 200   200       200     200      200      200       200
    both decider approver substitute                 | 200   done      done    200      200      200       200
    city-approver                                    | 200   done      200     200      200      200       200
    nobody                                           | login login     login   login    login    login     login
    """,
    "return": """
                                                     | draft submitted checked approved returned withdrawn revoked
    author co-director other-director editor
    city-editor next-editor district-approver
    next-approver analyst administrator auditor
    ended stranger                                   | 404   404       404     404      404      404       404
    both decider approver city-approver substitute   | 404   done      done    409      409      409       409
    nobody                                           | login login     login   login    login    login     login
    """,
    "revoke": """
                                                     | draft submitted checked approved returned withdrawn revoked
    author co-director other-director editor
    city-editor next-editor district-approver
    next-approver analyst administrator auditor
    ended stranger                                   | 404   404       404     404      404      404       404
    both approver city-approver substitute           | 404   409       409     done     409      409       409
    decider                                          | 404   409       409     409      409      409       409
    nobody                                           | login login     login   login    login    login     login
    """,
}


@pytest.mark.parametrize("verb", PAGES)
def test_pages_of_an_answer(people, entries, order, verb):
    clients = browsers(people)

    def cell(name: str, state: str, before: Tables) -> str:
        url, data = address_of(verb, entries[state], people[name], order.day)
        return answered(lambda: clients[name].post(url, data), before)

    assert table(people, entries, cell) == expected(PAGES[verb])


ON_TWO_LEVELS = {
    "check": """
                                                     | submitted checked approved returned
    author co-director other-director editor
    city-editor next-editor district-approver
    next-approver analyst administrator auditor
    ended stranger                                   | 404       404     404      404
    both decider approver substitute                 | 409       409     409      409
    city-approver                                    | done      409     409      409
    nobody                                           | login     login   login    login
    """,
    "check_many": """
                                                     | submitted checked approved returned
    author co-director other-director editor
    city-editor next-editor both decider approver
    district-approver next-approver analyst
    administrator auditor substitute ended stranger  | 200       200     200      200
    city-approver                                    | done      200     200      200
    nobody                                           | login     login   login    login
    """,
    "approve": """
                                                     | submitted checked approved returned
    author co-director other-director editor
    city-editor next-editor district-approver
    next-approver analyst administrator auditor
    ended stranger                                   | 404       404     404      404
    both decider approver substitute                 | 409       done    409      409
    city-approver                                    | 409       409     409      409
    nobody                                           | login     login   login    login
    """,
    "approve_many": """
                                                     | submitted checked approved returned
    author co-director other-director editor
    city-editor next-editor city-approver
    district-approver next-approver analyst
    administrator auditor ended stranger             | 200       200     200      200
    both decider approver substitute                 | 200       done    200      200
    nobody                                           | login     login   login    login
    """,
    "return": """
                                                     | submitted checked approved returned
    author co-director other-director editor
    city-editor next-editor district-approver
    next-approver analyst administrator auditor
    ended stranger                                   | 404       404     404      404
    both decider approver city-approver substitute   | done      done    409      409
    nobody                                           | login     login   login    login
    """,
    "revoke": """
                                                     | submitted checked approved returned
    author co-director other-director editor
    city-editor next-editor district-approver
    next-approver analyst administrator auditor
    ended stranger                                   | 404       404     404      404
    both approver city-approver substitute           | 409       409     done     409
    decider                                          | 409       409     409      409
    nobody                                           | login     login   login    login
    """,
}


@pytest.mark.parametrize("verb", ON_TWO_LEVELS)
def test_pages_of_an_answer_where_the_district_checks_first(school, people, entries, order, verb):
    """Checked by `city-approver`. The district's turn, then the region's; either may return."""
    clients = browsers(people)
    states = {state: entries[state] for state in ("submitted", "checked", "approved", "returned")}

    def cell(name: str, state: str, before: Tables) -> str:
        url, data = address_of(verb, states[state], people[name], order.day)
        return answered(lambda: clients[name].post(url, data), before)

    with two_levels(school):
        assert table(people, states, cell) == expected(ON_TWO_LEVELS[verb])


VERBS: dict[str, Any] = {
    "discard": lambda entry, by, now: workflow.discard_draft(entry, by=by, now=now),
    Verb.SUBMIT: lambda entry, by, now: workflow.submit(entry, by=by, now=now),
    Verb.WITHDRAW: lambda entry, by, now: workflow.withdraw(entry, by=by, now=now),
    Verb.APPROVE: lambda entry, by, now: workflow.approve(entry, by=by, now=now, shown=entry.content_hash),
    Verb.RETURN: lambda entry, by, now: workflow.return_entry(
        entry, by=by, now=now, shown=entry.content_hash, reason=ReturnReason.UNCLEAR, note="Түсініксіз"
    ),
    Verb.CHECK: lambda entry, by, now: workflow.check(entry, by=by, now=now, shown=entry.content_hash),
    Verb.REVOKE: lambda entry, by, now: workflow.revoke(entry, by=by, now=now, note="Қате"),
}


BY_HANDS = {
    "discard": """
                                          | draft submitted checked approved returned withdrawn revoked
    author                                | done  Stale     Stale   Stale    Stale    Stale     Stale
    editor decider city-approver approver | Stale Stale     Stale   Stale    Stale    Stale     Stale
    """,
    "submit": """
                                                 | draft submitted checked approved returned withdrawn revoked
    author editor decider city-approver approver | done  Stale     Stale   Stale    Stale    Stale     Stale
    """,
    "withdraw": """
                                                 | draft submitted checked approved returned withdrawn revoked
    author editor decider city-approver approver | Stale done      done    Stale    Stale    Stale     Stale
    """,
    "check": """
                                   | draft submitted  checked approved returned withdrawn revoked
    author                         | Own   Own        Own     Own      Own      Own       Own
    editor                         | Stale Own        Own     Own      Own      Own       Own
    decider city-approver approver | Stale OtherLevel Stale   Stale    Stale    Stale     Stale
    """,
    "approve": """
                     | draft submitted checked  approved returned withdrawn revoked
    author           | Own   Own       Own      Own      Own      Own       Own
    editor           | Stale Own       Own      Own      Own      Own       Own
    decider approver | Stale done      done     Stale    Stale    Stale     Stale
    city-approver    | Stale done      OwnCheck Stale    Stale    Stale     Stale
    """,
    "return": """
                                   | draft submitted checked approved returned withdrawn revoked
    author                         | Own   Own       Own     Own      Own      Own       Own
    editor                         | Stale Own       Own     Own      Own      Own       Own
    decider city-approver approver | Stale done      done    Stale    Stale    Stale     Stale
    """,
    "revoke": """
                  | draft submitted checked approved returned withdrawn revoked
    author        | Own   Own       Own     Own      Own      Own       Own
    editor        | Stale Own       Own     Own      Own      Own       Own
    decider       | Stale Stale     Stale   Own      Own      Stale     Own
    city-approver | Stale Stale     Own     done     Stale    Stale     Stale
    approver      | Stale Stale     Stale   done     Stale    Stale     Stale
    """,
}
WORDS = {"StaleDecision": "Stale", "OwnEntry": "Own"}


@pytest.mark.parametrize("verb", BY_HANDS)
def test_verbs_of_an_answer_by_every_hand(school, people, fixed_now, verb):
    """Written by `author`, sent by `editor`, decided by `decider`, revoked by `city-approver`. Whose answer may be
    submitted or taken back is the pages' to say."""
    made = in_each_state(school, people, submitted_by=people["editor"])

    def cell(name: str, state: str, before: Tables) -> str:
        entry = StatusEntry.objects.select_related("item__institution").get(pk=made[state].pk)
        said = raised(lambda: VERBS[verb](entry, people[name], fixed_now), before, workflow.Refused)
        return WORDS.get(said, said)

    assert table(["author", "editor", "decider", "city-approver", "approver"], made, cell) == expected(BY_HANDS[verb])


# --- quarters ----------------------------------------------------------------------------------------

QUARTER_PEOPLE = ("author", "editor", "approver", "analyst", "administrator", "second", "substitute", "ended",
                  "auditor", "stranger", "nobody")  # fmt: skip


@pytest.fixture
def ministry(school, order, places, people) -> dict[str, User | None]:
    """The people of the quarters: two administrators, one who stands in for the first, one whose role has ended."""
    first = people["administrator"]
    return {
        **people,
        "second": AdministratorFactory().user,
        "substitute": AdministratorFactory(substitute_for=first, valid_to=order.day).user,
        "ended": AdministratorFactory(valid_to=order.day - DAY).user,
    }


def quarter_in(state: str, now: Any, order: Any) -> Period:
    period = order.period({"open": "2025Q4", "closing": "2026Q1", "closed": "2025Q3", "running": "2026Q2"}[state])
    if state == "closing":
        periods.begin_closing(period, by=None, now=now)
    elif state == "closed":
        periods.close_period(period, by=None, now=now)
    return period


QUARTERS = {
    "begin-closing": """
                                                          | running open  closing closed
    author editor approver analyst ended auditor stranger | 404     404   404     404
    administrator second substitute                       | 409     done  409     409
    nobody                                                | login   login login   login
    """,
    "close": """
                                                          | running open  closing closed
    author editor approver analyst ended auditor stranger | 404     404   404     404
    administrator second substitute                       | 409     done  done    409
    nobody                                                | login   login login   login
    """,
    "reopen": """
                                                          | running open  closing closed
    author editor approver analyst ended auditor stranger | 404     404   404     404
    administrator second substitute                       | 409     409   409     done
    nobody                                                | login   login login   login
    """,
    "exceptions/new": """
                                                          | running open  closing closed
    author editor approver analyst ended auditor stranger | 404     404   404     404
    administrator second substitute                       | 409     409   done    done
    nobody                                                | login   login login   login
    """,
    "exceptions/end": """
                                                          | running open  closing closed
    author editor approver analyst ended auditor stranger | 404     404   404     404
    administrator second substitute                       | done    done  done    done
    nobody                                                | login   login login   login
    """,
}


@pytest.mark.parametrize("act", QUARTERS)
def test_pages_of_a_quarter(ministry, school, fixed_now, order, act):
    states = {state: quarter_in(state, fixed_now, order) for state in ("running", "open", "closing", "closed")}
    clients = browsers({name: ministry[name] for name in QUARTER_PEOPLE})
    granted = {
        state: PeriodException.objects.create(
            period=period, institution=school, until=order.day, reason="Өрт", granted_by=ministry["second"]
        )
        for state, period in states.items()
        if act == "exceptions/end"
    }

    def cell(name: str, state: str, before: Tables) -> str:
        url = f"/quarters/{states[state].code}/{act}/"
        if act == "exceptions/end":
            url = f"/quarters/{states[state].code}/exceptions/{granted[state].pk}/end/"
        data = {"reason": "Қате", "bin": school.bin, "until": order.day.isoformat()}
        return answered(lambda: clients[name].post(url, data), before)

    assert table(QUARTER_PEOPLE, states, cell) == expected(QUARTERS[act])


CONFIRMATIONS = """
                                                              | running open  closing closed confirmed coming
    author co-director editor city-editor both                | done    done  done    409    late      409
    other-director next-editor decider approver city-approver
    district-approver next-approver analyst administrator
    auditor substitute ended stranger                         | 404     404   404     404    404       404
    nobody                                                    | login   login login   login  login     login
"""


def test_pages_of_a_confirmation(people, school, fixed_now, order):
    """`confirmed`: by a colleague; `coming`: has not begun."""
    states = {state: quarter_in(state, fixed_now, order) for state in ("running", "open", "closing", "closed")}
    states |= {"confirmed": order.period("2025Q2"), "coming": order.period("2026Q4")}

    def mark(person: User, period: Period) -> str:
        items = ChecklistItem.objects.filter(institution=school).for_checklist(person, order.day)
        return confirmations.readiness(period, Checklist.read(items, day=order.day), changes=None).mark

    confirmations.confirm(
        school, states["confirmed"], by=people["author"], now=fixed_now,
        shown=mark(people["author"], states["confirmed"]),
    )  # fmt: skip
    clients = browsers(people)

    def cell(name: str, state: str, before: Tables) -> str:
        period, person = states[state], people[name]
        shown = mark(person, period) if person else ""
        url = f"/institutions/{school.bin}/confirm/{period.code}/"
        return answered(lambda: clients[name].post(url, {"shown": shown}), before)

    assert table(people, states, cell) == expected(CONFIRMATIONS)


# --- proposals ---------------------------------------------------------------------------------------

PROPOSALS = {
    "accept": """
                                                               | open  accepted declined withdrawn
    author co-director decider approver city-approver analyst
    auditor substitute                                         | 409   409      409      409
    other-director next-editor district-approver next-approver
    ended stranger                                             | 404   404      404      404
    editor city-editor both administrator                      | done  409      409      409
    nobody                                                     | login login    login    login
    """,
    "decline": """
                                                               | open  accepted declined withdrawn
    author co-director decider approver city-approver analyst
    auditor substitute                                         | 409   409      409      409
    other-director next-editor district-approver next-approver
    ended stranger                                             | 404   404      404      404
    editor city-editor both administrator                      | done  409      409      409
    nobody                                                     | login login    login    login
    """,
    "withdraw": """
                                                               | open  accepted declined withdrawn
    author                                                     | done  409      409      409
    co-director editor city-editor both decider approver
    city-approver analyst administrator auditor substitute     | 409   409      409      409
    other-director next-editor district-approver next-approver
    ended stranger                                             | 404   404      404      404
    nobody                                                     | login login    login    login
    """,
}


@pytest.mark.parametrize("do", PROPOSALS)
def test_pages_of_a_proposal(people, school, places, fixed_now, do):
    """A director's proposal for what the region owns."""
    made: dict[str, ChangeProposal] = {}
    for state in ProposalState:
        made[state.value] = proposals.propose(
            school, what="kind", changes={"kind": "college"}, since=date(2026, 5, 1), reason="Бұйрық",
            by=people["author"], now=fixed_now,
        )  # fmt: skip
        if state == ProposalState.WITHDRAWN:
            proposals.withdraw(made[state.value], by=people["author"], now=fixed_now)
        elif state != ProposalState.OPEN:
            decided = {"state": state, "decided_by": people["city-editor"], "decided_at": fixed_now}
            note = {"decision_note": "Жоқ"} if state == ProposalState.DECLINED else {}
            ChangeProposal.objects.filter(pk=made[state.value].pk).update(**decided, **note)
        else:
            ChangeProposal.objects.filter(pk=made["open"].pk).update(what="other")  # one of a kind waits at a time
    ChangeProposal.objects.filter(pk=made["open"].pk).update(what="kind")
    clients = browsers(people)

    def cell(name: str, state: str, before: Tables) -> str:
        url = f"/institutions/proposals/{made[state].pk}/"
        return answered(lambda: clients[name].post(url, {"do": do, "note": "Жоқ"}), before)

    assert table(people, made, cell) == expected(PROPOSALS[do])


# --- mergers -----------------------------------------------------------------------------------------

MERGERS = """
                                                           | merge merged closed itself abroad undo  undo-again
    author co-director other-director next-editor decider
    approver city-approver district-approver next-approver
    analyst auditor substitute ended stranger              | 404   404    404    404    404    404   404
    editor city-editor both                                | done  422    422    404    404    done  409
    administrator                                          | done  422    422    404    done   done  409
    nobody                                                 | login login  login  login  login  login login
"""


def test_pages_of_a_merger(people, school, places, fixed_now):
    """`merge`: two open ones; `merged`: the duplicate is one already; `closed`: what is to be kept is closed."""
    twin, third, gone = InstitutionFactory.create_batch(3, locality=places.city, large_city=places.large_city)
    neighbour = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    since = date(2026, 5, 1)
    by = people["editor"]
    in_force = merging.merge(third, into=school, since=since, reason="Қайталама", carry=[], by=by, now=fixed_now)
    undone = merging.merge(gone, into=school, since=since, reason="Қайталама", carry=[], by=by, now=fixed_now)
    merging.undo(undone, by=by, now=fixed_now, reason="Екеу")
    addresses = {
        "merge": f"/institutions/{school.bin}/merge/{twin.bin}/",
        "merged": f"/institutions/{twin.bin}/merge/{third.bin}/",
        "closed": f"/institutions/{third.bin}/merge/{twin.bin}/",
        "itself": f"/institutions/{school.bin}/merge/{school.bin}/",
        "abroad": f"/institutions/{school.bin}/merge/{neighbour.bin}/",
        "undo": f"/institutions/mergers/{in_force.pk}/undo/",
        "undo-again": f"/institutions/mergers/{undone.pk}/undo/",
    }
    clients = browsers(people)

    def cell(name: str, what: str, before: Tables) -> str:
        data = {"since": "2026-05-02", "reason": "Қайталама"}
        return answered(lambda: clients[name].post(addresses[what], data), before)

    assert table(people, addresses, cell) == expected(MERGERS)


# --- lists -------------------------------------------------------------------------------------------

LISTS = {
    "apply": """
                                    | queued checking checked applying applied undoing undone refused discarded failed
    author co-director
    other-director city-editor
    next-editor both decider
    approver city-approver
    district-approver next-approver
    analyst auditor substitute
    ended stranger                  | 404    404      404     404      404     404     404    404     404       404
    editor administrator            | late   late     done    late     late    late    late   late    late      late
    nobody                          | login  login    login   login    login   login   login  login   login     login
    """,
    "undo": """
                                    | queued checking checked applying applied undoing undone refused discarded failed
    author co-director
    other-director city-editor
    next-editor both decider
    approver city-approver
    district-approver next-approver
    analyst auditor substitute
    ended stranger                  | 404    404      404     404      404     404     404    404     404       404
    editor administrator            | late   late     late    late     done    late    late   late    late      late
    nobody                          | login  login    login   login    login   login   login  login   login     login
    """,
    "discard": """
                                    | queued checking checked applying applied undoing undone refused discarded failed
    author co-director
    other-director city-editor
    next-editor both decider
    approver city-approver
    district-approver next-approver
    analyst auditor substitute
    ended stranger                  | 404    404      404     404      404     404     404    404     404       404
    editor administrator            | late   late     done    late     late    late    late   late    late      late
    nobody                          | login  login    login   login    login   login   login  login   login     login
    """,
}


@pytest.mark.parametrize("verb", LISTS)
def test_pages_of_a_list(people, fixed_now, order, monkeypatch, verb):
    """A list of institutions that `editor` uploaded, in each of its states; what a worker does comes after."""
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: None)
    runs = {
        state.value: ImportRun.objects.create(
            state=state, file_name="тізім.csv", file_hash="0" * 64, file_size=1, since=order.day,
            uploaded_by=people["editor"], uploaded_at=fixed_now, applied_by=people["editor"], applied_at=fixed_now,
        )
        for state in ImportState
    }  # fmt: skip
    clients = browsers(people)

    def cell(name: str, state: str, before: Tables) -> str:
        return answered(lambda: clients[name].post(f"/imports/{runs[state].pk}/{verb}/"), before)

    assert table(people, runs, cell) == expected(LISTS[verb])


# --- inspections -------------------------------------------------------------------------------------

INSPECTIONS = """
                                                                | record own   revoke revoke-again
    author co-director other-director editor city-editor
    next-editor district-approver next-approver analyst auditor
    ended stranger                                              | 404    404   404    404
    both                                                        | done   422   late   late
    decider city-approver substitute                            | done   done  late   late
    approver administrator                                      | done   done  done   late
    nobody                                                      | login  login login  login
"""


def test_pages_of_an_inspection(people, school, fixed_now, order):
    """Recorded by `approver`; `own`: about an item that the author and `both` (who sent it) answered."""
    items = ChecklistItem.objects.filter(institution=school, listed=True).select_related("requirement").order_by("pk")
    in_force = InspectionFactory(item=items[0], by=people["approver"])
    revoked = InspectionFactory(item=items[1], by=people["approver"])
    inspections.revoke(revoked, by=people["approver"], now=fixed_now, note="Қате")
    answered_by_both = EntryFactory(item=items[2], to="submitted", author=people["both"])
    clients = browsers(people)

    def cell(name: str, what: str, before: Tables) -> str:
        url = f"/institutions/{school.bin}/inspections/new/"
        item = answered_by_both.item if what == "own" else items[0]
        data = {"held_on": order.day.isoformat(), "inspector": "Комитет", "note": "Қате"}
        data[f"item-{item.requirement.code}"] = Status.MET.value
        if what.startswith("revoke"):
            url = f"/inspections/{(revoked if what == 'revoke-again' else in_force).pk}/revoke/"
        return answered(lambda: clients[name].post(url, data), before)

    assert table(people, ["record", "own", "revoke", "revoke-again"], cell) == expected(INSPECTIONS)
