# SPDX-License-Identifier: Apache-2.0
"""What else could have stood in a text, for the page: its request comes in, the protocol's places go out.

Refused: ids that the vocabulary does not have, a stretch that is not in the text, and a text longer than the context.
"""

from taleproof.apps.open_model import OpenModel
from taleproof.apps.worker.protocol.stories import Alternative, AlternativesRequest, Place
from taleproof.errors import UnknownTokenError
from taleproof.tasks.alternatives import Choice, alternatives
from taleproof.tasks.generate import ReusableSession


def places(opened: OpenModel, session: ReusableSession, request: AlternativesRequest) -> list[Place]:
    """Return what could stand at each place.

    Raises
    ------
    UnknownTokenError, InvalidSettingError, PromptTooLongError
    """
    tokenizer, ids = opened.tokenizer, [*request["promptTokens"], *request["tokens"]]
    known = range(opened.engine.config.vocab_size)
    for token in ids:
        if token not in known:
            raise UnknownTokenError(token, len(known))
    begin, end = request["begin"], request["end"]
    told = alternatives(session, request["promptTokens"], request["tokens"], begin, end, request["count"])

    def shown(choice: Choice, after: int) -> Alternative:
        # A model may have rows for more tokens than its tokenizer names.
        named = choice.id < tokenizer.vocab_size
        text = tokenizer.token_bytes(choice.id, after=after).decode("utf-8", "replace") if named else ""
        return {"id": choice.id, "text": text, "logprob": choice.logprob}

    before = ids[len(request["promptTokens"]) + begin - 1 :]
    return [
        {"chosen": shown(place.chosen, after), "likeliest": [shown(choice, after) for choice in place.likeliest]}
        for place, after in zip(told, before, strict=False)
    ]
