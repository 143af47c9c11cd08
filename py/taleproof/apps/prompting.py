# SPDX-License-Identifier: Apache-2.0
"""What a model reads before it writes: a prompt with its mode, memory and note comes in, token ids go out.

``raw`` goes on from the prompt as it is; ``chat`` puts it into the model's chat form, as a request; ``story`` asks for
a story in that form, and takes the prompt for the beginning of the answer. What goes out tells what was really given to
the model, so that its record writes the text again without knowing of memory's place, notes or passages left out.
Refused: a mode that the model does not have, and a story that does not fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args

from taleproof.apps.open_model import OpenModel
from taleproof.chat.passages import Note, join_passages, left_out, split_passages, with_memory, with_note
from taleproof.chat.prompt import DEFAULT_DAY, ChatPrompt, chat_template, encode_chat, encode_story
from taleproof.chat.story_requests import DEFAULT_LANGUAGE, StoryRequest, story_request
from taleproof.errors import ChatTemplateError, InvalidChoiceError, RequestsOnlyError, StoryTooLongError
from taleproof.record.record import StoryForm, StoryRecord
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.generate import Limits, encode_prompt
from taleproof.tasks.writing import Writing


Mode = Literal["raw", "chat", "story"]

_MODES: tuple[Mode, ...] = get_args(Mode)


def read_mode(mode: str) -> Mode:
    """Return a mode by its name; InvalidChoiceError where it is none."""
    found = next((known for known in _MODES if known == mode), None)
    if found is None:
        raise InvalidChoiceError("mode", mode, _MODES)
    return found


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes
    ----------
    prompt : an opening, a story so far, or a request.
    today : what a chat template is told that asks for the date.
    language : of the request for a story and of the note's brackets, a BCP 47 tag.
    request_sha256 : which request; None for the present one of the language.
    memory : what the model must not forget; "" for nothing.
    note : an author's note; its text is without brackets.
    passages : where the prompt's passages begin, the first one at 0; without any, nothing of the prompt is left out.
    """

    prompt: str
    mode: Mode = "raw"
    today: date = DEFAULT_DAY
    language: str = DEFAULT_LANGUAGE
    request_sha256: str | None = None
    memory: str = ""
    note: Note | None = None
    passages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Budget:
    """How the context is spent, in tokens. ``request``, ``memory``, ``note`` and ``story`` are the whole prompt.

    Attributes
    ----------
    request : what the form of the mode ``story`` takes; 0 in other modes.
    story : the passages that the model is given.
    room : what is left of the context.
    left_out : the numbers of the passages that the model is not given, from 0 on.
    """

    request: int
    memory: int
    note: int
    story: int
    room: int
    left_out: tuple[int, ...]


@dataclass(frozen=True)
class Prompt:
    """What a model is given.

    Attributes
    ----------
    ids : its tokens.
    text : the prompt as it was given, without passages that were left out, with the note, and in ``raw`` the memory.
    date : what the chat template was told; None where it did not ask.
    request, memory : in the mode ``story``, the request and what it says must not be forgotten.
    """

    ids: list[int]
    text: str
    mode: Mode
    date: str | None
    request: StoryRequest | None
    memory: str
    budget: Budget

    def record(self, opened: OpenModel, text: Writing, sampler: SamplerConfig, limits: Limits) -> StoryRecord:
        """Return everything that writes a text again that was begun with this."""
        request = self.request
        story = None if request is None else StoryForm(request.language, request.sha256(), self.memory)
        return opened.record(
            text, prompt=self.text, mode=self.mode, sampler=sampler, limits=limits, date=self.date, story=story
        )


def make_prompt(opened: OpenModel, asked: Asked, context: int, max_tokens: int) -> Prompt:
    """Return what a model is given.

    Parameters
    ----------
    context : positions of the session.
    max_tokens : to be written after the prompt; with it the passages have to fit into the context.

    Raises
    ------
    RequestsOnlyError : a model with an encoder is to tell on.
    ChatTemplateError : the model has no chat form, or refuses the prompt in it.
    StoryTooLongError : the first and the last passage do not fit.
    InvalidChoiceError, InvalidSettingError : a language, a digest, a depth or passages that are not possible.
    EmptyPromptError : nothing to begin with.
    """
    return _Maker(opened, asked, context, max_tokens).make()


class _Maker:
    def __init__(self, opened: OpenModel, asked: Asked, context: int, max_tokens: int) -> None:
        if opened.file.start_token is not None and asked.mode != "chat":
            raise RequestsOnlyError(opened.file.architecture)
        if asked.mode == "chat" and (asked.memory or asked.note or asked.passages):
            raise InvalidChoiceError("mode", "chat", ("raw", "story"))
        self._opened, self._asked = opened, asked
        self._context, self._max_tokens = context, max_tokens
        self._template = self._chat_template()
        self._request = story_request(asked.language, asked.request_sha256)
        self._passages = split_passages(asked.prompt, asked.passages) if asked.passages else [asked.prompt]

    def make(self) -> Prompt:
        without = self._fitting() if self._asked.passages else range(0)
        encoded = self._encode(self._asked, without)
        story = self._asked.mode == "story"
        return Prompt(
            encoded.ids,
            self._text(self._asked, without),
            self._asked.mode,
            None if encoded.date is None else encoded.date.isoformat(),
            self._request if story else None,
            self._asked.memory if story else "",
            self._budget(len(encoded.ids), without),
        )

    def _chat_template(self) -> str:
        if self._asked.mode == "raw" or self._opened.file.start_token is not None:
            return ""
        template = chat_template(self._opened.file)
        if template is None:
            raise ChatTemplateError("the model has none")
        return template

    def _fitting(self) -> range:
        def fits(without: range) -> bool:
            return len(self._encode(self._asked, without).ids) + self._max_tokens <= self._context

        without = left_out(len(self._passages), fits)
        if without is None:
            least = len(self._encode(self._asked, range(1, len(self._passages) - 1)).ids)
            raise StoryTooLongError(least, self._max_tokens, self._context)
        return without

    def _text(self, asked: Asked, without: Sequence[int]) -> str:
        text = join_passages(self._passages, range(without[0], without[-1] + 1) if without else range(0))
        if asked.note is not None:
            text = with_note(text, replace(asked.note, text=self._request.noted(asked.note.text)))
        return with_memory(asked.memory, text) if asked.mode == "raw" else text

    def _encode(self, asked: Asked, without: Sequence[int]) -> ChatPrompt:
        tokenizer, text = self._opened.tokenizer, self._text(asked, without)
        if not self._template:
            return ChatPrompt(encode_prompt(tokenizer, text), None)
        if asked.mode == "chat":
            messages = [{"role": "user", "content": text}]
            return encode_chat(tokenizer, self._template, messages, today=asked.today)
        return self._encode_story(text, asked.memory)

    def _encode_story(self, text: str, memory: str) -> ChatPrompt:
        tokenizer, today = self._opened.tokenizer, self._asked.today
        return encode_story(tokenizer, self._template, self._request, text, memory=memory, today=today)

    def _budget(self, total: int, without: Sequence[int]) -> Budget:
        """Count each part by what the prompt is shorter without it."""
        asked, rest = self._asked, total
        note = memory = 0
        if asked.note is not None:
            asked = replace(asked, note=None)
            note = rest - len(self._encode(asked, without).ids)
            rest -= note
        if asked.memory:
            memory = rest - len(self._encode(replace(asked, memory=""), without).ids)
            rest -= memory
        request = len(self._encode_story("", "").ids) if asked.mode == "story" else 0
        return Budget(request, memory, note, rest - request, self._context - total, tuple(without))
