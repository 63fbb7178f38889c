"""Two quarters compared: frozen as each was known at its close, asked for, made, and opened to its institutions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from compliance import enrolment, workflow
from compliance.enums import Measure, Status
from compliance.periods import close_period
from institutions.enums import Lifecycle
from institutions.models import Journal
from reporting import comparisons, publishing, rendering
from reporting.brief.comparison_facts import WAYS, WHOLE
from reporting.enums import BriefKind, BriefState
from reporting.models import Brief
from reporting.snapshot import PeriodNotReady
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import AnalystFactory, ApproverFactory, InstitutionFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
EARLIER, LATER = "2026Q1", "2026Q2"
CCTV = Measure.CCTV_INSTALLED
NEW = reverse("reporting:brief_new")


def answer(institution, since, status=Status.MET, until=None):
    EntryFactory(
        item=ItemFactory(institution=institution), status=status, effective_on=since, valid_until=until, approved=True
    )


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: None)


@pytest.fixture
def quick(monkeypatch):
    """A file at once: what WeasyPrint makes is tested where it is made."""
    monkeypatch.setattr(rendering, "render_pdf", lambda html, **options: rendering.Pdf(b"%PDF-1.7 " + html.encode(), 6))


@pytest.fixture
def schools(fixed_now, order, places):
    """One for each way between the quarters, and one that met the requirement all the time."""
    spring = date(2026, 4, 15)
    made = {
        name: InstitutionFactory(locality=places.city, large_city=places.large_city)
        for name in ("stays", "gained", "lost", "left")
    }
    answer(made["stays"], date(2026, 2, 1))
    answer(made["gained"], spring)
    answer(made["lost"], date(2026, 2, 1), until=spring)
    answer(made["left"], date(2026, 2, 1))
    enrolment.change_institution(
        made["left"], since=spring, by=None, now=fixed_now, reason="жабылды", lifecycle=Lifecycle.CLOSED
    )
    made["joined"] = InstitutionFactory(locality=places.capital_district, since=spring)
    answer(made["joined"], spring)
    return made


def ask(order, now, *, by=None, earlier=EARLIER):
    return publishing.request_brief(
        order.period(LATER),
        language="kk",
        by=by,
        now=now,
        subject=publishing.Subject.comparison(order.period(earlier)),
    )


def spans(brief):
    return brief.snapshot["bridges"][CCTV]


# --- frozen -----------------------------------------------------------------------------------------------


def test_the_bridge_leads_from_the_one_quarter_to_the_other(schools, order, fixed_now, places):
    brief = ask(order, fixed_now)
    whole = {"before": 3, "gained": 1, "joined": 1, "lost": 1, "left": 1, "after": 3}
    assert spans(brief)[WHOLE] == whole
    assert spans(brief)[places.region.code] == whole | {"joined": 0, "after": 2}
    assert spans(brief)[places.capital.code] == dict.fromkeys(whole, 0) | {"joined": 1, "after": 1}
    sides = [brief.snapshot[side] for side in ("before", "after")]
    assert [side["as_of"] for side in sides] == ["2026-03-31", "2026-05-20"]
    headlines = [side["measures"][0]["headline"]["all"] for side in sides]
    assert [(one["total"], one["covered"]) for one in headlines] == [(4, 3), (4, 3)]


def test_each_way_opens_those_who_went_it(schools, order, fixed_now, places):
    brief = ask(order, fixed_now)
    opened = {way: list(publishing.records_of(brief, CCTV, part=way)) for way in WAYS}
    assert opened == {way: [schools[way]] for way in WAYS}
    here = publishing.records_of(brief, CCTV, part="joined", place=places.region.code)
    assert list(here) == []
    earlier = publishing.records_of(brief, CCTV, part="covered", earlier=True)
    assert set(earlier) == {schools["stays"], schools["lost"], schools["left"]}


def test_a_closed_quarter_is_compared_as_it_was_known_at_its_close(schools, order, fixed_now):
    closed = fixed_now - timedelta(days=1)
    close_period(order.period(EARLIER), by=None, now=closed)
    (late,) = schools["lost"].items.filter(requirement__measure=CCTV).get().entries.all()
    workflow.revoke(late, by=UserFactory(), now=fixed_now + timedelta(days=1), note="Қате")
    brief = ask(order, fixed_now + timedelta(days=1))
    before, after = brief.snapshot["before"], brief.snapshot["after"]
    known_at_its_close = order.period(EARLIER).closed_on.isoformat()
    assert (before["period"]["closed"], before["known_on"]) == (True, known_at_its_close)
    assert (after["period"]["closed"], after["known_on"]) == (False, "2026-05-21")
    assert spans(brief)[WHOLE] == {"before": 3, "gained": 1, "joined": 1, "lost": 1, "left": 1, "after": 3}


def test_the_same_two_quarters_are_the_same_comparison(schools, order, fixed_now):
    first, again = ask(order, fixed_now), ask(order, fixed_now + timedelta(hours=1))
    assert (again.pk, again.kind, again.subject, again.number) == (
        first.pk,
        BriefKind.COMPARISON,
        "KZ/2026Q1",
        "117-2026-2/1",
    )


@pytest.mark.parametrize("earlier", [LATER, "2026Q3"])
def test_a_quarter_is_compared_with_an_earlier_one_alone(schools, order, fixed_now, earlier):
    with pytest.raises(comparisons.NotEarlier, match=earlier):
        ask(order, fixed_now, earlier=earlier)


def test_a_quarter_that_counts_nobody_cannot_be_compared_with(schools, order, fixed_now):
    with pytest.raises(PeriodNotReady, match="2022Q2"):  # the schools opened in the third
        ask(order, fixed_now, earlier="2022Q2")


# --- made ---------------------------------------------------------------------------------------------------


def test_it_passes_its_gate_and_is_made(schools, order, fixed_now, quick):
    brief = ask(order, fixed_now)
    publishing.make(brief.pk, now=fixed_now)
    brief.refresh_from_db()
    assert (brief.state, brief.findings, brief.official_use) == (BriefState.READY, [], False)
    assert {check["state"] for check in brief.checks} == {"passed"}


def test_one_that_was_changed_is_refused_by_name(schools, order, fixed_now, quick):
    brief = ask(order, fixed_now)
    spans(brief)[WHOLE]["gained"] = 7
    Brief.objects.filter(pk=brief.pk).update(snapshot=brief.snapshot)
    publishing.make(brief.pk, now=fixed_now)
    brief.refresh_from_db()
    assert brief.state == BriefState.REFUSED
    assert "bridge_adds_up" in {finding["rule"] for finding in brief.findings}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--against=2026Q1"], None),
        (["--against=2026Q2"], "--against: 2026Q2 is not earlier than 2026Q2"),
        (["--against=1999Q1"], "1999Q1"),
        (["--against=2026Q1", "--scope=KZ-35"], "--against: only the country's figures are compared"),
    ],
)
def test_the_command_compares(schools, tmp_path, quick, options, said):
    target = tmp_path / "comparison.txt"
    asked = ["make_brief", "--period=2026Q2", f"--output={target}", "--text", *options]
    if said is None:
        call_command(*asked)
        assert "қамту" in target.read_text(encoding="utf-8")
    else:
        with pytest.raises(CommandError, match=said) as refused:
            call_command(*asked)
        assert refused.value.returncode == 2
        assert not target.exists()


# --- its pages ----------------------------------------------------------------------------------------------


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_is_asked_for_on_the_page_of_a_new_brief(schools):
    client = signed_in(AnalystFactory().user)
    asked = {"period": LATER, "against": EARLIER, "subject": "", "language": "ru"}
    answered = client.post(NEW, asked)
    brief = Brief.objects.get()
    assert (answered.status_code, answered.url) == (302, reverse("reporting:brief", args=[brief.pk]))
    assert (brief.kind, brief.against.code, brief.language) == (BriefKind.COMPARISON, EARLIER, "ru")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"against": LATER}, "Choose a quarter that is earlier than the brief&#x27;s own."),
        ({"subject": "KZ-35"}, "Only the country&#x27;s figures are compared: leave the region or this empty."),
        ({"against": "2022Q2"}, "This quarter has no figures yet."),
    ],
)
def test_what_cannot_be_compared_is_said_and_what_was_chosen_stays(schools, changed, said):
    client = signed_in(AnalystFactory().user)
    asked = {"period": LATER, "against": EARLIER, "subject": "", "language": "ru"} | changed
    answered = client.post(NEW, asked)
    page = answered.content.decode()
    assert answered.status_code == 422
    assert said in page
    assert f'<option value="{asked["against"]}" selected' in page
    assert not Brief.objects.exists()


def test_its_page_shows_the_way_between_the_quarters_each_number_a_door(schools, order, fixed_now):
    client = signed_in(AnalystFactory().user)
    brief = ask(order, fixed_now)
    Brief.objects.filter(pk=brief.pk).update(state=BriefState.READY, file="a.pdf", file_hash="ab" * 32)
    found = client.get(reverse("reporting:brief", args=[brief.pk]))
    row = next(measure for measure in found.context["compared"] if "installed" in measure.steps[0].door)
    assert [step.shown for step in row.steps] == ["3", "+1", "+1", "−1", "−1", "3"]
    assert row.points == "0"
    lengths = [client.get(step.door).context["page"].paginator.count for step in row.steps]
    assert lengths == [3, 1, 1, 1, 1, 3]
    assert Journal.objects.filter(action="brief.records").count() == 4  # all but the two of the covered


def test_a_comparison_is_the_ministrys(schools, order, fixed_now, places):
    brief = ask(order, fixed_now)
    page = reverse("reporting:brief", args=[brief.pk])
    assert signed_in(ApproverFactory(region=places.region).user).get(page).status_code == 404
    assert signed_in(AnalystFactory().user).get(page).status_code == 200


def test_a_way_between_quarters_is_no_figure_of_a_single_one(schools, order, fixed_now):
    brief = publishing.request_brief(order.period(LATER), language="kk", by=None, now=fixed_now)
    url = reverse("reporting:brief_records", args=[brief.pk])
    assert signed_in(AnalystFactory().user).get(f"{url}?measure={CCTV}&part=gained").status_code == 404
