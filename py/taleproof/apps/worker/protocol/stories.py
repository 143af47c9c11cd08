# SPDX-License-Identifier: Apache-2.0
"""Writing: what is asked for, and the events that come of it."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from taleproof.apps.worker.protocol.models import MemoryFigures
from taleproof.errors import JsonValue


WriteMode: TypeAlias = Literal["raw", "chat", "story"]
"""How a prompt is taken: `raw` goes on from it as it is, `chat` puts it into the model's chat form as a request.

`story` asks for a story in that form, and the prompt is the beginning of the answer.
"""


class DrySettings(TypedDict):
    """What would go on with a repeated sequence becomes less likely."""

    multiplier: float
    """What a token loses that goes on with a sequence of the allowed length."""
    base: float
    """By how much more for each further token of the sequence."""
    allowedLength: int
    lastN: int
    """How many tokens back it looks; -1 is all of them."""
    sequenceBreakers: list[str]
    """Texts that no sequence goes beyond."""


class XtcSettings(TypedDict):
    """Now and then all of the likeliest tokens but one are left out."""

    probability: float
    threshold: float
    """How likely they are at least."""


class SamplerSettings(TypedDict):
    seed: str
    """A number from 0 to 2^64 - 1 in decimal."""
    temperature: float | None
    """Null or under 1e-7: always the likeliest token."""
    topP: float | None
    topK: int | None
    minP: float | None
    repeatPenalty: float
    """1 for none."""
    repeatLastN: int
    dry: NotRequired[DrySettings | None]
    xtc: NotRequired[XtcSettings | None]


class Limits(TypedDict):
    maxTokens: int
    stop: list[str]
    minTokens: NotRequired[int]
    """Before it has so many, the text does not end by itself."""
    endAtSentence: NotRequired[Literal["finish", "cut"] | None]
    """At maxTokens: `finish` writes up to 60 tokens more, until a sentence ends; `cut` ends with the last whole one."""
    pastEnds: NotRequired[int]
    """How often the text goes on where the model would have ended it, as a record says that was continued there."""


class AuthorsNote(TypedDict):
    """A note that stands in brackets in the story, where only the model sees it."""

    text: str
    depth: int
    """Before which paragraph, counted from the end: 1 is the last one."""


class RequestForm(TypedDict):
    """Which request for a story."""

    language: str
    """A BCP 47 tag: en, zh-Hans, es or de."""
    sha256: NotRequired[str | None]
    """As a record names it; null for the present request of the language."""


class NewStory(TypedDict):
    kind: Literal["new"]
    prompt: str
    """An opening or a whole story so far; in `chat` a request."""
    mode: WriteMode
    sampler: SamplerSettings
    limits: Limits
    date: str | None
    """What a chat template that asks for today's date is told, as 2026-02-03; null for the engine's fixed day."""
    request: NotRequired[RequestForm | None]
    """For `story`; null for English. The note's brackets are in its language in every mode."""
    memory: NotRequired[str | None]
    """What the model must not forget: in `story` a part of the request, in `raw` before the text. Not for `chat`."""
    note: NotRequired[AuthorsNote | None]
    """Not for `chat`."""
    passages: NotRequired[list[int] | None]
    """Where the prompt's passages begin, in units of UTF-16, the first one at 0. Not for `chat`.

    Where the story and `maxTokens` do not fit into the context, the first passage stays, and of the others as many
    leave as have to, the oldest first. Without passages nothing is left out.
    """


class ContinuedStory(TypedDict):
    """More of the present story, which becomes the one that a higher limit would have given.

    The same generator goes on, and so do prompt, settings and seed. After the model's own end the text goes on all the
    same: another token is chosen in place of the one that ended it, and none of the next 32 can end it.
    """

    kind: Literal["continue"]
    maxTokens: int


StartRequest: TypeAlias = NewStory | ContinuedStory

FinishReason: TypeAlias = Literal["stop", "stop-string", "length", "context", "stopped"]
"""`stopped`: by the person. The others: end-of-text token, stop string, most tokens, context full."""


class WriteStats(TypedDict):
    """How fast a text is written, and what it takes."""

    promptTokens: int
    tokens: int
    """Written so far, over all continuations."""
    prefillSeconds: float
    timeToFirstToken: float | None
    """From the request to the first token, in seconds; null before there is one."""
    tokensPerSecond: float | None
    """Of decoding alone; null before there are two tokens."""
    memory: MemoryFigures


StoryRecord: TypeAlias = dict[str, JsonValue]
"""What was run: everything that writes the story again. Canonical JSON, as record/record.py makes it."""


class PromptBudget(TypedDict):
    """How the context is spent, in tokens: `request`, `memory`, `note` and `story` are the whole prompt."""

    request: int
    """What the form of `story` takes; 0 in other modes."""
    memory: int
    note: int
    story: int
    room: int
    """What is left for what is to be written."""
    leftOut: list[int]
    """The numbers of the passages that the model is not given, from 0 on."""


class StartedEvent(TypedDict):
    """First: what was understood of the request."""

    kind: Literal["started"]
    seed: str
    promptTokens: int
    sessionLength: int
    date: str | None
    """What the chat template was told; null where it did not ask for the date."""
    budget: PromptBudget


class PrefillEvent(TypedDict):
    """So many tokens of the prompt were read."""

    kind: Literal["prefill"]
    done: int
    total: int


class TokenEvent(TypedDict):
    """A token, and the text that is sure by now, which may be empty."""

    kind: Literal["token"]
    id: int
    text: str
    logprob: float


class StatsEvent(TypedDict):
    """The figures of the moment."""

    kind: Literal["stats"]
    stats: WriteStats


class TextCut(TypedDict):
    """The end of a text that token events gave, and that is no part of it: it is to end at a sentence.

    Where it goes on, these tokens come again.
    """

    tokens: int
    text: str


class FinishedEvent(TypedDict):
    """Last: why the text ended."""

    kind: Literal["finished"]
    reason: FinishReason
    text: str
    """Text that was held back until it was sure to be whole."""
    canContinue: bool
    """True where `continue` can go on from here."""
    stats: WriteStats
    record: StoryRecord
    cut: NotRequired[TextCut]


WriteEvent: TypeAlias = StartedEvent | PrefillEvent | TokenEvent | StatsEvent | FinishedEvent
"""What happens while a text is written."""


class AlternativesRequest(TypedDict):
    """Asks what else could have stood in a text; the open model reads it again from where it has it no more."""

    promptTokens: list[int]
    """What the model was given, as the story's record has it."""
    tokens: list[int]
    """What stands after it, as the record has it."""
    begin: int
    """The number of the first token that is asked about, from 0 on."""
    end: int
    """The number behind the last one's. A single answer has to wait for all of them, so ask for a few dozen at once."""
    count: int
    """How many of the likeliest tokens are told of each place, from 1 to 100."""


class Alternative(TypedDict):
    """A token that could stand at a place."""

    id: int
    text: str
    """With U+FFFD for a part of a character; empty for a token that ends the text, and for other special ones."""
    logprob: float
    """The natural logarithm of the probability that the model gives it, before any filter or penalty."""


class Place(TypedDict):
    """A place of a text."""

    chosen: Alternative
    """What stands there."""
    likeliest: list[Alternative]
    """From the likeliest down; of equally likely ones the smaller id first."""
