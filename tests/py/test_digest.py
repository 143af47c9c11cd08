"""Streamed digests: the same as hashlib's of the whole, however the bytes arrive."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from taleproof import digest as module
from taleproof.digest import Digests, digest_blob, python_digester
from taleproof.reader import BytesBlob


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
