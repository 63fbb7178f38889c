"""The pages of the police's list: who uploads it, what it would change, recorded and taken back; and its command."""

from __future__ import annotations

import io
import json
from datetime import date
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from compliance.enums import ImportKind, Measure, Status
from compliance.imports import applying
from compliance.models import ImportRun, Inspection
from institutions.models import Journal
from tests.compliance.imports.lists import BIN_1, applied, checked, workbook
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    EditorFactory,
    InstitutionFactory,
)

NEW = reverse("compliance:import_new")
HEADINGS = ("БИН", "Подключено", "Примечание")


@pytest.fixture
def desk(fixed_now, order, places, settings, tmp_path, source_words):
    """An approver of the region with a client, and two schools of it that are approved as connected."""
    settings.MEDIA_ROOT = tmp_path / "media"
    approver = ApproverFactory(region=places.region).user
    schools = [InstitutionFactory(locality=places.district, name_kk=f"Мектеп {number}") for number in (1, 2)]
    for school in schools:
        item = ItemFactory(institution=school, measure=Measure.CCTV_CONNECTED)
        EntryFactory(item=item, effective_on=date(2026, 3, 1), approved=True)
    return SimpleNamespace(client=client_of(approver), approver=approver, schools=schools, now=fixed_now)


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def list_of(desk, *more) -> bytes:
    first, second = desk.schools
    return workbook([HEADINGS, [first.bin, "да"], [second.bin, "нет", "акт"], *more])


@pytest.fixture
def run(desk) -> ImportRun:
    data = list_of(desk, [BIN_1, "да"])
    return checked(data, by=desk.approver, since=date(2026, 5, 1), now=desk.now, kind=ImportKind.POLICE, issuer="ІІД")


def page_of(run) -> str:
    return reverse("compliance:import", args=[run.pk])


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_a_list_is_uploaded_looked_through_recorded_and_taken_back(desk, places):
    form = desk.client.get(NEW).context["form"]
    assert form.kinds == [ImportKind.POLICE]
    assert list(form.fields["complete_for"].queryset) == [places.region]
    sent = {
        "file": SimpleUploadedFile("полиция.xlsx", list_of(desk)),
        "kind": "police",
        "since": "2026-05-01",
        "issuer": "Полиция департаменті",
        "complete_for": places.region.code,
    }
    answer = desk.client.post(NEW, sent)
    run = ImportRun.objects.get()
    assert (answer.status_code, run.kind, run.issuer, run.complete_for) == (
        302,
        "police",
        "Полиция департаменті",
        places.region,
    )
    applying.work(run.pk, now=desk.now)
    shown = text_of(desk.client.get(page_of(run)))
    assert "2 = 2 new + 0 changed + 0 unchanged + 0 refused" in shown
    assert "verified as connected: 1" in shown
    assert "verified as not connected: 1" in shown
    assert 'Connected: <del class="text-secondary">–</del> → <ins>not connected</ins>' in shown
    assert desk.client.post(reverse("compliance:import_apply", args=[run.pk])).status_code == 302
    applying.work(run.pk, now=desk.now)
    shown = text_of(desk.client.get(page_of(run)))
    assert "2 verified for the first time, 0 verified anew, 0 left out because something happened meanwhile" in shown
    found = Inspection.objects.get(institution=desk.schools[1])
    assert reverse("compliance:inspection", args=[found.pk]) in shown
    contradictions = desk.client.get(reverse("compliance:contradictions"))
    assert [finding.inspection for finding in contradictions.context["page"]] == [found]
    desk.client.post(reverse("compliance:import_undo", args=[run.pk]))
    applying.work(run.pk, now=desk.now)
    assert "2 taken back, 0 were taken back by hand before or are out of reach" in text_of(
        desk.client.get(page_of(run))
    )
    assert not Inspection.objects.in_force().exists()
    assert not desk.client.get(reverse("compliance:contradictions")).context["page"].object_list


@pytest.mark.parametrize(
    ("show", "rows"), [("connected", [2]), ("apart", [3]), ("again", []), ("implied", []), ("refused", [4])]
)
def test_the_rows_are_narrowed_to_what_they_say(desk, run, show, rows):
    answer = desk.client.get(page_of(run), {"show": show})
    assert [line.row.number for line in answer.context["lines"]] == rows


def test_where_a_complete_list_has_an_illegible_row_the_page_says_what_does_not_follow(desk, places):
    data = list_of(desk, ["12", "да"])
    run = checked(
        data, by=desk.approver, since=date(2026, 5, 1), now=desk.now, kind=ImportKind.POLICE, complete_for=places.region
    )
    assert "Of 1 row nobody can tell the institution" in text_of(desk.client.get(page_of(run)))


def test_what_follows_for_others_is_shown_and_not_in_the_workbook_of_errors(desk, places):
    InstitutionFactory(locality=places.city, name_kk="Аталмаған мектеп")
    run = checked(
        list_of(desk), by=desk.approver, since=date(2026, 5, 1), now=desk.now, kind=ImportKind.POLICE,
        complete_for=places.region,
    )  # fmt: skip
    shown = text_of(desk.client.get(page_of(run), {"show": "implied"}))
    assert "Аталмаған мектеп" in shown
    assert "The list is complete and does not name it" in shown
    assert "1 of them are institutions of the region that the list does not name" in shown
    answer = desk.client.get(reverse("compliance:import_errors", args=[run.pk]))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == [school.bin for school in desk.schools]


