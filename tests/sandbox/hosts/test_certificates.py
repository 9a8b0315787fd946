"""What the sandbox's authority signs, judged by a real handshake."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from sandbox.hosts.certificates import Certificate, CertificateAuthority


def handshake(certificate: Certificate, trusted: str, name: str, folder: Path) -> None:
    """A TLS handshake in memory; raises what the client would see."""
    (folder / "server.pem").write_text(certificate.key_pem + certificate.certificate_pem)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(folder / "server.pem")
    client_side = ssl.create_default_context(cadata=trusted)
    if hasattr(ssl, "VERIFY_X509_STRICT"):
        client_side.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(down, up, server_hostname=name)
    server = server_side.wrap_bio(up, down, server_side=True)
    for _ in range(3):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.version() is not None


@pytest.mark.parametrize(
    "name", ["ssm.eu-west-1.amazonaws.com", "b.s3.eu-west-1.amazonaws.com", "10.20.0.20"]
)
def test_a_client_that_trusts_the_authority_accepts_the_names(
    authority: CertificateAuthority, tmp_path: Path, name: str
) -> None:
    names = ["ssm.eu-west-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com", "10.20.0.20"]
    handshake(authority.issue(names), authority.certificate_pem, name, tmp_path)


def test_another_name_is_refused(authority: CertificateAuthority, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(authority.issue(["a.test"]), authority.certificate_pem, "b.test", tmp_path)


def test_another_authority_is_refused(authority: CertificateAuthority, tmp_path: Path) -> None:
    stranger = CertificateAuthority.create()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.issue(["a.test"]), stranger.certificate_pem, "a.test", tmp_path)


def test_a_name_too_long_for_a_common_name_is_good_all_the_same(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    name = "master." + "c" * 60 + ".abcdef.euw1.cache.amazonaws.com"
    handshake(authority.issue([name]), authority.certificate_pem, name, tmp_path)


def test_a_saved_authority_goes_on_signing(authority: CertificateAuthority, tmp_path: Path) -> None:
    again = CertificateAuthority.load(authority.certificate_pem, authority.key_pem)
    handshake(again.issue(["a.test"]), authority.certificate_pem, "a.test", tmp_path)


def test_no_key_shows_when_a_certificate_is_printed(authority: CertificateAuthority) -> None:
    certificate = authority.issue(["a.test"])
    assert "PRIVATE" in certificate.key_pem
    assert "PRIVATE" not in f"{certificate!r} {authority!r}"
