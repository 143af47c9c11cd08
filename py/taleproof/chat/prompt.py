# SPDX-License-Identifier: Apache-2.0
"""A conversation as the text that a model was trained on, by the template that comes with the model.

In come the template (GGUF's tokenizer.chat_template) and messages, out comes the text of the prompt, or
its ids. A template is a program from a stranger, so it is evaluated with a budget and a list of what it may
use (template/), and whatever goes wrong in it is a ChatTemplateError. The same messages always give the same text: the
date is an argument, and the result says whether the template used it.

Source: the chat templates of Hugging Face's transformers (apply_chat_template).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from taleproof.chat.story_requests import StoryRequest
from taleproof.errors import ChatTemplateError, InvalidSettingError
from taleproof.formats import ModelFile
from taleproof.formats.model_file import CHAT_TEMPLATE_KEY
from taleproof.tokenizers import Tokenizer
from taleproof.tokenizers.base import well_formed


if TYPE_CHECKING:
    from taleproof.chat.template import Rendered


MAX_TEMPLATE_CHARACTERS = 1 << 17
"""The longest real templates, with tools for every purpose, have some 20,000."""

DEFAULT_DAY = date(2024, 7, 26)
"""What Llama 3's templates take for today where they can't ask; also for stories whose record names no date."""


@dataclass(frozen=True)
class ChatPrompt:
    """A conversation as a model reads it.

    Attributes
    ----------
    ids : its tokens.
    date : the date that the template was given; None where it did not ask.
    """

    ids: list[int]
    date: date | None


def read_date(text: str) -> date:
    """Return a date from its one form, such as 2026-02-03.

    Raises
    ------
    InvalidSettingError : it is in another form, or no day of the calendar.
    """
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InvalidSettingError("date", text, date.min.isoformat(), date.max.isoformat())


def chat_template(file: ModelFile) -> str | None:
    """Return a model's chat template; None if it has none, as models that only continue texts do."""
    template: str | None = file.text(CHAT_TEMPLATE_KEY, None)
    return template or None


def apply_chat_template(
    template: str,
    messages: Sequence[Mapping[str, str]],
    *,
    bos_token: str = "",
    eos_token: str = "",
    add_generation_prompt: bool = True,
    today: date = DEFAULT_DAY,
) -> str:
    """Return the prompt that a template makes of a conversation.

    Parameters
    ----------
    messages : each with "role" ("system", "user" or "assistant") and "content".
    add_generation_prompt : end with what comes before the model's answer.
    today : what the date is, for templates that mention it.

    Raises
    ------
    ChatTemplateError : the template is broken, refuses these messages, or goes over its budget.
    """
    return _render(template, messages, bos_token, eos_token, add_generation_prompt, today).text


def _render(
    template: str,
    messages: Sequence[Mapping[str, str]],
    bos_token: str,
    eos_token: str,
    add_generation_prompt: bool,
    today: date,
) -> "Rendered":
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        raise ChatTemplateError(f"it has {len(template):,} characters, more than any real one")
    from taleproof.chat.template import TemplateRefusal, render  # with Jinja, which takes its time to load

    variables = {
        "messages": [dict(message) for message in messages],
        "bos_token": bos_token,
        "eos_token": eos_token,
        "add_generation_prompt": add_generation_prompt,
        "tools": None,
        "documents": None,
    }
    try:
        return render(template, variables, today)
    except TemplateRefusal as refusal:
        raise ChatTemplateError(_one_line(refusal)) from refusal


def encode_chat(
    tokenizer: Tokenizer, template: str, messages: Sequence[Mapping[str, str]], *, today: date = DEFAULT_DAY
) -> ChatPrompt:
    """Return the ids of a conversation, up to where the model's answer begins.

    The BOS token comes once, whether the template writes it or leaves it to the tokenizer.
    """
    bos = tokenizer.bos_token
    rendered = _render(template, messages, bos, tokenizer.eos_token, True, today)
    ids = tokenizer.encode(rendered.text, add_bos=tokenizer.add_bos and not (bos and rendered.text.startswith(bos)))
    return ChatPrompt(ids, today if rendered.used_date else None)


def encode_story(
    tokenizer: Tokenizer,
    template: str,
    request: StoryRequest,
    opening: str,
    *,
    memory: str = "",
    today: date = DEFAULT_DAY,
) -> ChatPrompt:
    """Return the ids of a request for a story, and of the opening as the beginning of the model's own answer.

    They are those of the whole text, which ends with the opening. Special tokens are recognised in what the template
    writes, and nowhere in ``opening`` and ``memory``. A template that refuses a system text has it before the request.
    Leaving the answer open is what transformers call ``continue_final_message``.

    Raises
    ------
    ChatTemplateError : the template is broken, refuses the request, or changes the memory.
    """
    opening, memory = well_formed(opening), well_formed(memory)
    marks = _marks(template, request.asked(memory))
    asked = request.asked(marks.around(memory))
    messages = [{"role": "system", "content": request.system}, {"role": "user", "content": asked}]
    bos = tokenizer.bos_token
    try:
        rendered = _render(template, messages, bos, tokenizer.eos_token, True, today)
    except ChatTemplateError:
        together = [{"role": "user", "content": f"{request.system}\n\n{asked}"}]
        rendered = _render(template, together, bos, tokenizer.eos_token, True, today)
    before, literal = marks.taken_out(rendered.text)
    if memory and [before[begin:end] for begin, end in literal] != [memory]:
        raise ChatTemplateError("it does not give the model the story's memory as it is")
    text = before + opening
    add_bos = tokenizer.add_bos and not (bos and text.startswith(bos))
    ids = tokenizer.encode(text, add_bos=add_bos, literal=[*literal, (len(before), len(text))])
    return ChatPrompt(ids, today if rendered.used_date else None)


class _Marks(NamedTuple):
    """Two characters that say where in a template's text a person's words begin and end."""

    begin: str
    end: str

    def around(self, text: str) -> str:
        return f"{self.begin}{text}{self.end}" if text else ""

    def taken_out(self, text: str) -> tuple[str, list[tuple[int, int]]]:
        """Return a text without the marks, and the stretches that were between them."""
        whole, *parts = text.split(self.begin)
        stretches = []
        for part in parts:
            words, _, rest = part.partition(self.end)
            stretches.append((len(whole), len(whole) + len(words)))
            whole += words + rest
        return whole, stretches


def _marks(*texts: str) -> _Marks:
    """Return marks of Unicode's private use that none of the texts has."""
    used = set().union(*texts)
    begin, end = islice((letter for letter in map(chr, range(0xF0000, 0x110000)) if letter not in used), 2)
    return _Marks(begin, end)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return (text if len(text) <= 200 else text[:197] + "...").rstrip(".")
