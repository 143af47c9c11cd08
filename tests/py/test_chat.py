# SPDX-License-Identifier: Apache-2.0
"""Chat templates: what transformers would make of them, special tokens, and hostile ones."""

import time
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taleproof.chat.prompt import MAX_TEMPLATE_CHARACTERS, apply_chat_template, chat_template, encode_chat
from taleproof.errors import ChatTemplateError
from taleproof.formats import ModelFile
from taleproof.tokenizers import from_model
from vocabularies import bpe_metadata, model_file, spm_metadata


HI = [{"role": "user", "content": "Hi"}]
CHATML = (
    "{% for message in messages %}\n"
    "    {% if message.role not in ['system', 'user', 'assistant'] %}\n"
    "        {{ raise_exception('No role ' ~ message.role) }}\n"
    "    {% endif %}\n"
    "    {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>\\n' -}}\n"
    "{% endfor %}\n"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def test_blocks_are_trimmed_as_transformers_does() -> None:
    expected = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert apply_chat_template(CHATML, HI) == expected
    assert apply_chat_template(CHATML, HI, add_generation_prompt=False) == "<|im_start|>user\nHi<|im_end|>\n"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ bos_token }}{{ messages[-1].content }}{{ eos_token }}", "<s>Hi</s>"),
        ("{% for m in messages %}{{ loop.index }}/{{ loop.length }}{{ loop.last }}{% endfor %}", "1/1True"),
        ("{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "012"),
        ("{% for i in range(9) if i % 4 == 0 %}{{ i }}{% else %}none{% endfor %}", "048"),
        ("{% for i in [] %}{{ i }}{% else %}none{% endfor %}", "none"),
        ("{% set ns = namespace(n=0) %}{% for i in range(5) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "10"),
        ("{% macro f(a) %}[{{ a }}]{% endmacro %}{{ f('x') ~ f(1) }}", "[x][1]"),
        ("{% macro f() %}<{{ caller() }}>{% endmacro %}{% call f() %}y{% endcall %}", "<y>"),
        ("{% for i in [[1, [2]], [3]] recursive %}{{ loop(i) if i is iterable else i }}{% endfor %}", "123"),
        ("{% generation %}{{ 'own words' }}{% endgeneration %}", "own words"),
        ("{{ {'a': '<é>'} | tojson }}", '{"a": "<é>"}'),
        ("{{ messages[0] | tojson(indent=1) }}", '{\n "role": "user",\n "content": "Hi"\n}'),
        ("{{ 'a' + 'b' * 3 }}{{ 2 ** 10 }}{{ '%s-%03d' % ('x', 7) }}{{ '{:>3}'.format(1) }}", "abbb1024x-007  1"),
        ("{{ ' a '.strip() | upper }}{{ 'x-y'.split('-') | join('+') }}", "Ax+y"),
        ("{{ messages[0].missing }}{{ tools is none }}{{ enable_thinking is defined }}", "TrueFalse"),
        ("{{ '<b>' }}{{ '&' ~ '>' }}", "<b>&>"),
        ("{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list }}", "['Hi']"),
    ],
)
def test_templates_can_do_what_real_ones_do(template: str, text: str) -> None:
    assert apply_chat_template(template, HI, bos_token="<s>", eos_token="</s>") == text


def test_the_date_is_the_callers_or_a_fixed_one() -> None:
    template = "{{ strftime_now('%d %b %Y') }}"
    assert apply_chat_template(template, HI, today=date(2026, 2, 3)) == "03 Feb 2026"
    assert apply_chat_template(template, HI) == "26 Jul 2024"


def test_a_template_may_refuse_a_conversation_in_its_own_words() -> None:
    with pytest.raises(ChatTemplateError, match="No role wizard") as error:
        apply_chat_template(CHATML, [{"role": "wizard", "content": "Hi"}])
    assert error.value.code == "chat-template"


