"""A reader's copy: the name on every page, the same bytes again, both profiles, under the seal."""

from __future__ import annotations

import hashlib
import io
import subprocess
from datetime import UTC, date, datetime, timedelta

import pikepdf
import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from institutions.models import Journal
from reporting import copies, publishing, signing
from reporting.brief.imprint import Imprint
from reporting.enums import BriefState
from reporting.models import Brief, BriefCopy
from tests.factories.institutions import AnalystFactory, UserFactory
from tests.reporting.seals import SIGNER
from tests.reporting.snapshots import snapshot_2023q1
from tests.reporting.verapdf.engine import judge

pytestmark = pytest.mark.paper

READER = "Әсел Құдайбергенқызы Ұлықпанова"
AT = datetime(2026, 5, 20, 4, 5, 7, tzinfo=UTC)
LINES = {
    "kk": f"Оқырман көшірмесі: {READER}, 20.05.2026 09:05:07",
    "ru": f"Копия читателя: {READER}, 20.05.2026 09:05:07",
    "en": f"Reader’s copy: {READER}, 20 May 2026, 09:05:07",
}


@pytest.fixture(scope="module")
def original() -> bytes:
    imprint = Imprint(
        "117-2023-1/1", date(2026, 5, 20), code="7F3K9M2Q5T8W", site="https://qalqan.example", signer=SIGNER
    )
    return publishing.remake(snapshot_2023q1(), imprint).data


@pytest.fixture(scope="module")
def copy(original) -> bytes:
    return copies.stamp(original, language="kk", reader=READER, at=AT)


def words_of_pages(pdf: bytes) -> list[str]:
    said = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    return [" ".join(page.split()) for page in said.decode().split("\f")[:-1]]


@pytest.mark.parametrize("language", LINES)
def test_every_page_says_whose_it_is_and_since_when(original, language):
    pages = words_of_pages(copies.stamp(original, language=language, reader=READER, at=AT))
    assert len(pages) == len(words_of_pages(original)) > 5
    assert [page.count(LINES[language]) for page in pages] == [1] * len(pages)


def test_the_same_reader_and_moment_are_the_same_bytes(original, copy):
    assert copies.stamp(original, language="kk", reader=READER, at=AT) == copy
    assert copies.stamp(original, language="kk", reader=READER, at=AT + timedelta(seconds=1)) != copy
    assert copies.stamp(original, language="kk", reader="Басқа", at=AT) != copy


def test_a_copy_can_be_made_again_from_what_it_says(original, copy):
    assert copies.stamped_again(original, copy) == copy
    assert copies.stamped_again(original, original) is None


def test_the_data_stay_in_the_copy(original, copy):
    with pikepdf.open(io.BytesIO(original)) as before, pikepdf.open(io.BytesIO(copy)) as after:
        assert {name: file.get_file().read_bytes() for name, file in before.attachments.items()} == {
            name: file.get_file().read_bytes() for name, file in after.attachments.items()
        }


def test_both_profiles_take_the_copy_and_the_sealed_copy(configured, copy, tmp_path):
    signer = signing.configured_signer()
    assert signer is not None
    sealed = signer.sign(copy)
    report = signing.read_signature(sealed)
    assert report is not None
    assert (report.signer, report.good, report.trusted) == (SIGNER, True, True)
    files = [tmp_path / "copy.pdf", tmp_path / "sealed.pdf"]
    for path, data in zip(files, (copy, sealed), strict=True):
        path.write_bytes(data)
    verdicts, said = judge(*files)
    assert verdicts == {(path.name, profile): "PASS" for path in files for profile in ("3a", "ua1")}, said


# --- by way of the page ----------------------------------------------------------------------------------------


@pytest.fixture
def brief(fixed_now, order, original, settings, tmp_path) -> Brief:
    settings.MEDIA_ROOT = tmp_path
    made = Brief.objects.create(
        period=order.period("2026Q1"),
        number="117-2026-1/1",
        sequence=1,
        dated_on=fixed_now.date(),
        snapshot=snapshot_2023q1(),
        snapshot_hash="0" * 64,
        official_use=True,
        requested_at=fixed_now,
    )
    made.file.save("a.pdf", ContentFile(original), save=False)
    Brief.objects.filter(pk=made.pk).update(state=BriefState.READY, file=made.file.name, file_hash="1" * 64)
    made.refresh_from_db()
    return made


@pytest.mark.django_db
def test_a_reader_of_a_brief_for_official_use_gets_a_copy(brief, fixed_now):
    person = AnalystFactory(user=UserFactory(full_name=READER)).user
    client = Client()
    client.force_login(person)
    answer = client.get(reverse("reporting:brief_file", args=[brief.pk]))
    data = b"".join(answer.streaming_content)
    kept = BriefCopy.objects.get()
    assert (kept.brief, kept.reader, kept.file_hash) == (brief, person, hashlib.sha256(data).hexdigest())
    assert all(person.get_full_name() in page for page in words_of_pages(data))
    assert set(Journal.objects.values_list("action", flat=True)) >= {"brief.copy", "brief.download"}


@pytest.mark.django_db
def test_a_brief_that_names_nobody_is_downloaded_as_it_is(brief, original):
    Brief.objects.filter(pk=brief.pk).update(official_use=False)
    client = Client()
    client.force_login(AnalystFactory().user)
    answer = client.get(reverse("reporting:brief_file", args=[brief.pk]))
    assert b"".join(answer.streaming_content) == original
    assert not BriefCopy.objects.exists()


@pytest.mark.django_db
def test_a_seal_that_is_gone_is_said(brief):
    Brief.objects.filter(pk=brief.pk).update(signer="Кеткен мөр", unsigned=brief.file.name)
    client = Client()
    client.force_login(AnalystFactory().user)
    answer = client.get(reverse("reporting:brief_file", args=[brief.pk]), follow=True)
    assert answer.redirect_chain == [(reverse("reporting:brief", args=[brief.pk]), 302)]
    assert "Кеткен мөр" in answer.content.decode()
    assert not BriefCopy.objects.exists()
