# SPDX-License-Identifier: Apache-2.0
"""Streamed digests: the same as hashlib's of the whole, however the bytes arrive."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taleproof.errors import FormatError
from taleproof.io.reader import BytesBlob
from taleproof.trust import digest as module
from taleproof.trust.digest import Digests, Expected, digest_blob, digest_list, python_digester


@given(st.lists(st.binary(max_size=300)))
def test_bytes_in_any_pieces(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    digester = python_digester(sha3=True)
    for chunk in chunks:
        digester.update(chunk)
    expected = Digests(hashlib.sha256(whole).hexdigest(), hashlib.sha3_256(whole).hexdigest(), len(whole))
    assert digester.finish() == expected


def test_a_blob_larger_than_a_chunk() -> None:
    data = bytes(range(256)) * (2 * module.CHUNK // 256) + b"tail"
    digests = digest_blob(BytesBlob(data))
    assert digests == Digests(hashlib.sha256(data).hexdigest(), None, len(data))


def test_known_answers() -> None:
    """FIPS 180-4 and FIPS 202, the message "abc"."""
    digester = python_digester(sha3=True)
    digester.update(b"abc")
    assert digester.finish() == Digests(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
        3,
    )


@pytest.mark.parametrize(
    ("expected", "what"),
    [
        (Expected("AA" * 32), None),
        (Expected(sha3_256="BB" * 32), None),
        (Expected("aa" * 32, "bb" * 32, 7), None),
        (Expected("cc" * 32), "SHA-256"),
        (Expected(sha3_256="cc" * 32), "SHA3-256"),
        (Expected("aa" * 32, "cc" * 32), "SHA3-256"),
        (Expected(sha3_256="bb" * 32, size=8), "size"),
    ],
)
def test_either_digest_vouches_and_each_that_is_named_must_agree(expected: Expected, what: str | None) -> None:
    found = expected.mismatch(Digests("aa" * 32, "bb" * 32, 7))
    assert (found and found[0]) == what


def test_a_digest_that_was_not_computed_vouches_for_nothing() -> None:
    assert Expected(sha3_256="bb" * 32).mismatch(Digests("aa" * 32, None, 7)) == ("SHA3-256", "bb" * 32, "unknown")
    with pytest.raises(ValueError, match="digest"):
        Expected(size=7)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_a_list_has_the_digest_that_sha256sum_gives(tmp_path: Path) -> None:
    names = ["model.safetensors", "Config.json", "a b", "line\nbreak", "back\\slash", "\u00e9"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    files = [(name, digest_blob(BytesBlob(name.encode()), sha3=True)) for name in names]
    shown = subprocess.run(
        ["sha256sum", *sorted(names, key=str.encode)], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    together = digest_list(files)
    assert together.sha256 == hashlib.sha256(shown).hexdigest()
    assert together.size == sum(digests.size for _, digests in files)
    assert together == digest_list(files[::-1])
    assert together.sha3_256 is not None


def test_a_list_has_no_sha3_where_one_was_not_computed() -> None:
    known = Digests("aa" * 32, "bb" * 32, 1)
    assert digest_list([("a", known), ("b", Digests("aa" * 32, None, 1))]).sha3_256 is None


@pytest.mark.parametrize("name", ["model\ud800.gguf", "\udfff", "a\udbff\udc00"])
def test_a_list_with_a_name_that_is_no_text_is_refused(name: str) -> None:
    digests = digest_blob(BytesBlob(b"once"))
    with pytest.raises(FormatError, match="no file's name"):
        digest_list([("config.json", digests), (name, digests)])
