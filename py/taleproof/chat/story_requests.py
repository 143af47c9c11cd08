# SPDX-License-Identifier: Apache-2.0
"""What a model is asked for in the mode ``story``, as data: one request a language.

In comes a language, out go the texts. A record names the language and the request's digest, so a text that is changed
here gets a row of its own, before the old one, which stays for the records that name it.
"""

import hashlib
import json
from dataclasses import astuple, dataclass

from taleproof.errors import InvalidChoiceError


DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class StoryRequest:
    """A request for a story.

    Attributes
    ----------
    language : its BCP 47 tag.
    system : what the model is told it is.
    request : what the user asks for.
    memory : how the request goes on where the story has a memory, with ``{}`` for it.
    note : how an author's note stands in a text, with ``{}`` for it.
    """

    language: str
    system: str
    request: str
    memory: str
    note: str

    def asked(self, memory: str) -> str:
        """Return what the user asks for, the story's memory included."""
        return self.request + (self.memory.replace("{}", memory) if memory else "")

    def noted(self, note: str) -> str:
        """Return an author's note as it stands in a text."""
        return self.note.replace("{}", note)

    def sha256(self) -> str:
        """Return the SHA-256 of the five texts in this order, a list in canonical JSON (RFC 8785), as UTF-8."""
        texts = json.dumps(astuple(self), ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(texts.encode("utf-8")).hexdigest()


REQUESTS = (
    StoryRequest(
        "en",
        "You write fiction. You answer with fiction only.",
        "Write a scene of a novel, with dialogue and action.",
        "\n\nKeep in mind:\n{}",
        "[Author's note: {}]",
    ),
    StoryRequest(
        "zh-Hans",
        "你写小说。你的回答只有小说正文。",
        "写一段小说，要有对话和情节。",
        "\n\n请记住：\n{}",
        "[作者注：{}]",
    ),
    StoryRequest(
        "es",
        "Escribes ficción. Respondes solo con ficción.",
        "Escribe una escena de una novela, con diálogo y acción.",
        "\n\nTen presente:\n{}",
        "[Nota del autor: {}]",
    ),
    StoryRequest(
        "de",
        "Du schreibst Romane und Erzählungen. Du antwortest nur mit dem Text der Erzählung.",
        "Schreibe eine Szene eines Romans, mit Dialog und Handlung.",
        "\n\nDenke daran:\n{}",
        "[Anmerkung des Autors: {}]",
    ),
)

LANGUAGES = tuple(dict.fromkeys(request.language for request in REQUESTS))


def story_request(language: str, sha256: str | None = None) -> StoryRequest:
    """Return the request of a language: the present one, or the one with a digest.

    Raises
    ------
    InvalidChoiceError : there is none.
    """
    found = [request for request in REQUESTS if request.language == language]
    if not found:
        raise InvalidChoiceError("language", language, LANGUAGES)
    if sha256 is None:
        return found[0]
    digests = {request.sha256(): request for request in found}
    if sha256 not in digests:
        raise InvalidChoiceError("request_sha256", sha256, tuple(digests))
    return digests[sha256]
