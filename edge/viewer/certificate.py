"""The board's own TLS certificate: made by itself, told apart by its fingerprint, which the board's screen shows."""

import ipaddress
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from edge.errors import BackendUnavailableError
from edge.sink.folder import make_folder, sink_error
from edge.viewer.access import keep_secret

DAYS: Final = 800
"""Browsers take none that hold longer than 825 days."""
RENEWED_DAYS: Final = 30
"""Before its end."""


@dataclass(frozen=True, slots=True)
class Certificate:
    path: Path
    key_path: Path
    fingerprint: str
    """SHA-256, as browsers show it: `AB:CD:...`."""

    def context(self) -> ssl.SSLContext:
        """For a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.path, self.key_path)
        return context


def board_certificate(folder: Path, hosts: Iterable[str], now: datetime | None = None) -> Certificate:
    """The one in `folder`, or a new one where there is none for these names and addresses, or it ends soon.

    A viewer that has accepted it sees the same one again. Raises SinkError where it cannot be kept,
    BackendUnavailableError without the library.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID
    except ImportError as error:
        raise BackendUnavailableError(
            "a page beyond this machine needs the package cryptography; install it: pip install 'sonoedge[viewer]'"
        ) from error

    def name_of(host: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            return x509.DNSName(host)

    now = now or datetime.now(UTC)
    wanted = {name_of(host) for host in hosts}
    path, key_path = make_folder(folder) / "certificate.pem", folder / "certificate.key"
    try:
        if path.exists() and key_path.exists():
            held = x509.load_pem_x509_certificate(path.read_bytes())
            names = set(held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
            if wanted <= names and held.not_valid_after_utc - now > timedelta(days=RENEWED_DAYS):
                return Certificate(path, key_path, _shown(held.fingerprint(hashes.SHA256())))
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sonoedge board")])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            # A board without a battery may wake up in the past.
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=DAYS))
            .add_extension(x509.SubjectAlternativeName(sorted(wanted, key=str)), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        form = serialization.PrivateFormat.PKCS8
        keep_secret(key_path, key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        keep_secret(path, made.public_bytes(serialization.Encoding.PEM))
    except OSError as error:
        raise sink_error(error, path) from error
    return Certificate(path, key_path, _shown(made.fingerprint(hashes.SHA256())))


def _shown(digest: bytes) -> str:
    return ":".join(f"{byte:02X}" for byte in digest)
