# SPDX-License-Identifier: Apache-2.0
"""The canonical form, against RFC 8785's own examples, and a record that changes when anything in it does."""

import hashlib
import json
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taleproof.errors import JsonValue
from taleproof.record.canonical_json import canonical_json
from taleproof.record.record import StoryRecord
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.generate import Limits
from taleproof.trust.digest import Digests


RFC_8785_NUMBERS = {  # appendix B
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555555": "333333333.3333333",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), RFC_8785_NUMBERS.items())
def test_numbers(bits: str, text: str) -> None:
    [value] = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_json(value) == text


def test_sorts_keys_by_utf16_code_units() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6"]
    found = list(json.loads(canonical_json(dict.fromkeys(keys, 0))))
    assert found == ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_rfc_8785_sample() -> None:
    value: JsonValue = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical_json(value) == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_reads_back_as_the_same_and_is_stable(value: JsonValue) -> None:
    text = canonical_json(value)
    read: JsonValue = json.loads(text, parse_int=float)  # as JavaScript reads it
    assert read == value
    assert canonical_json(read) == text


@pytest.mark.parametrize(
    ("value", "text"), [(2**53 + 2, "9007199254740994"), (-(2**60), "-1152921504606847000"), (10**21, "1e+21")]
)
def test_an_integer_is_the_float64_that_other_readers_take_it_for(value: int, text: str) -> None:
    assert canonical_json(value) == canonical_json(float(value)) == text


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53 + 1, "\ud800", {"\udc00": 1}, [[-(2**60) - 1]], 10**400]
)
def test_refuses_what_has_no_form(value: JsonValue) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        canonical_json(value)


RECORD = StoryRecord(
    model_name="tiny.gguf",
    model=Digests("ab" * 32, "cd" * 32, 12345),
    tokenizer=None,
    kernels="ef" * 32,
    prompt="Once",
    mode="raw",
    prompt_tokens=(1, 403),
    context=512,
    sampler=SamplerConfig(2**64 - 1, 0.8, 0.9, 40, 0.05, 1.1, 64),
    limits=Limits(10, ("END",)),
    tokens=(407, 261),
    text=" upon a",
    finish_reason="length",
    logits=("01" * 32,),
)


def test_record_is_canonical_and_has_its_digest() -> None:
    text = RECORD.canonical()
    assert text == canonical_json(json.loads(text))
    assert RECORD.sha256() == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(text)["sampler"]["seed"] == "18446744073709551615"


def test_a_record_from_before_engine_and_date_were_kept_has_the_digest_it_had() -> None:
    # Computed by the code that did not keep them.
    assert RECORD.sha256() == "e8a8f41c469ebf8385651e7c3eab304c2bc309ebe90b893d4417848d7bf907d6"


@pytest.mark.parametrize(
    "change",
    [
        {"model": Digests("ac" * 32, "cd" * 32, 12345)},
        {"tokenizer": Digests("ab" * 32, None, 1)},
        {"kernels": None},
        {"prompt": "once"},
        {"mode": "chat"},
        {"sampler": SamplerConfig(2**64 - 2, 0.8, 0.9, 40, 0.05, 1.1, 64)},
        {"limits": Limits(10)},
        {"context": 511},
        {"tokens": (407, 262)},
        {"finish_reason": "stopped"},
        {"engine": "0.1.0"},
        {"date": "2026-02-03"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_changes_the_digest(change: dict[str, object]) -> None:
    assert replace(RECORD, **change).sha256() != RECORD.sha256()  # type: ignore[arg-type]


def test_a_lone_surrogate_in_a_prompt_is_what_the_model_read() -> None:
    assert replace(RECORD, prompt="a\ud800b").value()["prompt"] == "a\ufffdb"
