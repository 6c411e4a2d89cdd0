"""Sealing: whole and readable with the key, or one sentence."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from making import few, many

from nb2space.runtime.bundle import (
    HEADER,
    KEY_BYTES,
    MAGIC,
    VERSION,
    BundleError,
    seal_bytes,
    unpack,
    unseal_bytes,
)
from nb2space.seal import new_key, seal

KEY = new_key()
FILES = {"notebook.ipynb": b"secret" * 50, "lib/a.py": b"x = 1\n", "empty": b""}
SEALED = seal(FILES, KEY)

names = st.from_regex(r"[a-zé][a-z_/]{0,8}[a-z]", fullmatch=True)


def refusal(sealed: bytes, key: str = KEY) -> str:
    """The one sentence with which opening is refused."""
    with pytest.raises(BundleError) as caught:
        unpack(unseal_bytes(sealed, key))
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    # The secret's name is told, whatever the key is.
    assert key not in said.replace("NB2SPACE_KEY", "") or len(key) < 8
    return said


@many
@given(st.dictionaries(names, st.binary(max_size=200), max_size=4))
def test_what_is_sealed_is_opened(files: dict[str, bytes]) -> None:
    key = new_key()
    sealed = seal(files, key)
    assert unpack(unseal_bytes(sealed, key)) == files
    assert sealed.startswith(HEADER)


def test_the_same_seals_to_the_same() -> None:
    assert seal(dict(reversed(FILES.items())), KEY) == SEALED
    assert seal({**FILES, "empty": b"."}, KEY) != SEALED
    assert seal(FILES, new_key()) != SEALED
    with zipfile.ZipFile(io.BytesIO(unseal_bytes(SEALED, KEY))) as made:
        assert {entry.date_time for entry in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_nothing_readable_is_in_it() -> None:
    for text in (b"secret", b"notebook", b"lib/a.py", b"PK\x03\x04", KEY.encode()):
        assert text not in SEALED


def test_keys_are_random_and_fit_a_variable() -> None:
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    for key in keys:
        assert len(base64.urlsafe_b64decode(key)) == KEY_BYTES
        assert key.isascii()
        assert key.isprintable()
        assert not set(key) & set(" \"'\\$")


def test_blanks_around_a_key_are_forgiven() -> None:
    assert unpack(unseal_bytes(SEALED, f" {KEY}\r\n")) == FILES


def test_a_wrong_key_is_told_from_damage() -> None:
    assert "does not open sealed.bin" in refusal(SEALED, new_key())


def test_a_byte_flipped_anywhere_is_noticed() -> None:
    for place in range(len(SEALED)):
        for bit in (1, 128):
            flipped = bytearray(SEALED)
            flipped[place] ^= bit
            said = refusal(bytes(flipped))
            if place < len(MAGIC):
                assert "is not a sealed bundle" in said
            elif place < len(HEADER):
                assert f"reads version {VERSION}" in said
            else:
                assert "was altered or cut short" in said


def test_a_cut_anywhere_is_noticed() -> None:
    for length in range(len(SEALED)):
        assert "cut short" in refusal(SEALED[:length])
    assert "altered" in refusal(SEALED + b"\0")


def test_damage_whose_digest_was_mended_is_noticed() -> None:
    ciphertext = bytearray(SEALED[len(HEADER) + 32 :])
    for altered in (b"", b"x", bytes(16), bytes(ciphertext[:-1]), bytes(ciphertext[::-1])):
        assert "does not open" in refusal(HEADER + hashlib.sha256(altered).digest() + altered)


def test_another_version_is_named() -> None:
    assert "has version 7, but this runtime reads" in refusal(MAGIC + b"\7" + SEALED[9:])


@many
@given(st.binary(max_size=100) | st.binary(max_size=100).map(lambda tail: HEADER + tail))
@example(b"")
@example(b"PK\x03\x04" * 20)
@example(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n" * 2)
def test_a_foreign_file_is_refused(content: bytes) -> None:
    refusal(content)


@few
@given(st.text(max_size=100) | st.binary(max_size=99).map(lambda b: base64.b64encode(b).decode()))
@example("")
@example(KEY[:-1])
@example(KEY + "A")
@example(KEY.replace(KEY[5], "é"))
@example(base64.b64encode(bytes(KEY_BYTES - 1)).decode())
@example(f'"{KEY}"')
@example("\0")
@example("NB2SPACE")
def test_a_key_that_is_none_is_refused(key: str) -> None:
    said = refusal(SEALED, key)
    assert "NB2SPACE_KEY" in said
    with pytest.raises(BundleError):
        seal(FILES, key)


def archive() -> bytes:
    """A small ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a", "x" * 50)
    return buffer.getvalue()


def test_what_is_sealed_but_no_archive_is_refused() -> None:
    whole = archive()
    damaged = [
        bytes([*whole[:place], value, *whole[place + 1 :]])
        for place in range(len(whole))
        for value in (0, 9, 255)
    ]
    for plain in (b"no archive", *damaged):
        try:
            unpack(plain)
        except BundleError as error:
            assert str(error) == "sealed.bin holds no archive; convert and publish again."
    assert "holds no archive" in refusal(seal_bytes(b"no archive", KEY))
