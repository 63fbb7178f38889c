"""The briefs of all regions in one archive, and the drafts at a quarter's close."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from compliance import periods
from compliance.enums import Measure
from institutions.models import Journal, Region
from reporting import bundles, drafts, publishing, rendering, tasks
from reporting.enums import BriefKind, BriefState, BundleState
from reporting.models import Brief, BriefBundle
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import AnalystFactory, ApproverFactory, AuditorFactory, InstitutionFactory
from tests.reading import read_through

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
QUARTER = "2026Q2"


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: messages.append((task, arguments)))
    return messages


@pytest.fixture
def school(fixed_now, order, places, sent, monkeypatch):
    def quick(html, **options):
        return rendering.Pdf(b"%PDF-1.7 " + html.encode(), 3)

    monkeypatch.setattr(rendering, "render_pdf", quick)
    school = InstitutionFactory(locality=places.city, large_city=places.large_city)
    EntryFactory(item=ItemFactory(institution=school, measure=Measure.TURNSTILE), approved=True)
    return school


@pytest.fixture
def bundle(school, order, fixed_now) -> BriefBundle:
    return bundles.request_bundle(order.period(QUARTER), language="kk", by=None, now=fixed_now)


def make_all(bundle: BriefBundle, now) -> BriefBundle:
    bundles.make(bundle.pk, now=now)
    for brief in bundle.briefs.all():
        publishing.make(brief.pk, now=now)
    bundles.make(bundle.pk, now=now)
    bundle.refresh_from_db()
    return bundle


def test_every_region_gets_its_brief_and_the_workers_share_them(
    bundle, fixed_now, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        bundles.make(bundle.pk, now=fixed_now)
    regions = list(Region.objects.order_by("sort_order"))
    assert [brief.region for brief in bundles.in_order(bundle)] == regions
    assert len([task for task, _arguments in sent if task == publishing.MAKE]) == len(regions)
    bundle.refresh_from_db()
    assert (bundle.state, bundle.expected) == (BundleState.MAKING, len(regions))


def test_asking_twice_at_once_is_one_bundle(bundle, order, fixed_now):
    assert bundles.request_bundle(order.period(QUARTER), language="kk", by=None, now=fixed_now) == bundle


def test_the_archive_holds_every_file_and_a_list_that_proves_them(bundle, fixed_now):
    make_all(bundle, fixed_now)
    assert bundle.state == BundleState.READY
    with bundle.file.open("rb") as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == bundle.file_hash
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        names = zipped.namelist()
        rows = list(csv.DictReader(io.StringIO(zipped.read("list.csv").decode("utf-8-sig"))))
        hashes = {name: hashlib.sha256(zipped.read(name)).hexdigest() for name in names}
    assert names == [row["file"] for row in rows] + ["list.csv"]
    assert [(row["region"], row["sha256"]) for row in rows] == [
        (brief.subject, hashes[row["file"]]) for brief, row in zip(bundles.in_order(bundle), rows, strict=True)
    ]
    assert bundles.archive(bundle) == data


def test_a_brief_that_failed_is_named_in_the_list(bundle, fixed_now):
    bundles.make(bundle.pk, now=fixed_now)
    first, *others = bundles.in_order(bundle)
    Brief.objects.filter(pk=first.pk).update(state=BriefState.FAILED, error="тест")
    for brief in others:
        publishing.make(brief.pk, now=fixed_now)
    assert bundles.assemble(bundle.pk, now=fixed_now)
    bundle.refresh_from_db()
    with bundle.file.open("rb") as file, zipfile.ZipFile(io.BytesIO(file.read())) as zipped:
        rows = list(csv.DictReader(io.StringIO(zipped.read("list.csv").decode("utf-8-sig"))))
    assert (rows[0]["region"], rows[0]["state"], rows[0]["file"]) == (first.subject, "failed", "")
    assert len(rows) == len(others) + 1


def test_progress_only_grows_and_ends_at_a_hundred(bundle, fixed_now):
    shares = [bundles.finished_share(bundle)]
    bundles.make(bundle.pk, now=fixed_now)
    for brief in bundle.briefs.all():
        bundle.refresh_from_db()
        shares.append(bundles.finished_share(bundle))
        publishing.make(brief.pk, now=fixed_now)
    bundles.make(bundle.pk, now=fixed_now)
    bundle.refresh_from_db()
    shares.append(bundles.finished_share(bundle))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1], max(shares[:-1]) < 100) == (0, 100, True)


def test_a_bundle_whose_worker_is_gone_is_taken_over(bundle, fixed_now, sent):
    assert bundles.overdue(fixed_now) == []
    assert bundles.overdue(fixed_now + timedelta(seconds=6)) == [bundle.pk]
    BriefBundle.objects.filter(pk=bundle.pk).update(claimed_at=fixed_now)
    assert bundles.overdue(fixed_now + timedelta(seconds=6)) == []
    later = fixed_now + timedelta(minutes=6)
    assert bundles.overdue(later) == [bundle.pk]
    make_all(bundle, later)
    assert bundles.overdue(later) == []
    assert bundle.state == BundleState.READY


def test_figures_that_cannot_be_frozen_are_said(bundle, fixed_now, monkeypatch):
    monkeypatch.setattr(publishing, "request_brief", lambda *args, **options: 1 / 0)
    bundles.make(bundle.pk, now=fixed_now)
    bundle.refresh_from_db()
    assert (bundle.state, bundle.error) == (BundleState.FAILED, "ZeroDivisionError: division by zero")


def test_the_sweep_sends_both_kinds_again(bundle, sent, monkeypatch, fixed_now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: fixed_now + timedelta(seconds=10))
    sent.clear()
    tasks.sweep_briefs()
    assert sent == [(bundles.MAKE_BUNDLE, {"bundle": bundle.pk})]


# --- pages ----------------------------------------------------------------------------------------


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_archive_is_asked_for_and_fetched(school, order, fixed_now):
    client = signed_in(AnalystFactory().user)
    answer = client.post(reverse("reporting:bundle_new"), {"period": QUARTER, "language": "kk"})
    bundle = BriefBundle.objects.get()
    assert answer.headers["Location"] == reverse("reporting:bundle", args=[bundle.pk])
    page, bar, file = (
        reverse(f"reporting:{name}", args=[bundle.pk]) for name in ("bundle", "bundle_progress", "bundle_file")
    )
    assert client.get(page).context["share"] == 0
    assert client.get(bar).status_code == 200
    assert client.get(file).status_code == 404
    make_all(bundle, fixed_now)
    assert client.get(bar).headers["HX-Refresh"] == "true"
    fetched = client.get(file)
    assert hashlib.sha256(b"".join(fetched.streaming_content)).hexdigest() == bundle.file_hash
    assert Journal.objects.get(action="bundle.download").after == {"hash": bundle.file_hash}


@pytest.mark.parametrize("name", ["bundle", "bundle_progress", "bundle_file"])
def test_bundles_are_there_for_people_of_the_country_alone(bundle, places, fixed_now, name):
    make_all(bundle, fixed_now)
    address = reverse(f"reporting:{name}", args=[bundle.pk])
    seen = []
    for person in (AuditorFactory(), ApproverFactory(region=places.region)):
        answer = signed_in(person.user).get(address)
        seen.append(answer.status_code)
        read_through(answer)
    assert seen == [204 if name == "bundle_progress" else 200, 404]


def test_only_who_makes_briefs_asks_for_one(school, places):
    for person in (AuditorFactory(), ApproverFactory(region=places.region)):
        assert signed_in(person.user).get(reverse("reporting:bundle_new")).status_code == 404


# --- at the close ---------------------------------------------------------------------------------


def close(order, fixed_now, code="2026Q1"):
    period = order.period(code)
    periods.close_period(period, by=None, now=fixed_now)
    return period


def test_a_quarters_close_makes_its_drafts_once(school, order, fixed_now):
    period = close(order, fixed_now)
    soon = fixed_now + timedelta(minutes=5)
    assert drafts.draft_closed(soon) == [period.code]
    assert sorted(Brief.objects.values_list("kind", "language", "requested_by")) == [
        (BriefKind.COUNTRY, "kk", None), (BriefKind.COUNTRY, "ru", None),
    ]  # fmt: skip
    assert BriefBundle.objects.filter(period=period, language="kk").count() == 1
    assert drafts.draft_closed(soon + timedelta(minutes=5)) == []


def test_a_quarter_that_is_closed_again_gets_its_drafts_again(school, order, fixed_now):
    period = close(order, fixed_now)
    drafts.draft_closed(fixed_now + timedelta(minutes=5))
    BriefBundle.objects.update(state=BundleState.FAILED)
    periods.reopen_period(period, by=AnalystFactory().user, now=fixed_now + timedelta(hours=1), reason="Қате")
    periods.close_period(period, by=None, now=fixed_now + timedelta(days=1))
    assert drafts.draft_closed(fixed_now + timedelta(days=1, minutes=5)) == [period.code]


def test_an_open_quarter_and_one_closed_long_ago_get_none(school, order, fixed_now):
    assert drafts.draft_closed(fixed_now) == []
    close(order, fixed_now)
    assert drafts.draft_closed(fixed_now + timedelta(days=31)) == []


def test_beat_knows_the_task(settings):
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.draft_closed_quarters.name in named
