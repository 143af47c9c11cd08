# SPDX-License-Identifier: Apache-2.0
"""Tasks have one shape, the transcript is the one place of a text, and only what samples takes memory for it."""

from collections.abc import Iterator

import numpy as np
import pytest

from fixtures.bert_files import tiny_bert
from fixtures.make import tiny_gguf
from scripted import Bytes, Script
from taleproof.apps.model_set import read_model
from taleproof.formats import parse
from taleproof.io.reader import BytesBlob
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.sampling.chain import NumpySampler
from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.dry import TokenBytes
from taleproof.sampling.logits_digests import LogitsDigests
from taleproof.tasks.base import Finished, Progress, Scored, Task, Token, Vector
from taleproof.tasks.embed import Embed, TextEncoder, open_numpy
from taleproof.tasks.engine import Engine, open_wasm
from taleproof.tasks.generate import Event, Limits, ReusableSession
from taleproof.tasks.score import Given, Score
from taleproof.tasks.transcript import Transcript
from taleproof.tasks.writing import Generate, Options, Writer, Writing
from taleproof.tokenizers import from_model


@pytest.fixture
def arena() -> WasmtimeArena:
    return WasmtimeArena("relaxed")


@pytest.fixture
def writer(arena: WasmtimeArena) -> Writer:
    data = tiny_gguf("Q4_1")
    base = arena.allocate(len(data))
    arena.write(base, data)
    file = parse(BytesBlob(data, "tiny.gguf"))
    engine = open_wasm(arena, file, [base])
    return Writer(engine, ReusableSession(engine.session(64)), from_model(file))


def test_every_task_has_the_one_shape(writer: Writer) -> None:
    generate: Task[Writer, Transcript, Options, Event] = Generate()
    score: Task[Writer, Given, None, Scored] = Score()
    transcript = Transcript(writer.tokenizer.encode("Once"))
    sampler = writer.engine.sampler(SamplerConfig(), writer.tokenizer.token_bytes)
    options = Options(sampler, writer.engine.logits_digests(), Limits(3))
    written = list(generate.run(writer, transcript, options))
    assert [type(event) for event in written if not isinstance(event, Progress)] == [Token, Token, Token, Finished]
    assert transcript.tokens == [event.id for event in written if isinstance(event, Token)]
    assert transcript.text == "".join(event.text for event in written)
    assert transcript.logprobs == [event.logprob for event in written if isinstance(event, Token)]
    scored = list(score.run(writer, Given("Once", "upon"), None))
    assert scored
    assert all(isinstance(event, Scored) for event in scored)


def test_embedding_tells_its_progress_and_ends_in_a_vector() -> None:
    blobs = [BytesBlob(data, name) for name, data in tiny_bert().items()]
    model = read_model(blobs)
    opened = open_numpy([blobs[index] for index in model.weights], model.file)
    embed: Task[TextEncoder, str, None, Progress | Vector] = Embed()
    *read, vector = embed.run(TextEncoder(opened, model.tokenizer), "the sea, a cab and the sea. " * 6, None)
    assert read == [Progress(done + 1, len(read)) for done in range(len(read))]
    assert len(read) > 1
    assert isinstance(vector, Vector)
    assert vector.values.shape == (64,)


def test_only_a_task_that_samples_takes_memory_for_it(arena: WasmtimeArena, writer: Writer) -> None:
    vocab_size = writer.engine.config.vocab_size
    top = arena.allocate(0)
    list(Score().run(writer, Given("Once", "upon"), None))
    assert arena.allocate(0) == top
    Writing(writer, [1], SamplerConfig())
    sampled = arena.allocate(0)
    assert sampled >= top + 4 * vocab_size
    Writing(writer, [1], SamplerConfig())  # all texts share it
    assert arena.allocate(0) - sampled < 4 * vocab_size


class Once(list[int]):
    """Ids that no one may go through again."""

    def __iter__(self) -> Iterator[int]:
        raise AssertionError("the ids are compared")


def test_a_text_that_goes_on_is_neither_copied_nor_compared() -> None:
    script = Script(b"?hello wide world, and on", prefill_batch=4)
    session = ReusableSession(script)
    writing = Writing(writer_of(session), [0, 0, 0], SamplerConfig())
    writing.run(Limits(4))
    drain(writing)
    transcript = writing.transcript
    transcript.ids = Once(transcript.ids)
    script.calls.clear()
    writing.run(Limits(2))
    drain(writing)
    # The last token, whose logits are wanted, is all that is read again.
    assert script.calls == [(6, 1, "last"), (7, 1, "last")]
    assert writing.transcript is transcript
    assert len(transcript.ids) == 9


def test_two_texts_take_turns_in_one_session() -> None:
    session = ReusableSession(Script(b"?hello wide world, and on"))
    one, two = (Writing(writer_of(session), ids, SamplerConfig()) for ids in ([0, 0, 7], [0, 9, 9]))
    for limit in (2, 3, 1):
        for writing in (one, two):
            writing.run(Limits(limit))
            drain(writing)
    alone = Writing(writer_of(ReusableSession(Script(b"?hello wide world, and on"))), [0, 0, 7], SamplerConfig())
    alone.run(Limits(6))
    drain(alone)
    assert one.transcript.tokens == two.transcript.tokens == alone.transcript.tokens
    assert one.transcript.text == alone.transcript.text
    assert session.position == len(two.transcript.ids) - 1


def test_a_lent_session_is_empty_and_what_was_in_it_is_read_again() -> None:
    script = Script(b"?hello wide world, and on", prefill_batch=4)
    session = ReusableSession(script)
    writing = Writing(writer_of(session), [0, 0, 0], SamplerConfig())
    writing.run(Limits(2))
    drain(writing)
    lent = session.lend()
    assert lent.position == 0
    lent.forward([5, 5])
    script.calls.clear()
    writing.run(Limits(1))
    drain(writing)
    assert script.calls[0] == (0, 4, "none")
    assert writing.transcript.written == 3


class Played(Engine):
    """An engine whose sampler takes the likeliest token of arrays."""

    def __init__(self) -> None:
        pass

    def sampler(self, config: SamplerConfig, token_bytes: TokenBytes) -> NumpySampler:
        return NumpySampler(config, token_bytes)

    def logits_digests(self) -> LogitsDigests:
        return LogitsDigests()


def writer_of(session: ReusableSession) -> Writer:
    return Writer(Played(), session, Bytes())


def drain(writing: Writing) -> None:
    while writing.next() is not None:
        pass
    assert not writing.going_on


def test_a_text_is_stopped_once(writer: Writer) -> None:
    writing = Writing(writer, writer.tokenizer.encode("Once"), SamplerConfig())
    writing.run(Limits(5))
    while not isinstance(writing.next(), Token):
        pass
    writing.stop()
    assert (writing.finish_reason, writing.going_on, writing.next()) == ("stopped", False, None)
    assert writing.stop() == ""
    writing.run(Limits(4))
    drain(writing)
    whole = Writing(writer, writer.tokenizer.encode("Once"), SamplerConfig())
    whole.run(Limits(5))
    drain(whole)
    assert writing.transcript.tokens == whole.transcript.tokens
    assert np.array_equal(writing.transcript.logprobs, whole.transcript.logprobs)
    assert writing.logits_digests == whole.logits_digests
