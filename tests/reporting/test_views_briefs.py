"""Pages of briefs: who may see and make them, progress, refusal, figures and their doors, the file."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from compliance.enums import Measure, Status
from institutions.enums import Kind
from institutions.models import Journal
from reporting import publishing
from reporting.enums import BriefState
from reporting.models import Brief
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    InstitutionFactory,
    UserFactory,
)
from tests.reading import read_through

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
LIST = reverse("reporting:briefs")
NEW = reverse("reporting:brief_new")
PDF = b"%PDF-1.7 a brief"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(brief: Brief, name: str = "brief") -> str:
    return reverse(f"reporting:{name}", args=[brief.pk])


def answer(institution, measure, status=Status.MET) -> None:
    EntryFactory(item=ItemFactory(institution=institution, measure=measure), status=status, approved=True)


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def messages_sent(monkeypatch) -> list[tuple[str, dict]]:
    """The hints to the workers, in place of a broker."""
    sent = []
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: sent.append((task, arguments)))
    return sent


@pytest.fixture
def registry(fixed_now, order, places, messages_sent):
    made = {
        "school": InstitutionFactory(locality=places.city, large_city=places.large_city),
        "kindergarten": InstitutionFactory(locality=places.city, large_city=places.large_city, kind=Kind.KINDERGARTEN),
        "rural": InstitutionFactory(locality=places.district),
        "college": InstitutionFactory(
            locality=places.capital_district, large_city=places.capital_city, kind=Kind.COLLEGE
        ),
    }
    answer(made["school"], Measure.CCTV_INSTALLED)
    answer(made["rural"], Measure.CCTV_INSTALLED, Status.NOT_MET)
    answer(made["college"], Measure.TURNSTILE)
    answer(made["kindergarten"], Measure.TURNSTILE, Status.PARTLY_MET)
    return made


@pytest.fixture
def brief(registry, order, fixed_now) -> Brief:
    """Asked for and still waiting."""
    return publishing.request_brief(order.period("2026Q2"), language="kk", by=AnalystFactory().user, now=fixed_now)


@pytest.fixture
def ready(brief, fixed_now) -> Brief:
    """Made, without the cost of a real rendering."""
    brief.file.save("2026Q2-kk-1.pdf", ContentFile(PDF), save=False)
    Brief.objects.filter(pk=brief.pk).update(
        state=BriefState.READY,
        progress=100,
        file=brief.file.name,
        file_hash="ab" * 32,
        pages=6,
        claimed_at=fixed_now,
        finished_at=fixed_now,
    )
    brief.refresh_from_db()
    return brief


# --- who ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["brief", "brief_progress", "brief_file", "brief_records"])
def test_the_countrys_briefs_are_not_there_for_regional_people_and_directors(ready, registry, places, name):
    figure = "?measure=turnstile&part=total" if name == "brief_records" else ""
    for user, listed in (
        (ApproverFactory(region=places.region).user, 200),
        (DirectorFactory(institution=registry["school"]).user, 200),
        (UserFactory(), 404),
    ):
        client = signed_in(user)
        answers = [client.get(url).status_code for url in (LIST, NEW, page_of(ready, name) + figure)]
        assert answers == [listed, 404, 404]
        if listed == 200:
            assert list(client.get(LIST).context["page"]) == []
    found = signed_in(AnalystFactory().user).get(page_of(ready, name) + figure)
    read_through(found)
    assert found.status_code == (204 if name == "brief_progress" else 200)


def test_a_stranger_is_asked_to_sign_in(ready):
    for url in (LIST, NEW, page_of(ready), page_of(ready, "brief_file")):
        assert Client().get(url).url == f"{reverse('account_login')}?next={url}"


def test_an_auditor_reads_briefs_and_cannot_make_one(ready, order):
    client = signed_in(AuditorFactory().user)
    listed = client.get(LIST)
    assert [row.pk for row in listed.context["page"]] == [ready.pk]
    assert NEW not in listed.content.decode()
    assert client.get(page_of(ready)).status_code == 200
    assert client.get(NEW).status_code == 404
    assert client.post(NEW, {"period": "2026Q1", "language": "kk"}).status_code == 404
    assert Brief.objects.count() == 1


# --- a new one -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("factory", [AnalystFactory, AdministratorFactory])
def test_the_ministry_asks_for_a_brief_and_is_led_to_its_progress(
    registry, messages_sent, factory, django_capture_on_commit_callbacks
):
    user = factory().user
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in(user).post(NEW, {"period": "2026Q2", "language": "kk"})
    brief = Brief.objects.get()
    assert (response.status_code, response.url) == (302, page_of(brief))
    assert (brief.period.code, brief.language, brief.state, brief.requested_by) == ("2026Q2", "kk", "queued", user)
    assert (publishing.MAKE, {"brief": brief.pk}) in messages_sent


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_brief_is_asked_for_in_each_of_its_languages(registry, language):
    client = signed_in(AnalystFactory().user)
    offered = client.get(NEW).context["form"].fields["language"].choices
    assert offered == [("kk", "Қазақша"), ("ru", "Русский"), ("en", "English")]
    client.post(NEW, {"period": "2026Q2", "language": language})
    brief = Brief.objects.get()
    assert (brief.language, brief.snapshot["lang"]) == (language, language)


def test_asking_again_for_the_same_figures_leads_to_the_same_brief(brief):
    response = signed_in(AnalystFactory().user).post(NEW, {"period": "2026Q2", "language": "kk"})
    assert (response.url, Brief.objects.count()) == (page_of(brief), 1)


def test_only_quarters_that_have_begun_can_be_chosen(registry):
    client = signed_in(AnalystFactory().user)
    offered = [str(value) for value, _label in client.get(NEW).context["form"].fields["period"].choices]
    assert (offered[0], offered[-1], "2026Q3" in offered) == ("2026Q2", "2022Q2", False)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"period": "2026Q3", "language": "kk"}, {"period"}),
        ({"period": "кеше", "language": "kk"}, {"period"}),
        ({"language": "kk"}, {"period"}),
        ({"period": "2026Q2", "language": "fr"}, {"language"}),
    ],
)
def test_a_wrong_wish_is_told_and_makes_nothing(registry, typed, wrong):
    response = signed_in(AnalystFactory().user).post(NEW, typed)
    assert (response.status_code, set(response.context["form"].errors)) == (422, wrong)
    assert Brief.objects.count() == 0


def test_figures_that_move_are_told_and_the_quarter_stays_chosen(registry, monkeypatch):
    def moving(*args, **kwargs):
        raise publishing.SnapshotMoved("2026Q1")

    monkeypatch.setattr(publishing, "request_brief", moving)
    response = signed_in(AnalystFactory().user).post(NEW, {"period": "2026Q1", "language": "kk"})
    assert response.status_code == 422
    assert "The figures are moving just now." in response.content.decode()
    assert '<option value="2026Q1" selected>' in response.content.decode()


# --- progress --------------------------------------------------------------------------------------------


def test_an_unfinished_brief_asks_for_its_progress_and_has_a_link_for_those_without_script(brief):
    Brief.objects.filter(pk=brief.pk).update(state=BriefState.RENDERING, progress=30)
    client = signed_in(AnalystFactory().user)
    text = client.get(page_of(brief)).content.decode()
    assert f'hx-get="{page_of(brief, "brief_progress")}" hx-trigger="every 1s"' in text
    assert f'<noscript><a class="btn" href="{page_of(brief)}">' in text
    bar = client.get(page_of(brief, "brief_progress")).content.decode()
    assert '<progress class="q-bar" max="100" value="30"' in bar
    assert "<html" not in bar


@pytest.mark.parametrize("state", [BriefState.REFUSED, BriefState.FAILED])
def test_a_finished_brief_has_its_page_loaded_again(brief, state):
    Brief.objects.filter(pk=brief.pk).update(state=state, progress=100)
    response = signed_in(AnalystFactory().user).get(page_of(brief, "brief_progress"))
    assert (response.status_code, response.headers["HX-Refresh"]) == (204, "true")


def test_the_page_of_a_finished_brief_does_not_ask_for_progress(ready):
    assert "hx-get" not in signed_in(AnalystFactory().user).get(page_of(ready)).content.decode()


def test_a_failed_brief_says_why_and_can_be_tried_again_by_those_who_make_briefs(brief):
    Brief.objects.filter(pk=brief.pk).update(state=BriefState.FAILED, error="OSError: no font")
    for factory, offered in ((AnalystFactory, True), (AuditorFactory, False)):
        text = signed_in(factory().user).get(page_of(brief)).content.decode()
        assert "OSError: no font" in text
        assert (f'action="{NEW}"' in text) is offered
    signed_in(AnalystFactory().user).post(NEW, {"period": "2026Q2", "language": "kk"})
    brief.refresh_from_db()
    assert (brief.state, brief.error) == ("queued", "")


def test_a_refused_brief_shows_its_findings_and_has_no_file(brief, places):
    finding = {
        "rule": "covered_exceeds_total",
        "measure": "turnstile",
        "kind": "school",
        "place": places.large_city.line,
        "printed": "105-тен 134",
        "expected": "134-тен 105",
        "message": "Тым көп",
    }
    Brief.objects.filter(pk=brief.pk).update(state=BriefState.REFUSED, progress=100, findings=[finding])
    client = signed_in(AnalystFactory().user)
    response = client.get(page_of(brief))
    (shown,) = response.context["findings"]
    assert (shown.place, shown.printed, shown.expected, shown.message) == (
        places.large_city.line,
        "105-тен 134",
        "134-тен 105",
        "Тым көп",
    )
    assert (shown.rule, shown.measure, shown.kind) == ("more are covered than there are", "turnstile", "school")
    assert "105-тен 134" in response.content.decode()
    assert client.get(page_of(brief, "brief_file")).status_code == 404


# --- the file ----------------------------------------------------------------------------------------------


def test_the_file_is_an_attachment_with_a_name_and_its_download_is_noted(ready):
    user = AuditorFactory().user
    response = signed_in(user).get(page_of(ready, "brief_file"))
    assert b"".join(response.streaming_content) == PDF
    assert (response.headers["Content-Type"], response.headers["Content-Disposition"]) == (
        "application/pdf",
        'attachment; filename="brief-2026Q2-kk.pdf"',
    )
    row = Journal.objects.get(action="brief.download")
    assert (row.user, row.subject, row.after) == (user, f"brief:{ready.pk}", {"number": ready.number})


def test_there_is_no_file_before_it_is_ready(brief):
    assert signed_in(AnalystFactory().user).get(page_of(brief, "brief_file")).status_code == 404
    assert Journal.objects.filter(action="brief.download").count() == 0


# --- figures -----------------------------------------------------------------------------------------------


def test_the_page_names_what_is_frozen_in_the_brief(ready):
    response = signed_in(AnalystFactory().user).get(page_of(ready))
    facts = {fact.label: fact.value for fact in response.context["snapshot_facts"]}
    assert (facts["Institutions"], facts["of them in the 25 large cities"]) == (4, 3)
    assert (facts["As of"], facts["SHA-256 of the snapshot"]) == ("20.05.2026", ready.snapshot_hash)
    own = {fact.label: fact.value for fact in response.context["facts"]}
    assert (own["Pages"], own["SHA-256 of the file"], own["Number"]) == (6, "ab" * 32, ready.number)


def test_the_figures_are_those_of_the_snapshot_not_of_today(ready, registry, places):
    answer(registry["kindergarten"], Measure.CCTV_INSTALLED)
    figures = signed_in(AnalystFactory().user).get(page_of(ready)).context["figures"]
    assert [(line.code, line.figures[0].covered, line.figures[0].total) for line in figures.headlines] == [
        ("cctv_installed", 1, 4),
        ("cctv_connected", 0, 4),
        ("licensed_guard", 0, 3),
        ("panic_button", 0, 3),
        ("turnstile", 1, 3),
    ]
    assert [(line.label, [(figure.covered, figure.total) for figure in line.figures]) for line in figures.lines] == [
        (places.capital.short_kk, [(0, 1), (0, 0), (0, 0), (0, 1)]),
        (places.region.short_kk, [(1, 3), (0, 1), (1, 2), (0, 0)]),
    ]


@pytest.mark.parametrize("measure", list(Measure))
def test_every_figure_of_a_brief_opens_exactly_its_institutions(ready, measure):
    client = signed_in(AnalystFactory().user)
    figures = client.get(page_of(ready), {"measure": measure}).context["figures"]
    assert figures.measure.code == measure
    opened = 0
    for line in [figures.measure, *figures.lines]:
        for figure in line.figures:
            for part, expected in (
                ("covered", figure.covered),
                ("total", figure.total),
                ("not_covered", figure.missing),
            ):
                response = client.get(f"{figure.door}&part={part}")
                assert response.context["page"].paginator.count == expected, (figure.door, part)
                opened += expected
    assert opened


def test_the_records_are_those_that_were_frozen(ready, registry, places):
    answer(registry["rural"], Measure.CCTV_INSTALLED)
    asked = {"measure": "cctv_installed", "place": places.region.code, "kind": "school", "part": "not_covered"}
    response = signed_in(AnalystFactory().user).get(page_of(ready, "brief_records"), asked)
    assert [institution.pk for institution, _status in response.context["rows"]] == [registry["rural"].pk]
    assert places.region.short_kk in response.content.decode()


def test_reading_the_gaps_behind_a_brief_is_noted(ready):
    user = AuditorFactory().user
    client = signed_in(user)
    client.get(page_of(ready, "brief_records"), {"measure": "turnstile", "part": "covered"})
    client.get(page_of(ready, "brief_records"), {"measure": "turnstile", "part": "not_covered"})
    row = Journal.objects.get(action="brief.records")
    assert (row.user, row.subject, row.after) == (
        user,
        f"brief:{ready.pk}",
        {"measure": "turnstile", "part": "not_covered"},
    )


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"measure": "turnstile"},
        {"measure": "moat", "part": "total"},
        {"measure": "turnstile", "part": "total", "kind": "university"},
        {"measure": "turnstile", "part": "total", "ownership": "church"},
        {"measure": "cctv_installed", "part": "total", "place": "KZ-99"},
    ],
)
def test_a_figure_that_the_brief_does_not_have_is_not_found(ready, asked):
    assert signed_in(AnalystFactory().user).get(page_of(ready, "brief_records"), asked).status_code == 404


# --- cost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [0, 2])
def test_the_lists_queries_do_not_grow(ready, order, fixed_now, django_assert_num_queries, more):
    for code in ("2026Q1", "2025Q4")[:more]:
        publishing.request_brief(order.period(code), language="kk", by=UserFactory(), now=fixed_now)
    client = signed_in(AnalystFactory().user)
    with django_assert_num_queries(9):
        response = client.get(LIST)
    assert len(response.context["page"].object_list) == 1 + more


def test_the_list_does_not_read_the_figures(ready, django_assert_num_queries):
    (row,) = signed_in(AnalystFactory().user).get(LIST).context["page"].object_list
    assert {"snapshot", "records", "findings"} <= row.get_deferred_fields()
