# SPDX-License-Identifier: Apache-2.0
"""The library as another program has it: the stories, records and errors are those of the command line and the page."""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import taleproof
from fixtures.bert_files import tiny_bert
from fixtures.make import tiny_gguf
from fixtures.t5_files import WORDS, tiny_t5_gguf
from golden import SAMPLERS, kept, path_of, prompts
from opener_bench import Bench
from taleproof import Event, Finished, Model, Progress, Token
from taleproof.apps.cli.main import main
from taleproof.apps.open_model import OpenModel
from taleproof.apps.opener import PendingApproval
from taleproof.apps.prompting import Mode
from taleproof.apps.worker.protocol.models import MemoryFigures
from taleproof.apps.worker.protocol.stories import NewStory, SamplerSettings
from taleproof.apps.worker.story import Story
from taleproof.errors import (
    AddressNotReadError,
    ChatTemplateError,
    DamagedKernelsError,
    DigestMismatchError,
    EmptyPromptError,
    InvalidChoiceError,
    InvalidDigestError,
    InvalidSettingError,
    MissingKernelsError,
    NoModelError,
    NoModelInFolderError,
    OtherTaskError,
    PromptTooLongError,
    SourceNotFoundError,
    UnknownArchitectureError,
)
from taleproof.memory import kernels
from taleproof.tasks.generate import ReusableSession


FIXTURES = Path(__file__).parents[1] / "fixtures"
STORIES, WORDS_BIN = FIXTURES / "stories260K.bin", FIXTURES / "tok512.bin"
ASKING = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{{ strftime_now('%Y-%m-%d') }}"
WARM: dict[str, Any] = {"temperature": 0.9, "top_p": 0.95, "top_k": 40, "min_p": 0.02, "repeat_penalty": 1.1}
DRY: dict[str, Any] = {"dry_multiplier": 0.8, "dry_base": 1.5, "dry_allowed_length": 1, "dry_last_n": 100}
XTC: dict[str, Any] = {"xtc_probability": 0.5, "xtc_threshold": 0.2}


@pytest.fixture(scope="module")
def stories() -> Iterator[Model]:
    with taleproof.open([STORIES, WORDS_BIN]) as model:
        yield model


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Model]:
    """A model with a chat template that asks for the date."""
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny_gguf("F32", chat_template=ASKING))
    with taleproof.open(path) as model:
        yield model


