"""Every act on a brief × every state × everybody, by their pages: published, withdrawn, its jumps explained."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from institutions.models import User
from reporting import publishing
from reporting.enums import BriefState, Publication
from reporting.models import Brief, new_code
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
from tests.transitions import answered, browsers, expected, table

pytestmark = pytest.mark.django_db
STATES = ("queued", "checking", "rendering", "signing", "refused", "failed", "ready", "published", "superseded",
          "withdrawn")  # fmt: skip
JUMP = {"rule": "jump", "measure": "turnstile", "kind": "all", "place": "KZ", "printed": "54%", "expected": "20%",
        "message": ""}  # fmt: skip


@pytest.fixture
def people(fixed_now, order, places) -> dict[str, User | None]:
    school = InstitutionFactory(locality=places.city)
    asker = AnalystFactory().user
    return {
        "asker": asker,
        "analyst": AnalystFactory().user,
        "administrator": AdministratorFactory().user,
        "auditor": AuditorFactory().user,
        "substitute": AnalystFactory(substitute_for=asker, valid_to=order.day).user,
        "ended": AnalystFactory(valid_to=order.day - timedelta(days=1)).user,
        "editor": EditorFactory(region=places.region).user,
        "approver": ApproverFactory(region=places.region).user,
        "director": DirectorFactory(institution=school).user,
        "stranger": UserFactory(),
        "nobody": None,
    }


@pytest.fixture
def briefs(people, order, fixed_now, settings, tmp_path, monkeypatch) -> dict[str, Brief]:
    """The country's brief that `asker` asked for, once in each state."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: None)
    first = publishing.request_brief(order.period("2026Q2"), language="kk", by=people["asker"], now=fixed_now)
    first.file.save("a.pdf", ContentFile(b"%PDF-1.7"), save=False)
    made: dict[str, Brief] = {}
    for number, state in enumerate(STATES):
        one = first if number == 0 else copy.copy(first)
        if number:
            one.pk, one.number, one.sequence = None, f"117-2026-2/{number + 1}", number + 1
            one.snapshot_hash, one.code = str(number) * 64, new_code()
        one.state, one.publication = BriefState.READY, Publication.DRAFT
        one.file_hash, one.findings = "0" * 64, [JUMP]
        if state in Publication.values:
            one.publication = Publication(state)
            one.published_by, one.published_at = people["analyst"], fixed_now
            one.superseded_by = made["published"] if state == "superseded" else None
        else:
            one.state = BriefState(state)
        if state == "withdrawn":
            one.withdrawn_by, one.withdrawn_at, one.withdrawal_reason = people["analyst"], fixed_now, "Қате"
        one.save(force_insert=bool(number))
        made[state] = one
    return made


BRIEFS = {
    "publish": """
                               | queued checking rendering signing refused failed ready published superseded withdrawn
    asker                      | late   late     late      late    late    late   late  late      late       late
    analyst administrator
    substitute                 | late   late     late      late    late    late   done  late      late       late
    auditor ended editor
    approver director stranger | 404    404      404       404     404     404    404   404       404        404
    nobody                     | login  login    login     login   login   login  login login     login      login
    """,
    "withdraw": """
                               | queued checking rendering signing refused failed ready published superseded withdrawn
    asker analyst
    administrator substitute   | late   late     late      late    late    late   late  done      late       late
    auditor ended editor
    approver director stranger | 404    404      404       404     404     404    404   404       404        404
    nobody                     | login  login    login     login   login   login  login login     login      login
    """,
    "explain": """
                               | queued checking rendering signing refused failed ready published superseded withdrawn
    asker analyst
    administrator substitute   | late   late     late      late    done    late   late  late      late       late
    auditor ended editor
    approver director stranger | 404    404      404       404     404     404    404   404       404        404
    nobody                     | login  login    login     login   login   login  login login     login      login
    """,
}


@pytest.mark.parametrize("act", BRIEFS)
def test_pages_of_a_brief(people, briefs, act):
    clients = browsers(people)
    data = {"reason": "Қате", "measure": "turnstile", "text": "Қаржы бөлінді"}

    def cell(name: str, state: str, before: Tables) -> str:
        return answered(lambda: clients[name].post(f"/briefs/{briefs[state].pk}/{act}/", data), before)

    assert table(people, briefs, cell) == expected(BRIEFS[act])
