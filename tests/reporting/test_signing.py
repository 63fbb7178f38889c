"""The seal: a file that both profiles take with its signature in it, and one changed byte shows."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured

from reporting import publishing, rendering, signing
from reporting.brief.imprint import Imprint
from tests.reporting.seals import SIGNER, as_pyhanko
from tests.reporting.snapshots import snapshot_2023q1
from tests.reporting.verapdf.engine import judge

pytestmark = pytest.mark.paper


def imprint(signer: str) -> Imprint:
    return Imprint(
        "117-2023-1/1", date(2026, 11, 22), code="7F3K9M2Q5T8W", site="https://qalqan.example", signer=signer
    )


@pytest.fixture(scope="module")
def unsigned() -> bytes:
    """The national brief with an empty place for its seal."""
    return publishing.remake(snapshot_2023q1(), imprint(SIGNER)).data


@pytest.fixture
def signed(configured, unsigned) -> bytes:
    signer = signing.configured_signer()
    assert signer is not None
    assert signer.name == SIGNER
    return signer.sign(unsigned)


def test_without_a_certificate_nobody_signs():
    assert signing.configured_signer() is None


def test_a_wrong_password_is_said_at_once(configured, settings):
    settings.BRIEF_SIGN_PASSWORD = "another"
    with pytest.raises(ImproperlyConfigured, match="seal.p12"):
        signing.configured_signer()


def test_the_unsigned_file_is_the_beginning_of_the_signed(signed, unsigned):
    assert signed.startswith(unsigned)
    assert len(signed) > len(unsigned)


def test_a_signature_is_intact_whole_and_trusted(signed):
    report = signing.read_signature(signed)
    assert report is not None
    assert (report.signer, report.intact, report.whole, report.trusted) == (SIGNER, True, True, True)
    assert report.signed_at is not None
    assert report.stamped_at is None


def test_without_roots_it_is_intact_and_not_trusted(signed, settings):
    settings.BRIEF_TRUST_ROOTS = ""
    report = signing.read_signature(signed)
    assert report is not None
    assert (report.good, report.trusted) == (True, False)


def test_an_unsigned_file_has_no_signature(unsigned):
    assert signing.read_signature(unsigned) is None


@pytest.mark.parametrize("at", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_one_changed_byte_breaks_it(signed, unsigned, at):
    spoiled = bytearray(signed)
    spoiled[int(len(unsigned) * at)] ^= 1
    try:
        report = signing.read_signature(bytes(spoiled))
    except signing.SigningError:
        return
    assert report is None or not report.good


def test_what_is_added_after_it_is_seen(signed):
    report = signing.read_signature(signed + b"\n% more\n")
    assert report is None or not report.whole


def test_no_pdf_is_a_clear_error():
    with pytest.raises(signing.SigningError):
        signing.read_signature(b"not a file")


def test_a_time_stamp_makes_it_last(authority, configured, unsigned):
    from pyhanko.sign.timestamps import DummyTimeStamper

    key, certificate = as_pyhanko(*authority.issue("Time", for_time=True))
    stamper = DummyTimeStamper(
        tsa_cert=certificate,
        tsa_key=key,
        certs_to_embed=None,
    )
    plain = signing.configured_signer()
    assert isinstance(plain, signing.CertificateSigner)
    report = signing.read_signature(signing.CertificateSigner(plain._signer, stamper).sign(unsigned))
    assert report is not None
    assert report.good
    assert report.stamped_at is not None
    assert abs((report.stamped_at - datetime.now(UTC)).total_seconds()) < 60


def test_an_authority_that_does_not_answer_is_a_clear_error(configured, unsigned, settings):
    settings.BRIEF_TSA_URL = "http://127.0.0.1:9/"
    signer = signing.configured_signer()
    assert signer is not None
    with pytest.raises(signing.SigningError):
        signer.sign(unsigned)


def test_a_page_without_a_place_cannot_be_sealed():
    page = (
        '<!DOCTYPE html><html lang="kk"><head><meta charset="utf-8"><title>Т</title></head><body><p>Т</p></body></html>'
    )
    with pytest.raises(rendering.RenderingError, match="Мөр"):
        rendering.render_pdf(page, seal="Мөр")


def test_both_profiles_take_the_signed_file(signed, tmp_path):
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    verdicts, report = judge(path)
    assert verdicts == {("signed.pdf", "3a"): "PASS", ("signed.pdf", "ua1"): "PASS"}, report


def test_poppler_finds_the_signature_valid(signed, tmp_path):
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    said = subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid." in said
    assert SIGNER in said
    assert "Total document signed" in said


def test_signing_leaves_pages_and_data_alone(signed, unsigned):
    import pikepdf

    with pikepdf.open(io.BytesIO(signed)) as after, pikepdf.open(io.BytesIO(unsigned)) as before:
        assert len(after.pages) == len(before.pages)
        assert [bytes(one.Contents.read_bytes()) for one in after.pages] == [
            bytes(one.Contents.read_bytes()) for one in before.pages
        ]
        assert {name: file.get_file().read_bytes() for name, file in after.attachments.items()} == {
            name: file.get_file().read_bytes() for name, file in before.attachments.items()
        }