@pytest.mark.parametrize(
    ("factory", "kinds", "regions"),
    [
        (lambda places: EditorFactory(region=places.region), ["institutions", "answers"], None),
        (lambda places: AdministratorFactory(), ["institutions", "police"], 2),
        (lambda places: ApproverFactory(locality=places.district), ["police"], 0),
        (lambda places: ApproverFactory(region=places.capital), ["police"], 1),
    ],
    ids=["editor", "administrator", "approver of a district", "approver"],
)
def test_lists_of_the_police_are_for_those_who_verify(desk, places, factory, kinds, regions):
    form = client_of(factory(places).user).get(NEW).context["form"]
    assert form.kinds == kinds
    assert (form.fields["complete_for"].queryset.count() if "complete_for" in form.fields else None) == regions


def test_nobody_declares_a_foreign_region_complete(desk, places):
    sent = {"file": SimpleUploadedFile("x.xlsx", list_of(desk)), "kind": "police", "since": "2026-05-01"}
    answer = desk.client.post(NEW, {**sent, "complete_for": places.capital.code})
    assert (answer.status_code, ImportRun.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        (lambda places: ApproverFactory(region=places.region), (404, 404)),
        (lambda places: ApproverFactory(region=places.capital), (404, 404)),
        (lambda places: EditorFactory(region=places.region), (404, 404)),
        (lambda places: AnalystFactory(), (404, 404)),
        (lambda places: AuditorFactory(), (200, 404)),
        (lambda places: AdministratorFactory(), (200, 302)),
    ],
    ids=["colleague", "neighbour", "editor", "analyst", "auditor", "administrator"],
)
def test_a_list_is_its_uploaders_and_the_ministrys(desk, run, places, factory, expected):
    client = client_of(factory(places).user)
    found = client.get(page_of(run)).status_code
    assert (found, client.post(reverse("compliance:import_apply", args=[run.pk])).status_code) == expected


def test_whoever_lost_a_place_no_longer_sees_a_list_that_names_it(desk, run, places):
    desk.approver.memberships.all().delete()
    ApproverFactory(user=desk.approver, region=places.capital)
    assert desk.client.get(page_of(run)).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_rows_query_count(desk, rows, places, django_assert_num_queries):
    schools = [InstitutionFactory(locality=places.district) for _number in range(rows)]
    data = workbook([HEADINGS, *([school.bin, "да"] for school in schools)])
    run = checked(data, by=desk.approver, since=date(2026, 5, 1), now=desk.now, kind=ImportKind.POLICE)
    applied(run, by=desk.approver, now=desk.now)
    with django_assert_num_queries(14):
        answer = desk.client.get(page_of(run))
    assert len(answer.context["lines"]) == rows


# --- the command ------------------------------------------------------------------------------------------


def told(*arguments: str, **options: object) -> dict[str, object]:
    out = StringIO()
    call_command("import_police_list", *arguments, format="json", stdout=out, **options)
    return json.loads(out.getvalue())


def test_the_command_records_a_list_and_once_more_changes_nothing(desk, places, tmp_path):
    file = tmp_path / "list.xlsx"
    file.write_bytes(list_of(desk))
    asked = {"by": desk.approver.email, "since": "2026-05-01", "issuer": "ІІД", "complete_for": places.region.code}
    first = told(str(file), **asked)
    assert (first["state"], first["rows_read"], first["done_new"]) == ("applied", 2, 2)
    assert set(Inspection.objects.values_list("inspector", "findings__status")) == {
        ("ІІД", Status.MET),
        ("ІІД", Status.NOT_MET),
    }
    again = told(str(file), **asked)
    assert (again["rows_unchanged"], again["done_new"], Inspection.objects.count()) == (2, 0, 2)
    assert Journal.objects.filter(action="import.apply").count() == 1


def test_the_command_ends_with_1_where_rows_were_refused(desk, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"БИН;Подключено\n{desk.schools[0].bin};да\n{BIN_1};да\n")
    with pytest.raises(CommandError, match="Left out: 1 rows") as refused:
        told(str(file), by=desk.approver.email)
    assert refused.value.returncode == 1
    assert Inspection.objects.count() == 1


@pytest.mark.parametrize("option", [{"complete_for": "KZ-71"}, {"since": "2030-01-01"}, {"by": "editor"}])
def test_the_command_says_what_is_wrong(desk, places, tmp_path, option):
    file = tmp_path / "list.xlsx"
    file.write_bytes(list_of(desk))
    if option.get("by"):
        option = {"by": EditorFactory(region=places.region).user.email}
    with pytest.raises(CommandError) as refused:
        told(str(file), **{"by": desk.approver.email, **option})
    assert (refused.value.returncode, ImportRun.objects.count()) == (2, 0)
