# SPDX-License-Identifier: Apache-2.0
"""An opened model, as other people's programs have it: texts come in, and texts, vectors and log-probabilities go out.

It is the same whether the kernels run in wasmtime or in a browser. Refused, in the words of the errors that the methods
name: settings out of their ranges, prompts that are empty or too long, and what a model of its kind does not do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from taleproof.apps.library.generation import Generation
from taleproof.apps.library.options import Options, Settings, read_settings
from taleproof.apps.open_model import OpenModel
from taleproof.apps.prompting import Asked, Mode, Prompt, make_prompt, read_mode
from taleproof.chat.prompt import chat_template, encode_chat
from taleproof.errors import ChatTemplateError, NoModelError, OtherTaskError
from taleproof.errors.base import plain
from taleproof.record.record import StoryRecord
from taleproof.tasks.alternatives import Place, alternatives
from taleproof.tasks.base import Scored
from taleproof.tasks.embed import embed_text
from taleproof.tasks.generate import ReusableSession
from taleproof.tasks.score import Given, Score
from taleproof.tasks.transcript import Transcript
from taleproof.tasks.writing import Writer, Writing
from taleproof.trust.digest import Expected


class Model:
    """An opened model. ``taleproof.open`` makes one, and it is closed at the end of a ``with``.

    It writes one text at a time: a new one ends the one before, whose finish reason is then ``stopped``.

    Attributes
    ----------
    name : what the model's file says it is called, else the file's name; it proves nothing.
    architecture : such as ``llama``.
    task : ``generate``, or ``embed`` for a model that makes vectors.
    encoder_decoder : whether its encoder reads the prompt as a whole before it writes, as in T5.
    files : name and digests of each of its files.
    digests : ``sha256``, ``sha3_256`` and ``size`` (bytes) of the model's file; of several files they are those of the
        list that ``sha256sum *`` gives in the C locale.
    tokenizer_digests : of a tokenizer's file that was given beside a model without one; else None.
    tokenizer : has ``encode`` and ``decode``.
    """

    def __init__(self, opened: OpenModel, expected: Expected | None = None) -> None:
        self.name = plain(opened.file.text("general.name", opened.loaded.name))
        self.architecture = opened.file.architecture
        self.task = opened.task
        self.encoder_decoder = opened.file.start_token is not None
        self.files = opened.files
        self.digests = opened.digests
        self.tokenizer_digests = opened.tokenizer_digests
        self.tokenizer = opened.tokenizer
        self._opened: OpenModel | None = opened
        self._expected = expected
        self._model: Writer | None = None
        if opened.task == "generate":
            self._model = Writer(opened.engine, ReusableSession(opened.session), opened.tokenizer)
        self._writing: _Writing | None = None

    @property
    def verified(self) -> bool:
        """Whether every byte was compared with a digest that ``expect`` gave."""
        return self._expected is not None

    @property
    def verdict(self) -> str:
        """What is known about the model's bytes, as a sentence."""
        what, sha256 = "file" if len(self.files) == 1 else "list of files", self.digests.sha256
        if self.verified:
            return f"Every byte is as expected: the SHA-256 of the model's {what} is {sha256}."
        return (
            f"Nobody vouches for this model: the SHA-256 of its {what} is {sha256}. Compare it with one from a source "
            "that you trust, and give that as expect."
        )

    def generate(self, prompt: str, *, mode: Mode = "raw", **settings: Unpack[Settings]) -> Generation:
        """Write on from a prompt. Nothing is written before the first event is asked for.

        The same model, prompt and settings give the same tokens and the same text on every machine, in a browser too.

        Parameters
        ----------
        prompt : the text to go on from; special tokens written in it are recognised.
        mode : ``raw`` goes on from the prompt as it is; with ``chat`` it is a message in the model's chat form; with
            ``story`` the model is asked for a story in that form, and the prompt is the beginning of its answer. For a
            model with an encoder and a decoder, such as T5, the prompt is the encoder's input in the first two modes,
            and the third is refused.
        seed : of the generator, 0 to 2**64 - 1; 0 if not given.
        max_tokens : tokens to write at most; 256 if not given.
        temperature : 0 to 100; 0, if not given, takes the likeliest token each time.
        top_p : 0 to 1; only the likeliest tokens are kept whose probabilities make up so much together.
        top_k : only so many of the likeliest are kept; 0 is off.
        min_p : 0 to 1; only those are kept that are at least so many times as likely as the likeliest.
        repeat_penalty : 0.01 to 100; above 1 makes tokens of the last ``repeat_last_n`` less likely; 1 if not given.
        repeat_last_n : how many tokens the penalty looks back, the prompt's included; 64 if not given.
        dry_multiplier : 0 to 100; above 0 makes what goes on with a repeated sequence less likely, by so much.
        dry_base : 1 to 100; so many times as much for each further token of the sequence; 1.75 if not given.
        dry_allowed_length : 1 to 50; shorter sequences may be repeated; 2 if not given.
        dry_last_n : how many tokens DRY looks back, the prompt's included; -1, all of them, if not given.
        dry_sequence_breakers : texts that no sequence goes beyond; line break, colon, quote and asterisk if not given.
        xtc_probability : 0 to 1, of leaving all of the likeliest tokens out but one; 0 if not given.
        xtc_threshold : 0 to 1, how likely those are at least; 0.1 if not given, above 0.5 is off.
        stop : a text that ends the writing, or several; none of them is given out.
        min_tokens : the text does not end by itself before it has so many.
        past_ends : how often it goes on where the model would have ended it; the next 32 tokens then can't end it.
        end_at_sentence : ``finish`` writes up to 60 tokens more than max_tokens, until a sentence ends; ``cut``
            takes what comes after the last whole sentence away again, and the last event says so.
        date : given to a chat template that asks: a ``datetime.date`` or such as "2026-02-03"; today if not given.
        language : of the request for a story: "en", if not given, "zh-Hans", "es" or "de".
        memory : what the model must not forget: in ``story`` a part of the request, in ``raw`` before the text.
        note : an author's note, set in brackets before the paragraph at ``note_depth``, counted from the end; 3 if not
            given.
        passages : where the prompt's passages begin, the first one at 0. Where they do not fit with ``max_tokens``, the
            first one stays, and the oldest of the others are left out.

        Returns
        -------
        an iterator over events. Each has a ``text``, and all of them together are the whole text. Progress: ``done``
        of ``total`` tokens of the prompt were read. Token: its ``id``, its ``logprob``. Finished: the ``reason``,
        and what was ``cut`` off.

        Raises
        ------
        InvalidSettingError, InvalidChoiceError : a setting that is not possible.
        EmptyPromptError, PromptTooLongError, StoryTooLongError : a prompt that is not possible.
        RequestsOnlyError : a model with an encoder, which tells no story on.
        ChatTemplateError : the model has no chat form, or refuses the prompt in it.
        OtherTaskError : a model that makes vectors.
        NoModelError : it was closed.
        NumericsError : while writing, a number that is not finite.
        """
        return self.write(prompt, read_mode(mode), read_settings(settings))

    def chat(self, messages: Sequence[Mapping[str, str]], **settings: Unpack[Settings]) -> Generation:
        """Write the answer in a conversation.

        Parameters
        ----------
        messages : each has a ``role`` ("system", "user" or "assistant") and a ``content``.
        settings, and what is returned and raised : as in ``generate``. A conversation of one message from the user is a
            prompt in the mode ``chat``; any other one has no record, for a record holds one prompt.
        """
        options = read_settings(settings)
        only = messages[0] if len(messages) == 1 else {}
        if only.keys() == {"role", "content"} and only["role"] == "user":
            return self.write(only["content"], "chat", options)
        opened, _ = self._writer("chat")
        template = chat_template(opened.file)
        if template is None:
            raise ChatTemplateError("the model has none")
        return self._begin(encode_chat(opened.tokenizer, template, messages, today=options.today).ids, None, options)

    def write(self, prompt: str, mode: Mode, options: Options) -> Generation:
        """Write on from a prompt, with settings that are checked already; all else is as in ``generate``."""
        opened, _ = self._writer("generate")
        if self.encoder_decoder and mode == "raw":
            mode = "chat"
        asked = Asked(
            prompt,
            mode,
            options.today,
            options.language,
            memory=options.memory,
            note=options.note,
            passages=options.passages,
        )
        made = make_prompt(opened, asked, opened.session.n_ctx, options.limits.most_tokens)
        return self._begin(made.ids, made, options)

    def embed(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a text of any length: float32 (dim,), of length 1.

        The product of two vectors (``a @ b``) says how near their texts are: 1 for the same.

        Raises
        ------
        OtherTaskError : a model that writes.
        NoModelError : it was closed.
        NumericsError : a number that is not finite.
        """
        opened = self._require()
        if opened.task != "embed":
            raise OtherTaskError(self.name, self.task, "embed")
        return embed_text(opened.embedder, opened.tokenizer, text)

    def score(self, text: str, *, prompt: str = "") -> list[Scored]:
        """Return how likely the model finds a text after a prompt, token by token; a text in the making is ended.

        Returns
        -------
        for each token of the text its ``id``, the ``logprob`` that the model gives it (a natural logarithm), and
        ``best``, the id of the token that the model finds likeliest there

        Raises
        ------
        EmptyPromptError : there is no prompt, and the model has no token for the beginning of a text.
        PromptTooLongError, OtherTaskError, NoModelError, NumericsError : as in ``generate``.
        """
        _, writer = self._writer("score")
        self._end()
        return list(Score().run(writer, Given(prompt, text)))

    def alternatives(self, begin: int = 0, end: int | None = None, *, count: int = 10) -> list[Place]:
        """Return what else could have stood in the last text, which is ended where it is still in the making.

        Parameters
        ----------
        begin, end : the numbers of the first token and of the one behind the last; all if not given.
        count : how many of the likeliest tokens, 1 to 100.

        Returns
        -------
        for each token its ``chosen`` and the ``likeliest``, from the likeliest down, of equals the smaller id first;
        each has its ``id`` and the ``logprob`` that the model gives it

        Raises
        ------
        InvalidSettingError : there is no such text, or the count is not possible.
        OtherTaskError, NoModelError : as in ``generate``.
        """
        _, writer = self._writer("generate")
        self._end()
        written = Transcript([]) if self._writing is None else self._writing.text.transcript
        last = written.written if end is None else end
        return list(alternatives(writer.session, written.prompt_ids, written.tokens, begin, last, count))

    @property
    def record(self) -> StoryRecord | None:
        """What writes the last text again, as far as it has come: ``canonical()`` is JSON, ``sha256()`` its digest.

        None before the first text, and for a conversation of more than one message.
        """
        return None if self._writing is None else self._writing.record(self._require())

    def close(self) -> None:
        """Let go of the model and its memory; a text in the making is ended. May be called twice."""
        self._end()
        self._opened = self._model = self._writing = None

    def __enter__(self) -> "Model":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.close()

    def _require(self) -> OpenModel:
        if self._opened is None:
            raise NoModelError
        return self._opened

    def _writer(self, use: str) -> tuple[OpenModel, Writer]:
        opened = self._require()
        if self._model is None:
            raise OtherTaskError(self.name, self.task, use)
        return opened, self._model

    def _end(self) -> None:
        if self._writing is not None:
            self._writing.text.stop()

    def _begin(self, ids: Sequence[int], prompt: Prompt | None, options: Options) -> Generation:
        _, writer = self._writer("generate")
        text = Writing(writer, ids, options.sampler)
        text.run(options.limits)
        self._end()
        self._writing = _Writing(text, prompt, options)
        return Generation(text)


@dataclass(frozen=True)
class _Writing:
    """A text and all that its record tells of it. ``prompt`` is None for a conversation, which no record can hold."""

    text: Writing
    prompt: Prompt | None
    options: Options

    def record(self, opened: OpenModel) -> StoryRecord | None:
        if self.prompt is None:
            return None
        return self.prompt.record(opened, self.text, self.options.sampler, self.options.limits)