@pytest.mark.parametrize(
    "template",
    [
        "{% for %}",
        "{{ 1 / 0 }}",
        "{{ messages[7].content + 'x' }}",
        "{{ nothing.at.all }}",
        "{{ [" + "1, " * 500 + "] }}",
        "{% include 'file' %}",
        "{% import 'os' as os %}",
        "{{ messages.append(1) }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ (messages | map(attribute='__class__') | first).__name__ }}{{ raise_exception('x' * 1000) }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ 1" + " + 1" * 100 + " }}",
        "{{ a" + "()" * 10_000 + " }}",
        "{{ 1" + " | int" * 10_000 + " }}",
        "{{ " + "not " * 10_000 + "1 }}",
        "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
        "x" * (MAX_TEMPLATE_CHARACTERS + 1),
    ],
)
def test_what_goes_wrong_in_a_template_is_one_kind_of_error(template: str) -> None:
    with pytest.raises(ChatTemplateError) as error:
        apply_chat_template(template, HI)
    assert len(error.value.message) < 400


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ range(99999) | sum }}{% endfor %}",
        "{% set l = range(50000) | list %}{% for a in l %}{{ l | sort | length }}{% endfor %}",
        "{% for a in [[]] * 999 recursive %}{{ loop([[]] * 999) }}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% for a in range(99999) %}{{ 'abcdefgh' * 1000 }}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(n=9) %}{% for a in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for a in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{{ 1000000000 * 'x' }}",
        "{{ 9 ** 999999999 }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ 'x' | indent(1000000000) }}",
        "{{ 1 | tojson(indent=1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (1000000000, 1) }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 1000000000) }}",
        "{{ '{a:1000000000}'.format_map({'a': 1}) }}",
        "{% filter upper %}{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}{% endfilter %}",
    ],
)
def test_a_template_that_would_not_end_is_stopped(template: str) -> None:
    start = time.process_time()
    with pytest.raises(ChatTemplateError):
        apply_chat_template(template, HI)
    assert time.process_time() - start < 10  # all take well under a second


def test_a_long_conversation_is_within_the_budget() -> None:
    messages = [{"role": "user", "content": "word " * 4_000}] * 50
    assert len(apply_chat_template(CHATML, messages)) > 900_000
    assert len(apply_chat_template(CHATML, HI * 1_000)) > 30_000


@given(template=st.text(st.sampled_from("{}% #-'\"()[].|~+*amx1 if end for in\n")))
def test_any_template_gives_text_or_a_template_error(template: str) -> None:
    with suppress(ChatTemplateError):
        assert isinstance(apply_chat_template(template, HI), str)


def test_bos_comes_once_whoever_writes_it() -> None:
    spm = from_model(model_file(spm_metadata()))
    for template in ("{{ bos_token }}{{ messages[0].content }}", "{{ messages[0].content }}"):
        assert encode_chat(spm, template, HI).ids == spm.encode("Hi", add_bos=True)
    bpe = from_model(model_file(bpe_metadata("gpt-2")))
    assert encode_chat(bpe, "{{ messages[0].content }}", HI).ids == bpe.encode("Hi", add_bos=False)


@pytest.mark.parametrize("metadata", [{}, {"tokenizer.chat_template": ""}])
def test_a_model_may_have_no_template(metadata: dict[str, Any]) -> None:
    assert chat_template(ModelFile("m.gguf", "GGUF v3", "llama", metadata, {}, 0)) is None


class TestSmolLM2:
    """The real model's own template, in ChatML."""

    def test_a_default_system_message_comes_first(self, smollm2_file: ModelFile) -> None:
        template = chat_template(smollm2_file)
        assert template is not None
        assert apply_chat_template(template, HI) == (
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
        )

    def test_roles_become_special_tokens_and_no_bos_is_added(self, smollm2_file: ModelFile) -> None:
        template, tokenizer = chat_template(smollm2_file), from_model(smollm2_file)
        assert template is not None
        messages = [{"role": "system", "content": "Write."}, *HI, {"role": "assistant", "content": "Hello"}, *HI]
        ids = encode_chat(tokenizer, template, messages).ids
        assert ids.count(1) == 5
        assert ids.count(2) == 4
        assert tokenizer.eos_ids >= {0, 2}
        assert tokenizer.decode(ids) == "system\nWrite.\nuser\nHi\nassistant\nHello\nuser\nHi\nassistant\n"