@pytest.fixture
def encoder(tmp_path: Path) -> Iterator[Model]:
    for name, data in tiny_bert().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with taleproof.open(tmp_path) as model:
        yield model


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    assert main([*map(str, arguments), "--json"]) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_importing_it_loads_nothing_and_its_names_are_there() -> None:
    script = (
        "import sys, taleproof\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'numpy', 'jinja2', 'regex', 'wasmtime', 'asyncio'}, loaded\n"
        "assert [name for name in sys.modules if name.startswith('taleproof.')] == []\n"
        "assert all(getattr(taleproof, name) for name in taleproof.__all__)\n"
        "assert set(taleproof.__all__) <= set(dir(taleproof))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        _ = taleproof.opne  # type: ignore[attr-defined]


def test_golden_runs_are_written(stories: Model) -> None:
    runs = kept(path_of())["stories260K"]
    for run in runs.runs[:6]:
        seed, settings = run.seed, SAMPLERS[run.sampler]
        list(stories.generate(prompts()[run.prompt], seed=seed, max_tokens=runs.max_tokens, **settings))
        assert stories.record is not None
        assert stories.record.tokens == run.tokens
        assert stories.record.logits == run.logits
        assert stories.record.finish_reason == run.reason


def test_the_texts_of_all_events_are_the_text(stories: Model) -> None:
    generation = stories.generate("Once upon a time", max_tokens=12)
    events: list[Event] = list(generation)
    assert "".join(event.text for event in events) == ", there was a little girl named Lily. She" == generation.text
    assert [type(event) for event in events] == [Progress, *[Token] * 12, Finished]
    assert len(generation.tokens) == len(generation.logprobs) == generation.stats.tokens == 12
    assert list(generation) == []


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {**WARM, "seed": 2**64 - 1, "stop": "the"},
        {**WARM, **DRY, **XTC, "min_tokens": 15, "end_at_sentence": "finish"},
    ],
    ids=["greedy", "warm", "every setting"],
)
@pytest.mark.parametrize("backend", ["wasm", "numpy"])
def test_the_command_line_writes_the_same(
    settings: dict[str, Any], backend: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    shown = said(
        capsys, "generate", STORIES, WORDS_BIN, "--prompt=Once", "--max-tokens=20", "--backend", backend, *options
    )
    with taleproof.open([STORIES, WORDS_BIN], backend=backend) as model:
        written = model.generate("Once", max_tokens=20, **settings)
        list(written)
        assert [{"id": i, "logprob": p} for i, p in zip(written.tokens, written.logprobs, strict=True)] == shown[
            "tokens"
        ]
        assert model.record is not None
        record = model.record.value()
    assert (record["text"], record["finish_reason"]) == (shown["text"], shown["finish_reason"])
    assert record["logits"] == {"every": 16, "sha256": shown["digests"]["logits"]}
    assert shown["digests"]["files"] == record["model"]["files"]  # type: ignore[index,call-overload]
    assert (record["kernels"] is None) == (backend == "numpy")


@pytest.mark.parametrize("mode", ["raw", "chat"])
def test_the_page_keeps_the_same_record(mode: Any, tiny: Model) -> None:
    data = tiny_gguf("F32", chat_template=ASKING)
    bench = Bench()
    pending = bench.open({"tiny.gguf": data})
    assert isinstance(pending, PendingApproval)
    opened = bench.open({"tiny.gguf": data}, accept=pending.verdict.actual.sha256)
    assert isinstance(opened, OpenModel)
    sampler: SamplerSettings = {
        "seed": "5",
        "temperature": 50.0,
        "topP": 0.9,
        "topK": 7,
        "minP": 0.01,
        "repeatPenalty": 1.2,
        "repeatLastN": 64,
    }
    request: NewStory = {
        "kind": "new",
        "prompt": "abc",
        "mode": mode,
        "date": "2026-02-03",
        "sampler": sampler,
        "limits": {"maxTokens": 12, "stop": ["x"]},
    }
    memory: MemoryFigures = {"arena": 0, "python": 0, "model": 0, "cache": 0}
    story = Story(opened, ReusableSession(opened.session), request, lambda: memory)
    while story.writing:
        story.next()
    settings: dict[str, Any] = {"seed": 5, "temperature": 50.0, "top_p": 0.9, "top_k": 7, "min_p": 0.01}
    settings |= {"repeat_penalty": 1.2, "max_tokens": 12, "stop": ["x"], "date": "2026-02-03"}
    list(tiny.generate("abc", mode=mode, **settings))
    assert tiny.record is not None
    ours, pages = tiny.record.value(), story.record().value()
    assert ours.pop("kernels") == hashlib.sha256(kernels.kernel_code("relaxed")).hexdigest()
    pages.pop("kernels")
    pages["model"] = {**pages["model"], "sha3_256": tiny.digests.sha3_256}  # type: ignore[dict-item]
    assert ours == pages
    assert ("chat" in ours) == (mode == "chat")


def test_a_record_writes_its_text_again(stories: Model) -> None:
    list(stories.generate("The dragon", seed=11, max_tokens=40, stop=["zebra"], **WARM))
    first = stories.record
    assert first is not None
    kept_json = json.loads(first.canonical())
    sampler = {**kept_json["sampler"], "seed": int(kept_json["sampler"]["seed"])}
    assert sampler.keys() == {"seed", *WARM, "repeat_last_n"}  # what is off is left out, so that old digests hold
    limits = {"max_tokens": kept_json["limits"]["max_tokens"], "stop": kept_json["limits"]["stop"]}
    assert kept_json["limits"].keys() == {*limits, "context"}
    list(stories.generate(kept_json["prompt"], mode=kept_json["mode"], **sampler, **limits))
    assert stories.record is not None
    assert stories.record.sha256() == first.sha256() == hashlib.sha256(first.canonical().encode()).hexdigest()


@pytest.mark.parametrize("end", ["finish", "cut"])
def test_a_record_of_every_setting_writes_its_text_again(stories: Model, end: Any) -> None:
    breakers = ["\n", "Lily"]
    written = stories.generate(
        "The dragon",
        seed=12,
        max_tokens=40,
        min_tokens=30,
        end_at_sentence=end,
        dry_sequence_breakers=breakers,
        **WARM,
        **DRY,
        **XTC,
    )
    list(written)
    assert written.text.rstrip().endswith(".")
    first = stories.record
    assert first is not None
    record = json.loads(first.canonical())
    dry, xtc = record["sampler"].pop("dry"), record["sampler"].pop("xtc")
    assert dry == {"multiplier": 0.8, "base": 1.5, "allowed_length": 1, "last_n": 100, "sequence_breakers": breakers}
    assert xtc == {"probability": 0.5, "threshold": 0.2}
    limits = record["limits"]
    assert limits == {"max_tokens": 40, "stop": [], "context": 512, "min_tokens": 30, "end_at_sentence": end}
    settings = {**record["sampler"], "seed": int(record["sampler"]["seed"])}
    settings |= {f"dry_{name}": value for name, value in dry.items()}
    settings |= {f"xtc_{name}": value for name, value in xtc.items()}
    limits.pop("context")
    list(stories.generate(record["prompt"], mode=record["mode"], **settings, **limits))
    assert stories.record is not None
    assert stories.record.sha256() == first.sha256()


def test_what_breaks_off_is_stopped_and_leaves_the_model_fresh(stories: Model) -> None:
    whole = stories.generate("Once upon a time", max_tokens=30)
    list(whole)
    broken = stories.generate("Once upon a time", max_tokens=30)
    for event in broken:
        if isinstance(event, Token) and event.stats.tokens == 7:
            break
    record = stories.record
    assert record is not None
    assert (record.finish_reason, record.tokens, len(record.logits)) == ("stopped", tuple(whole.tokens[:7]), 1)
    assert whole.text.startswith(record.text)
    again = stories.generate("Once upon a time", max_tokens=30)
    assert (broken.finish_reason, list(broken)) == ("stopped", [])
    list(again)
    assert (again.tokens, again.logprobs) == (whole.tokens, whole.logprobs)


def test_what_may_be_the_beginning_of_a_stop_string_belongs_to_a_stopped_text(stories: Model) -> None:
    writing = stories.generate("Once upon a time", stop="a little boy", max_tokens=30)
    for event in writing:
        if isinstance(event, Token) and event.stats.tokens == 5:
            break
    assert writing.text == ", there was "
    writing.close()
    assert writing.text == ", there was a little"
    assert (writing.finish_reason, list(writing)) == ("stopped", [])


def test_events_can_be_awaited(stories: Model) -> None:
    async def awaited() -> list[str]:
        return [event.text async for event in stories.generate("Once upon a time", max_tokens=9)]

    assert asyncio.run(awaited()) == [event.text for event in stories.generate("Once upon a time", max_tokens=9)]


@pytest.mark.parametrize("algorithm", ["sha256", "sha3-256"])
def test_only_the_expected_bytes_are_opened(algorithm: str, tmp_path: Path) -> None:
    path, data = tmp_path / "tiny.gguf", tiny_gguf()
    path.write_bytes(data)
    right = hashlib.new(algorithm.replace("sha3-", "sha3_"), data).hexdigest()
    for expect in (f"{algorithm}:{right}", f"{algorithm}:{right.upper()}"):
        with taleproof.open(path, expect=expect) as model:
            assert (model.verified, model.digests.size) == (True, len(data))
            assert hashlib.sha256(data).hexdigest() in model.verdict
    with pytest.raises(DigestMismatchError, match=right):
        taleproof.open(path, expect=f"{algorithm}:{'0' * 64}")
    with taleproof.open(path) as model:
        assert not model.verified
        assert model.verdict.startswith("Nobody vouches")
        assert hashlib.sha256(data).hexdigest() in model.verdict


DIGEST = "ab" * 32
WRONG_EXPECT = [
    *("", DIGEST, f"sha256:{DIGEST[1:]}", f"sha256:{DIGEST}0", f"sha256: {DIGEST}", f"sha256:{DIGEST}\n"),
    *(f"SHA256:{DIGEST}", f"sha512:{DIGEST}", f"sha3_256:{DIGEST}", f"sha256:{'g' * 64}", f"sha256:{'٣' * 64}", 256),
]


@pytest.mark.parametrize("expect", WRONG_EXPECT)
def test_expect_has_one_form(expect: Any) -> None:
    with pytest.raises(InvalidDigestError, match="64 hexadecimal digits"):
        taleproof.open(STORIES, expect=expect)


def test_a_model_says_what_it_is(tmp_path: Path, tiny: Model, encoder: Model) -> None:
    assert (tiny.architecture, tiny.task, tiny.encoder_decoder) == ("llama", "generate", False)
    assert tiny.name == "Tiny"
    assert [name for name, _ in tiny.files] == ["tiny.gguf"]
    assert tiny.files[0][1] == tiny.digests
    assert (encoder.architecture, encoder.task) == ("bert", "embed")
    assert len(encoder.files) == len(tiny_bert())


def test_vectors_are_the_command_lines(encoder: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["the sea", "a cab and the sea. " * 12]
    shown = said(capsys, "embed", tmp_path, *(f"--text={text}" for text in texts))
    for text, vector in zip(texts, shown["vectors"], strict=True):
        found = encoder.embed(text)
        assert found.dtype == np.float32
        assert [float(number) for number in found] == vector


def test_scores_are_the_command_lines(stories: Model, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "score", STORIES, WORDS_BIN, "--prompt=Once upon", "--continuation= a time, there")
    found = [vars(token) for token in stories.score(" a time, there", prompt="Once upon")]
    assert found == shown["tokens"]
    whole = stories.score("Once upon a time, there")
    assert [vars(token) for token in whole[-len(found) :]] == found
    assert stories.tokenizer.decode([token.id for token in whole]).lstrip() == "Once upon a time, there"


def test_a_conversation_of_one_message_is_a_prompt_in_chat(tiny: Model) -> None:
    list(tiny.generate("abc", mode="chat", max_tokens=5, date="2026-02-03"))
    prompt = tiny.record
    messages = [{"role": "user", "content": "abc"}]
    list(tiny.chat(messages, max_tokens=5, date=datetime(2026, 2, 3, 4, 5)))
    assert tiny.record == prompt
    longer = tiny.chat([{"role": "system", "content": "x"}, *messages], max_tokens=5, date="2026-02-03")
    assert len(longer.prompt_tokens) > len(tiny.chat(messages, date="2026-02-03").prompt_tokens)
    list(tiny.chat([{"role": "system", "content": "x"}, *messages], max_tokens=5))
    assert tiny.record is None


def test_a_model_that_reads_a_source_takes_the_prompt_for_it(tmp_path: Path) -> None:
    path = tmp_path / "t5.gguf"
    path.write_bytes(tiny_t5_gguf("t5", WORDS))
    with taleproof.open(path) as model:
        assert model.encoder_decoder
        records = []
        modes: tuple[Mode, Mode] = ("raw", "chat")
        for mode in modes:
            list(model.generate("a big cat", mode=mode, max_tokens=4))
            assert model.record is not None
            assert (len(model.record.tokens), model.record.mode) == (4, "chat")  # as the page can write it again
            records.append(model.record)
        assert records[0] == records[1]


def test_what_a_model_does_not_do_is_said(stories: Model, encoder: Model, tmp_path: Path) -> None:
    with pytest.raises(OtherTaskError, match="can't embed"):
        stories.embed("the sea")
    for work in (lambda: encoder.generate("a"), lambda: encoder.chat([]), lambda: encoder.score("a")):
        with pytest.raises(OtherTaskError, match="was opened to embed"):
            work()
    with pytest.raises(ChatTemplateError):
        stories.generate("Once", mode="chat")
    with pytest.raises(UnknownArchitectureError):
        taleproof.open([STORIES, WORDS_BIN], task="embed")
    with pytest.raises(UnknownArchitectureError):
        taleproof.open(tmp_path, task="generate")


def test_what_is_wrong_with_a_request_is_said_at_once(stories: Model) -> None:
    refused: list[tuple[type[Exception], dict[str, Any]]] = [
        (InvalidSettingError, {"temperature": -1}),
        (InvalidSettingError, {"max_tokens": -1}),
        (InvalidSettingError, {"seed": 2**64}),
        (InvalidSettingError, {"date": "yesterday"}),
        (InvalidChoiceError, {"mode": "poem"}),
        (TypeError, {"temprature": 1}),
        (PromptTooLongError, {"prompt": "Once upon a time. " * 200}),
    ]
    for kind, change in refused:
        with pytest.raises(kind):
            stories.generate(**{"prompt": "Once", **change})
    for name in ("task", "backend"):
        with pytest.raises(InvalidChoiceError, match=name):
            taleproof.open(STORIES, **cast(dict[str, Any], {name: "poem"}))
    with pytest.raises(NoModelInFolderError):
        taleproof.open([])
    with pytest.raises(SourceNotFoundError):
        taleproof.open("absent.gguf")
    with pytest.raises(AddressNotReadError, match="Download it"):
        taleproof.open("https://example.org/model.gguf")


def test_a_closed_model_does_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny_gguf())
    model = taleproof.open(path)
    writing = model.generate("abc")
    next(writing)
    model.close()
    model.close()
    assert (writing.finish_reason, list(writing), model.record) == ("stopped", [], None)
    for work in (lambda: model.generate("a"), lambda: model.embed("a"), lambda: model.score("a")):
        with pytest.raises(NoModelError):
            work()


def test_a_model_that_cannot_begin_from_nothing(tiny: Model) -> None:
    if tiny.tokenizer.encode(""):
        pytest.fail("this test needs a model without a token for the beginning of a text")
    with pytest.raises(EmptyPromptError):
        tiny.score("abc")


def test_kernels_in_the_package_come_first_and_must_be_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = kernels.kernel_code("relaxed")
    monkeypatch.setattr(kernels, "PACKAGED", tmp_path)
    monkeypatch.setattr(kernels, "KERNELS", tmp_path / "nowhere")
    with pytest.raises(MissingKernelsError, match="npm run wheel"):
        kernels.kernel_code("relaxed")
    (tmp_path / "relaxed.wasm").write_bytes(code)
    assert kernels.kernel_code("relaxed") == code
    (tmp_path / "relaxed.wasm").write_bytes(code[:-1] + bytes([code[-1] ^ 1]))
    with pytest.raises(DamagedKernelsError, match="Install the package again"):
        kernels.kernel_code("relaxed")


def test_without_wasmtime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    with pytest.raises(MissingKernelsError, match="pip install wasmtime"):
        taleproof.open([STORIES, WORDS_BIN])
