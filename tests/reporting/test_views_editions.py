"""The pages of editions: uploading, looking through, putting into force, taking back; and the command."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from compliance import editions
from compliance.models import ComingEdition, Edition, EditionEffect
from institutions.models import Journal
from reporting import edition_previews
from tests.compliance.edition_files import EXAMPLE, FORCE, changed, only_same
from tests.factories.compliance import EntryFactory, ItemFactory
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


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def desk(fixed_now, order, places, source_words):
    """Two administrators, three institutions, one of them with answers."""
    first, second = AdministratorFactory().user, AdministratorFactory().user
    school = InstitutionFactory(locality=places.city, large_city=places.large_city)
    EntryFactory(item=ItemFactory(institution=school, code="ACC-VISITORS"), approved=True)
    InstitutionFactory(locality=places.district, settlement=places.village)
    InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    return SimpleNamespace(
        first=first,
        client=client_of(first),
        second=second,
        other=client_of(second),
        school=school,
        now=fixed_now,
        region=places.region,
    )


def upload(desk, text: str = EXAMPLE) -> ComingEdition:
    file = SimpleUploadedFile("редакция.toml", text.encode())
    answer = desk.client.post(reverse("reporting:edition_new"), {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return ComingEdition.objects.latest("pk")


def worked(desk, coming: ComingEdition) -> ComingEdition:
    edition_previews.work(coming.pk, clock=lambda: desk.now)
    coming.refresh_from_db()
    return coming


@pytest.fixture
def previewed(desk) -> ComingEdition:
    return worked(desk, upload(desk))


def page_of(coming: ComingEdition) -> str:
    return reverse("reporting:edition", args=[coming.pk])


def move(client: Client, coming: ComingEdition, do: str, **more: str):
    return client.post(reverse("reporting:edition_move", args=[coming.pk]), {"do": do, **more}, follow=True)


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_a_file_with_mistakes_comes_back_with_all_of_them(desk):
    text = changed(changed(EXAMPLE, "number = 2", "number = 9"), 'chapter = "training"', 'chapter = "sport"')
    file = SimpleUploadedFile("редакция.toml", text.encode())
    answer = desk.client.post(reverse("reporting:edition_new"), {"file": file})
    assert answer.status_code == 422
    assert "2 mistakes in редакция.toml; nothing was kept" in text_of(answer)
    assert [(one["item"], one["field"]) for one, _words in answer.context["problems"]] == [
        ("", "number"),
        ("RESP-PERSON", "chapter"),
    ]
    assert not ComingEdition.objects.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\xff\xfe", "the file is not UTF-8"), (b"", "The file is empty."), (b"[[[", "not written as TOML")],
)
def test_what_is_no_file_of_an_edition_is_refused(desk, data, said):
    answer = desk.client.post(reverse("reporting:edition_new"), {"file": SimpleUploadedFile("x.toml", data)})
    assert answer.status_code == 422
    assert said in text_of(answer)


def test_the_way_to_the_editions_stands_on_the_page_of_quarters(desk):
    door = f'href="{reverse("reporting:editions")}"'
    assert door in desk.client.get(reverse("compliance:quarters")).content.decode()
    editor = client_of(EditorFactory(region=desk.region).user)
    assert door not in editor.get(reverse("compliance:quarters")).content.decode()


def test_from_the_upload_into_force_and_back(desk):
    coming = upload(desk)
    assert "waits for its preview" in text_of(desk.client.get(page_of(coming)))
    assert desk.client.get(reverse("reporting:edition_progress", args=[coming.pk])).status_code == 200
    worked(desk, coming)
    done = desk.client.get(reverse("reporting:edition_progress", args=[coming.pk]))
    assert (done.status_code, done.headers["HX-Refresh"]) == (204, "true")

    own = text_of(desk.client.get(page_of(coming)))
    assert "Another administrator has to put it into force" in own
    assert 'value="enact"' not in own
    assert "Four eyes" in text_of(move(desk.client, coming, "enact"))
    assert not Edition.objects.filter(code="example-2027").exists()

    assert "is being entered into the ledger" in text_of(move(desk.other, coming, "enact"))
    worked(desk, coming)
    assert "comes into force on its day" in text_of(desk.client.get(page_of(coming)))
    assert "example-2027" in text_of(desk.client.get(reverse("reporting:editions")))
    assert move(desk.client, coming, "withdraw", note="").status_code == 422
    move(desk.client, coming, "withdraw", note="Мерзімі ауысты")
    worked(desk, coming)
    shown = text_of(desk.client.get(page_of(coming)))
    assert "taken back before its day" in shown
    assert "Мерзімі ауысты" in shown
    assert not Edition.objects.filter(code="example-2027").exists()


def test_the_preview_opens_to_the_institutions_behind_each_figure(desk, previewed):
    page = desk.client.get(page_of(previewed))
    opened = 0
    for line in page.context["duties"]:
        for change in ("gained", "lost", "obliged", "released"):
            count = getattr(line, change)
            url = f"{reverse('reporting:edition_effects', args=[previewed.pk])}?requirement={line.code}&change={change}"
            assert desk.client.get(url).context["page"].paginator.count == count
            opened += bool(count)
            assert not count or url.replace("&", "&amp;") in page.content.decode()
    assert opened > 5
    assert sum(counts["gained"] for _region, counts in page.context["regions"]) == sum(
        line.gained for line in page.context["duties"]
    )
    assert Journal.objects.filter(action="edition.list", user=desk.first).exists()


def test_the_preview_tells_of_a_region_and_a_measure(desk, previewed):
    page = desk.client.get(page_of(previewed), {"region": desk.region.code, "measure": "turnstile"})
    book = {line.code: line for line in page.context["duties"]}
    assert (book["ACC-BOOK"].gained, book["ACC-BOOK"].met, book["ACC-BOOK"].unanswered) == (2, 1, 1)
    assert [line.place for line in page.context["by_region"]] == ["KZ-71", "KZ-35"] or {
        line.place for line in page.context["by_region"]
    } == {"KZ-71", "KZ-35"}
    assert desk.client.get(page_of(previewed), {"region": "XX"}).status_code == 404
    assert desk.client.get(page_of(previewed), {"measure": "moat"}).status_code == 404


@pytest.mark.parametrize(("what", "heading"), [("regions", "Region"), ("institutions", "Region")])
def test_the_preview_is_a_workbook_too(desk, previewed, what, heading):
    answer = desk.client.get(reverse("reporting:edition_file", args=[previewed.pk]), {"what": what})
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert rows[0][0] == heading
    effects = EditionEffect.objects.filter(coming=previewed)
    if what == "institutions":
        assert len(rows) == 1 + effects.count()
    else:
        assert sum(int(value) for row in rows[1:] for value in row[3:]) == effects.count()
    assert Journal.objects.filter(action="edition.download", user=desk.first).count() == 1
    assert desk.client.get(reverse("reporting:edition_file", args=[previewed.pk]), {"what": "x"}).status_code == 404


def test_a_quarter_that_is_closed_meanwhile_stands_in_the_way(desk, previewed, order):
    period = order.period("2027Q1")
    period.state = "closing"
    period.save()
    answer = move(desk.other, previewed, "enact")
    assert answer.status_code == 409
    assert "closing or closed" in text_of(answer)
    previewed.refresh_from_db()
    assert previewed.state == "previewed"


@pytest.mark.parametrize("do", ["withdraw", "retry", "nonsense"])
def test_who_comes_too_late_is_told(desk, previewed, do):
    assert "Somebody was faster" in text_of(move(desk.other, previewed, do, note="Кеш"))


def test_an_edition_is_previewed_again_and_thrown_away(desk, previewed):
    move(desk.client, previewed, "preview")
    assert worked(desk, previewed).state == "previewed"
    move(desk.client, previewed, "discard")
    previewed.refresh_from_db()
    assert (previewed.state, EditionEffect.objects.count()) == ("discarded", 0)


def test_answers_that_wait_at_items_which_go_are_told(desk):
    EntryFactory(item=ItemFactory(institution=desk.school, code="TRN-PARENTS"), submitted=True)
    coming = worked(desk, upload(desk))
    assert "1 answer waits for a decision at an item that leaves the list" in text_of(desk.client.get(page_of(coming)))


def test_who_reads_and_who_moves(desk, previewed, places):
    found = {}
    for name, person in (
        ("administrator", AdministratorFactory().user),
        ("analyst", AnalystFactory().user),
        ("auditor", AuditorFactory().user),
        ("editor", EditorFactory(region=places.region).user),
        ("approver", ApproverFactory(region=places.capital).user),
        ("director", DirectorFactory(institution=desk.school).user),
        ("nobody", UserFactory()),
    ):
        client = client_of(person)
        pages = {
            client.get(reverse(f"reporting:{address}", args=arguments)).status_code
            for address, arguments in (
                ("editions", []),
                ("edition", [previewed.pk]),
                ("edition_effects", [previewed.pk]),
                ("edition_example", []),
            )
        }
        upload_page = client.get(reverse("reporting:edition_new")).status_code
        moved = client.post(reverse("reporting:edition_move", args=[previewed.pk]), {"do": "nonsense"}).status_code
        found[name] = (pages, upload_page, moved)
    assert found == {
        "administrator": ({200}, 200, 302),
        **dict.fromkeys(("analyst", "auditor"), ({200}, 404, 404)),
        **dict.fromkeys(("editor", "approver", "director", "nobody"), ({404}, 404, 404)),
    }


@pytest.mark.parametrize("many", [3, 60])
def test_the_lists_ask_as_often_for_many(desk, previewed, places, many, django_assert_num_queries):
    for number in range(many):
        ComingEdition.objects.create(
            code=f"e{number}",
            in_force_from=FORCE,
            base="current",
            file_name="x.toml",
            text="",
            state="discarded",
            uploaded_by=desk.first,
            uploaded_at=desk.now,
        )
    effect = EditionEffect.objects.filter(coming=previewed).first()
    EditionEffect.objects.filter(coming=previewed).exclude(pk=effect.pk).delete()
    for _number in range(many):
        school = InstitutionFactory(locality=places.city, listed=False)
        EditionEffect.objects.create(
            coming=previewed,
            requirement="CCTV",
            institution=school,
            region=places.region,
            change="gained",
            status="met",
        )
    with django_assert_num_queries(LIST):
        desk.client.get(reverse("reporting:editions"))
    with django_assert_num_queries(EFFECTS):
        desk.client.get(reverse("reporting:edition_effects", args=[previewed.pk]))
    with django_assert_num_queries(PAGE):
        desk.client.get(page_of(previewed))


LIST, EFFECTS, PAGE = 9, 29, 23


# --- the command ------------------------------------------------------------------------------------------


def test_the_command_checks_previews_and_enacts(desk, tmp_path):
    file = tmp_path / "edition.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    out = io.StringIO()
    call_command("edition", "check", str(file), stdout=out)
    assert "example-2027: in force from 2027-01-01" in out.getvalue()
    call_command("edition", "enact", str(file), by=desk.first.email, second=desk.second.email, stdout=out)
    assert "SAFE-ROOM: +3 −0" in out.getvalue()
    assert Edition.objects.filter(code="example-2027").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "--by is needed"),
        ({"by": "first"}, "--second is needed"),
        ({"by": "first", "second": "first"}, "Four eyes"),
        ({"by": "nobody@example.kz", "second": "first"}, "is no administrator"),
    ],
)
def test_the_command_asks_for_two_people(desk, tmp_path, options, said):
    file = tmp_path / "edition.toml"
    file.write_text(only_same(), encoding="utf-8")
    people = {name: desk.first.email if who == "first" else who for name, who in options.items()}
    with pytest.raises(CommandError, match=said):
        call_command("edition", "enact", str(file), **people)
    assert not Edition.objects.filter(code="same-2027").exists()


def test_the_command_tells_all_mistakes(desk, tmp_path):
    file = tmp_path / "edition.toml"
    file.write_text("[edition]\n", encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("edition", "check", str(file))
    assert len(str(refused.value).splitlines()) > 60
    with pytest.raises(CommandError):
        call_command("edition", "check", str(tmp_path / "none.toml"))


def test_the_sweep_finds_what_a_lost_message_left(desk):
    coming = upload(desk)
    assert editions.overdue(desk.now) == [coming.pk]
    edition_previews.work(coming.pk, clock=lambda: desk.now)
    assert editions.overdue(desk.now + timedelta(days=1)) == []
