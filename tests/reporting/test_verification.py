"""Verification: by page and by command; one changed byte, digit or attachment shows; strangers learn no figure."""

from __future__ import annotations

import hashlib
import io
import json
import random
from datetime import UTC, date, datetime

import pikepdf
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation

from reporting import attached, copies, proof, publishing, signing, verification
from reporting.brief.imprint import Imprint
from reporting.enums import BriefState, Publication
from reporting.models import Brief, BriefCopy
from reporting.verification import Result
from tests.factories.institutions import AnalystFactory
from tests.reporting.seals import SIGNER
from tests.reporting.snapshots import snapshot_2023q1

pytestmark = pytest.mark.paper

CODE = "7F3K9M2Q5T8W"
AT = datetime(2026, 5, 20, 4, 5, 7, tzinfo=UTC)


def made(signer: str = "") -> bytes:
    imprint = Imprint("117-2026-1/1", date(2026, 5, 20), code=CODE, site="https://qalqan.example", signer=signer)
    return publishing.remake(snapshot_2023q1(), imprint).data


@pytest.fixture(scope="module")
def plain() -> bytes:
    return made()


@pytest.fixture(scope="module")
def awaiting_seal() -> bytes:
    return made(SIGNER)


@pytest.fixture
def sealed(configured, awaiting_seal) -> bytes:
    signer = signing.configured_signer()
    assert signer is not None
    return signer.sign(awaiting_seal)


@pytest.fixture(autouse=True)
def _no_rates():
    cache.clear()


@pytest.fixture
def brief(fixed_now, order, plain, settings, tmp_path) -> Brief:
    settings.MEDIA_ROOT = tmp_path
    kept = Brief.objects.create(
        period=order.period("2026Q1"),
        number="117-2026-1/1",
        sequence=1,
        code=CODE,
        dated_on=fixed_now.date(),
        snapshot=snapshot_2023q1(),
        snapshot_hash="0" * 64,
        requested_at=fixed_now,
    )
    kept.file.save("a.pdf", ContentFile(plain), save=False)
    digest = hashlib.sha256(plain).hexdigest()
    Brief.objects.filter(pk=kept.pk).update(
        state=BriefState.READY,
        file=kept.file.name,
        file_hash=digest,
        publication=Publication.PUBLISHED,
        published_by=AnalystFactory().user,
        published_at=fixed_now,
    )
    kept.refresh_from_db()
    return kept


def shown(client: Client, pdf: bytes) -> str:
    answer = client.post(reverse("reporting:verify"), {"file": SimpleUploadedFile("b.pdf", pdf)})
    assert answer.status_code == 200
    return str(answer.context["answer"].result)


