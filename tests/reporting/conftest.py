"""A certificate in the settings, for whoever signs."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.reporting.seals import SIGNER, Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def configured(authority, settings, tmp_path):
    """A certificate in the settings, as an office would have it."""
    key, certificate = authority.issue(SIGNER)
    path = tmp_path / "seal.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"seal", key, certificate, [authority.certificate], serialization.BestAvailableEncryption(b"secret")
        )
    )
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    settings.BRIEF_SIGN_PKCS12, settings.BRIEF_SIGN_PASSWORD = str(path), "secret"
    settings.BRIEF_TRUST_ROOTS = str(roots)
    return path
