"""The electronic seal of a brief: PAdES (ETSI EN 319 142) by pyHanko, with a time stamp where an authority is named.

pyHanko is imported where it is used: it brings much, and most processes never sign.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

FIELD: Final = "Signature1"
TSA_TIMEOUT: Final = 10  # seconds


class SigningError(Exception):
    """The file could not be signed: the time-stamp authority does not answer, or the file has no place for a seal."""


class Signer(Protocol):
    """`name`: whose seal it is, as printed on the document.

    `sign` puts its signature into the empty field `FIELD` by an incremental update, so that the file before it stays
    its beginning, byte for byte. A signer outside (NCALayer, a GOST key in a token) fills the same interface:
    `PdfSigner.digest_doc_for_signing` gives the digest, the key signs its CMS elsewhere, and
    `PdfTBSDocument.finish_signing` puts it in.
    """

    @property
    def name(self) -> str: ...

    def sign(self, pdf: bytes) -> bytes: ...


class CertificateSigner:
    """Signs with a key and certificate in a PKCS #12 file; B-T where `timestamper` is given, B-B otherwise."""

    def __init__(self, signer: Any, timestamper: Any = None) -> None:
        self._signer = signer
        self._timestamper = timestamper

    @property
    def name(self) -> str:
        return str(self._signer.signing_cert.subject.native.get("common_name", self._signer.subject_name))

    def sign(self, pdf: bytes) -> bytes:
        """Raises `SigningError`. About a second."""
        from pyhanko.pdf_utils.content import RawContent
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign.fields import SigSeedSubFilter
        from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
        from pyhanko.stamp import StaticStampStyle

        class Writer(IncrementalPdfFileWriter):
            def _update_meta(self) -> None:
                """Leave the metadata as they are: they name both profiles, and pyHanko would write its own."""

        try:
            signed = PdfSigner(
                PdfSignatureMetadata(field_name=FIELD, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"),
                signer=self._signer,
                timestamper=self._timestamper,
                # The seal that people see is part of the page; the field over it draws nothing.
                stamp_style=StaticStampStyle(background=RawContent(b""), border_width=0),
            ).sign_pdf(Writer(io.BytesIO(pdf)), existing_fields_only=True)
        except Exception as failure:  # pyHanko, certificates, network: whatever it was, nothing was signed
            raise SigningError(f"{type(failure).__name__}: {failure}") from failure
        return bytes(signed.getvalue())


def configured_signer() -> Signer | None:
    """The signer that the settings name; None where no certificate is configured.

    Raises `ImproperlyConfigured` for a file that cannot be read or opened by its password.
    """
    if not settings.BRIEF_SIGN_PKCS12:
        return None
    return _loaded(settings.BRIEF_SIGN_PKCS12, settings.BRIEF_SIGN_PASSWORD, settings.BRIEF_TSA_URL)


@cache
def _loaded(path: str, password: str, tsa_url: str) -> Signer:
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko.sign.timestamps import HTTPTimeStamper

    signer = SimpleSigner.load_pkcs12(  # type: ignore[no-untyped-call]
        pfx_file=path, passphrase=password.encode()
    )
    if signer is None:
        raise ImproperlyConfigured(f"BRIEF_SIGN_PKCS12: {path} cannot be opened with BRIEF_SIGN_PASSWORD.")
    return CertificateSigner(signer, HTTPTimeStamper(tsa_url, timeout=TSA_TIMEOUT) if tsa_url else None)


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """What a file's signature says. `whole`: it covers the file to its end. `trusted`: by the roots that were given.

    Times are those of the signer's clock and of the time-stamp authority, if it has one.
    """

    signer: str
    intact: bool
    whole: bool
    trusted: bool
    signed_at: datetime | None
    stamped_at: datetime | None

    @property
    def good(self) -> bool:
        return self.intact and self.whole


def read_signature(pdf: bytes) -> SignatureReport | None:
    """The file's last signature, held against the roots of `BRIEF_TRUST_ROOTS`; None where there is none.

    Without the network: no revocation is asked for. Raises `SigningError` for a file that is no readable PDF.
    """
    from pyhanko.keys import load_certs_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    try:
        signatures = PdfFileReader(io.BytesIO(pdf), strict=False).embedded_signatures
        if not signatures:
            return None
        roots = settings.BRIEF_TRUST_ROOTS
        trusted = list(load_certs_from_pemder([roots])) if roots and Path(roots).exists() else []  # type: ignore[no-untyped-call]
        context = ValidationContext(trust_roots=trusted, allow_fetching=False)
        last = signatures[-1]
        status = validate_pdf_signature(last, context, ts_validation_context=context, skip_diff=True)
    except Exception as failure:  # a hostile file breaks the reader anywhere
        raise SigningError(f"{type(failure).__name__}: {failure}") from failure
    stamp = status.timestamp_validity
    return SignatureReport(
        signer=str(last.signer_cert.subject.native.get("common_name", "")),
        intact=bool(status.intact and status.valid),
        whole=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        trusted=bool(status.trusted),
        signed_at=status.signer_reported_dt,
        stamped_at=stamp.timestamp if stamp is not None and stamp.intact and stamp.valid else None,
    )
