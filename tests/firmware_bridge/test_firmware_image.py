"""An image is installed only when it is whole, signed by the trusted key, for this probe, and no older."""

from pathlib import Path

import pytest

from firmware_bridge.errors import (
    ImageDamagedError,
    ImageHardwareError,
    ImageOlderError,
    ImageSignatureError,
    KeyFileError,
)
from firmware_bridge.firmware_image import (
    FirmwareVersion,
    check_hardware,
    check_newer,
    check_signature,
    read_image,
    unsigned_image,
)

PROGRAM = bytes(range(251)) * 9
HARDWARE = 0x534F4E31


@pytest.fixture(scope="module")
def tool():
    pytest.importorskip("imgtool", reason="images are made by MCUboot's imgtool: pip install imgtool")
    return pytest.importorskip("tools.firmware", reason="the checkout's tools are not importable: run python -m pytest")


@pytest.fixture(scope="module")
def signed(tool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program, its image and the keys, as tools/firmware.py leaves it."""
    folder = tmp_path_factory.mktemp("firmware")
    (folder / "app.bin").write_bytes(PROGRAM)
    key, _ = tool.make_keys(folder)
    tool.sign(folder / "app.bin", folder / "image.bin", key, "1.2.3+4", security_counter=7)
    return folder


def test_an_image_of_imgtool_says_what_it_is(signed: Path):
    content = (signed / "image.bin").read_bytes()
    image = read_image(content)
    assert image.version == FirmwareVersion(1, 2, 3, 4)
    assert str(image.version) == "1.2.3+4"
    assert (image.hardware_id, image.security_counter) == (HARDWARE, 7)
    assert image.size_bytes == len(content)
    assert len(image.signature) == 64


def test_imgtool_itself_finds_its_image_signed_as_we_do(signed: Path, tool):
    check_signature(read_image((signed / "image.bin").read_bytes()), signed / tool.PUBLIC_KEY)


def test_an_unsigned_image_is_the_one_that_imgtool_makes(signed: Path, tool):
    tool.sign(signed / "app.bin", signed / "unsigned.bin", None, "1.2.3+4", security_counter=7)
    made = unsigned_image(PROGRAM, FirmwareVersion(1, 2, 3, 4), HARDWARE, security_counter=7)
    assert (signed / "unsigned.bin").read_bytes() == made


def test_an_unsigned_image_is_refused(signed: Path, tool):
    image = read_image(unsigned_image(PROGRAM, FirmwareVersion(1, 0, 0, 0), HARDWARE, 1))
    with pytest.raises(ImageSignatureError, match="not signed"):
        check_signature(image, signed / tool.PUBLIC_KEY)


def test_another_makers_image_is_refused(signed: Path, tool, tmp_path: Path):
    other, _ = tool.make_keys(tmp_path)
    tool.sign(signed / "app.bin", tmp_path / "image.bin", other, "1.2.3+4")
    image = read_image((tmp_path / "image.bin").read_bytes())
    with pytest.raises(ImageSignatureError, match="not signed with the key"):
        check_signature(image, signed / tool.PUBLIC_KEY)


def test_a_signature_does_not_fit_another_image(signed: Path, tool):
    """The digest is put right, as a forger would; the signature cannot be."""
    content = bytearray((signed / "image.bin").read_bytes())
    old = read_image(bytes(content)).sha256
    content[0x100] ^= 1
    forged = unsigned_image(bytes(content[0x100 : 0x100 + len(PROGRAM)]), FirmwareVersion(1, 2, 3, 4), HARDWARE, 7)
    content = content.replace(old, read_image(forged).sha256)
    with pytest.raises(ImageSignatureError):
        check_signature(read_image(bytes(content)), signed / tool.PUBLIC_KEY)


@pytest.mark.parametrize("at", [0, 4, 8, 10, 12, 16, 20, 40, 0x100, 0x100 + len(PROGRAM), -140, -136, -1])
def test_a_changed_byte_is_found(signed: Path, tool, at: int):
    """In magic, addresses, lengths, version, padding, program, tables, digest and signature."""
    content = bytearray((signed / "image.bin").read_bytes())
    content[at] ^= 0x10
    with pytest.raises((ImageDamagedError, ImageSignatureError)):
        check_signature(read_image(bytes(content)), signed / tool.PUBLIC_KEY)


def test_an_image_cut_short_anywhere_is_found(signed: Path):
    content = (signed / "image.bin").read_bytes()
    for n_bytes in (0, 31, 255, 256, 300, *range(len(content) - 170, len(content), 3)):
        with pytest.raises(ImageDamagedError):
            read_image(content[:n_bytes])


def test_bytes_behind_the_image_are_none_of_it(signed: Path):
    content = (signed / "image.bin").read_bytes()
    assert read_image(content + b"\xff" * 1000) == read_image(content)


def test_the_wrong_probe_and_the_older_version_are_refused():
    image = read_image(unsigned_image(PROGRAM, FirmwareVersion(1, 2, 0, 0), HARDWARE, 1))
    check_hardware(image, HARDWARE)
    with pytest.raises(ImageHardwareError, match=r"0x534f4e31.*0x1"):
        check_hardware(image, 1)
    check_newer(image, FirmwareVersion(1, 2, 0, 0))
    check_newer(image, FirmwareVersion(1, 1, 99, 99))
    with pytest.raises(ImageOlderError, match=r"1\.2\.0\+0.*1\.10\.0\+0"):
        check_newer(image, FirmwareVersion(1, 10, 0, 0))


def test_a_key_that_is_none_is_named(signed: Path, tmp_path: Path):
    image = read_image((signed / "image.bin").read_bytes())
    with pytest.raises(KeyFileError, match=r"missing\.pem"):
        check_signature(image, tmp_path / "missing.pem")
    (tmp_path / "text.pem").write_text("no key")
    with pytest.raises(KeyFileError, match=r"text\.pem"):
        check_signature(image, tmp_path / "text.pem")


def test_a_key_of_another_kind_is_named(signed: Path, tmp_path: Path):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = generate_private_key(SECP256R1()).public_key()
    (tmp_path / "ec.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyFileError, match="Ed25519"):
        check_signature(read_image((signed / "image.bin").read_bytes()), tmp_path / "ec.pem")


def test_the_development_key_is_for_its_owner_only_and_stays(signed: Path, tool):
    key, public = tool.make_keys(signed)
    assert key.stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in public.read_text()
    before = key.read_bytes()
    assert tool.make_keys(signed)[0].read_bytes() == before