def with_attachment(pdf: bytes, ending: str, change) -> bytes:
    """The file with one of its attachments rewritten, and everything else in order again."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        name = next(name for name in opened.attachments if name.endswith(ending))
        stream = opened.attachments[name].get_file().obj
        stream.write(change(bytes(stream.read_bytes())))
        out = io.BytesIO()
        opened.save(out, deterministic_id=True)
    return out.getvalue()


def one_more(text: bytes) -> bytes:
    snapshot = json.loads(text)
    snapshot["measures"][0]["headline"]["all"]["covered"] += 1
    return json.dumps(snapshot).encode()


ALTERATIONS = {
    "figure": lambda pdf: with_attachment(pdf, "1.json", one_more),
    "csv": lambda pdf: with_attachment(pdf, ".csv", lambda text: text.replace(b"1", b"2", 1)),
    "xlsx": lambda pdf: with_attachment(pdf, ".xlsx", lambda text: text[:-1] + b"\x01"),
    "date": lambda pdf: with_attachment(pdf, "-imprint.json", lambda text: text.replace(b"2026-05-20", b"2026-05-21")),
    "added": lambda pdf: pdf + b"\n% more\n",
    "cut": lambda pdf: pdf[:-7],
}


# --- by file, on the page -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_issued_file_is_genuine(brief, plain):
    assert shown(Client(), plain) == Result.IN_FORCE


@pytest.mark.django_db
@pytest.mark.parametrize("how", ALTERATIONS)
def test_the_page_sees_what_was_altered(brief, plain, how):
    assert shown(Client(), ALTERATIONS[how](plain)) in (Result.ALTERED, Result.UNKNOWN)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["figure", "csv", "xlsx", "date", "added"])
def test_a_readable_altered_file_is_named(brief, plain, how):
    answer = verification.by_file(ALTERATIONS[how](plain))
    assert (answer.result, answer.brief) == (Result.ALTERED, brief)


@pytest.mark.django_db
def test_each_of_a_hundred_changed_bytes_is_seen_by_the_page(brief, plain):
    chosen = random.Random(117)
    for _time in range(100):
        spoiled = bytearray(plain)
        spoiled[chosen.randrange(len(plain))] ^= 1 << chosen.randrange(8)
        assert verification.by_file(bytes(spoiled)).result in (Result.ALTERED, Result.UNKNOWN)


@pytest.mark.django_db
def test_a_readers_copy_is_genuine_and_names_no_reader(brief, plain):
    reader = AnalystFactory(user__full_name="Құпия Оқырман").user
    copy = copies.stamp(plain, language="kk", reader=reader.full_name, at=AT)
    BriefCopy.objects.create(brief=brief, reader=reader, made_at=AT, file_hash=hashlib.sha256(copy).hexdigest())
    answer = Client().post(reverse("reporting:verify"), {"file": SimpleUploadedFile("b.pdf", copy)})
    assert answer.context["answer"].result == Result.IN_FORCE
    assert "20.05.2026 09:05" in answer.content.decode()
    assert "Құпия" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "file", [b"", b"%PDF-1.7", b"no pdf at all", b"PK\x03\x04" + bytes(100)], ids=["empty", "head", "text", "zip"]
)
def test_a_file_that_is_no_brief_is_not_known(brief, file):
    answer = verification.by_file(file)
    assert (answer.result, answer.brief) == (Result.UNKNOWN, None)


def test_an_attachment_that_wants_to_grow_is_not_unpacked(plain, monkeypatch):
    monkeypatch.setattr(attached, "LARGEST", 1000)
    with pytest.raises(attached.NotABrief, match="size"):
        attached.read(plain)


@pytest.mark.django_db
def test_a_file_that_is_too_large_is_refused_before_it_is_read(brief):
    answer = Client().post(
        reverse("reporting:verify"), data=b"x", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=2**31
    )
    assert answer.status_code == 413
    assert answer.context["form"].errors["file"]


@pytest.mark.django_db
def test_nothing_chosen_is_said(brief):
    answer = Client().post(reverse("reporting:verify"), {})
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors()


# --- by code ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("typed", [CODE, CODE.lower(), "7f3k 9m2q 5t8w", "7F3K-9M2Q-5T8W"])
def test_a_code_is_read_as_people_write_it(brief, typed):
    assert verification.by_code(typed).brief == brief


@pytest.mark.parametrize(("typed", "kept"), [("OIL0OIL0OIL0", "011001100110"), ("", ""), ("7F3K", ""), ("U" * 12, "")])
def test_signs_that_look_alike_are_one(typed, kept):
    assert verification.normal_code(typed) == kept


STATES = [
    (Publication.PUBLISHED, Result.IN_FORCE),
    (Publication.DRAFT, Result.DRAFT),
    (Publication.SUPERSEDED, Result.SUPERSEDED),
    (Publication.WITHDRAWN, Result.WITHDRAWN),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("publication", "result"), STATES)
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_says_what_the_brief_is_worth(brief, fixed_now, publication, result, language):
    values = {"publication": publication}
    if publication == Publication.WITHDRAWN:
        values |= {"withdrawn_at": fixed_now, "withdrawn_by": brief.published_by, "withdrawal_reason": "Қате деректер"}
    if publication == Publication.SUPERSEDED:
        values |= {"superseded_by": Brief.objects.create(**newer(brief))}
    Brief.objects.filter(pk=brief.pk).update(**values)
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = client.get(reverse("reporting:verify_code", args=[CODE])).content.decode()
    with translation.override(language):
        assert str(result.label) in page
    assert brief.number in page
    assert ("Қате деректер" in page) == (publication == Publication.WITHDRAWN)
    assert ("117-2026-1/2" in page) == (publication == Publication.SUPERSEDED)


def newer(brief: Brief) -> dict[str, object]:
    return {
        "period": brief.period,
        "number": "117-2026-1/2",
        "sequence": 2,
        "dated_on": brief.dated_on,
        "snapshot": {},
        "snapshot_hash": "2" * 64,
        "requested_at": brief.requested_at,
    }


@pytest.mark.django_db
def test_the_page_tells_strangers_no_figure(brief):
    page = Client().get(reverse("reporting:verify_code", args=[CODE])).content.decode()
    headline = brief.snapshot["measures"][0]["headline"]["all"]
    for number in (headline["total"], headline["covered"]):
        assert str(number) not in page
        assert f"{number:,}".replace(",", "\u00a0") not in page
    assert brief.published_by.email not in page


@pytest.mark.django_db
def test_an_unknown_code_is_not_found_and_says_so(brief):
    answer = Client().get(reverse("reporting:verify_code", args=["0" * 12]))
    assert answer.status_code == 404
    assert answer.context["answer"].result == Result.UNKNOWN


@pytest.mark.django_db
def test_an_unfinished_brief_is_not_known(brief):
    Brief.objects.filter(pk=brief.pk).update(publication=Publication.DRAFT, state=BriefState.RENDERING)
    assert verification.by_code(CODE).result == Result.UNKNOWN


@pytest.mark.django_db
def test_guessing_is_stopped(brief):
    client = Client()
    answers = [client.get(reverse("reporting:verify_code", args=["0" * 12])).status_code for _time in range(31)]
    assert answers == [404] * 30 + [429]
    assert client.post(reverse("reporting:verify"), {"code": CODE}).status_code == 429


# --- by command, without the register -----------------------------------------------------------------------------


def told(capsys, path) -> str:
    call_command("verify_brief", str(path))
    return str(capsys.readouterr().out)


def test_the_command_makes_it_again(plain, tmp_path, capsys):
    path = tmp_path / "b.pdf"
    path.write_bytes(plain)
    said = told(capsys, path)
    assert "the same bytes" in said
    assert f"https://qalqan.example/verify/{CODE}/" in said


def test_the_command_reads_the_seal(sealed, tmp_path, capsys):
    path = tmp_path / "b.pdf"
    path.write_bytes(sealed)
    assert f"seal: intact, of {SIGNER}, by a trusted root" in told(capsys, path)


def test_the_command_knows_a_copy(plain, tmp_path, capsys):
    path = tmp_path / "b.pdf"
    path.write_bytes(copies.stamp(plain, language="kk", reader="Оқырман", at=AT))
    assert "reader's copy: yes" in told(capsys, path)


@pytest.mark.parametrize("how", ALTERATIONS)
def test_the_command_sees_what_was_altered(plain, tmp_path, how):
    path = tmp_path / "b.pdf"
    path.write_bytes(ALTERATIONS[how](plain))
    with pytest.raises(CommandError) as refused:
        call_command("verify_brief", str(path))
    assert refused.value.returncode in (1, 2)


def test_a_seal_that_was_taken_away_is_missed(awaiting_seal):
    assert not proof.prove(awaiting_seal).good


def test_a_seal_of_somebody_else_is_no_seal(configured, authority, sealed, awaiting_seal):
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    from tests.reporting.seals import as_pyhanko

    key, certificate = as_pyhanko(*authority.issue("Басқа біреу"))
    other = signing.CertificateSigner(
        SimpleSigner(signing_cert=certificate, signing_key=key, cert_registry=SimpleCertificateStore()), None
    )
    found = proof.prove(other.sign(awaiting_seal))
    assert (found.same, found.good) == (True, False)
    assert proof.prove(sealed).good


@pytest.mark.parametrize("file", [b"", b"no pdf"], ids=["empty", "text"])
def test_the_command_says_what_is_no_brief(tmp_path, file):
    path = tmp_path / "b.pdf"
    path.write_bytes(file)
    with pytest.raises(CommandError, match="not a brief") as refused:
        call_command("verify_brief", str(path))
    assert refused.value.returncode == 2


def test_the_command_says_what_is_not_there(tmp_path):
    with pytest.raises(CommandError) as refused:
        call_command("verify_brief", str(tmp_path / "none.pdf"))
    assert refused.value.returncode == 2
