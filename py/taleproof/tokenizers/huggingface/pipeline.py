# SPDX-License-Identifier: Apache-2.0
"""The whole tokenizer: added tokens are found, the rest is normalised, cut into words, and each word given its ids."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from taleproof.formats import ModelFile
from taleproof.formats.huggingface.beside import MAX_TOKENIZER_CONFIG, read_beside
from taleproof.io.model_files import TOKENIZER_CONFIG
from taleproof.io.reader import Blob
from taleproof.tokenizers.base import BEGINNING, BaseTokenizer, well_formed
from taleproof.tokenizers.huggingface.added import Added, AddedFinder, finders, read_added
from taleproof.tokenizers.huggingface.budget import Budget
from taleproof.tokenizers.huggingface.decoders import Decoder, read_decoder
from taleproof.tokenizers.huggingface.models import Model, read_model
from taleproof.tokenizers.huggingface.normalizers import Normalizer, read_normalizer
from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.huggingface.post_processors import Around, read_post_processor
from taleproof.tokenizers.huggingface.pre_tokenizers import PreTokenizer, read_pre_tokenizer
from taleproof.tokenizers.huggingface.vocabulary import make_vocabulary
from taleproof.tokenizers.special import Literal
from taleproof.tokenizers.vocabulary import MAX_JSON, MAX_TOKENS, Vocabulary


def read_tokenizer_json(file: ModelFile, blob: Blob, config: Blob | None) -> "PipelineTokenizer":
    """Read a tokenizer.json for a model, and its tokenizer_config.json if there is one.

    Truncation and padding, which some files ask for, are not done: a text is read as a whole, or refused.

    Raises
    ------
    FormatError, UnknownTokenizerPartError
    """
    root = _root(blob, MAX_JSON)
    root.only("version", "truncation", "padding", "added_tokens", *_STAGES)
    settings = Part(TOKENIZER_CONFIG, "", {}) if config is None else _root(config, MAX_TOKENIZER_CONFIG)
    pre_tokenizer = read_pre_tokenizer(root.optional("pre_tokenizer"))
    model, ids = read_model(root.part("model"), byte_level=pre_tokenizer.byte_level)
    embedding = file.tensors.get("token_embd.weight")
    rows = MAX_TOKENS if embedding is None else embedding.shape[0]
    if max(ids.values(), default=0) >= rows:
        why = f"the model has {rows:,} tokens, so this is another model's tokenizer"
        remedy = "Take the tokenizer.json that was published with this model."
        raise root.fail("model.vocab", max(ids.values()) + 1, why, remedy=remedy)
    # A text model that was cut out of a larger one may keep tokens for other things, such as Gemma 3's for pictures. It
    # has no rows for them, and cannot read them.
    added = [token for token in read_added(root, MAX_TOKENS - 1) if token.id < rows]
    around = read_post_processor(root.optional("post_processor"))
    ends_at_bos = file.format.startswith("llama2.c")  # whose training data have it between the stories
    normalizer = read_normalizer(root.optional("normalizer"))
    normal = _once(root.file, normalizer, added)
    vocabulary = make_vocabulary(root, settings, ids, added, normal, around, ends_at_bos=ends_at_bos)
    ends = vocabulary.eos_ids.union(token for token in file.end_tokens if token < len(vocabulary.pieces))
    vocabulary = replace(vocabulary, eos_ids=ends)
    return PipelineTokenizer(
        vocabulary,
        added,
        normalizer,
        normal,
        pre_tokenizer,
        model,
        around,
        read_decoder(root.optional("decoder")),
        beginnings=(vocabulary.bos_id, file.start_token),
    )


_STAGES = ("normalizer", "pre_tokenizer", "model", "post_processor", "decoder")


def _root(blob: Blob, most: int) -> Part:
    return Part(blob.name, "", read_beside(blob, most))


def _once(file: str, normalizer: Normalizer | None, added: list[Added]) -> Callable[[str], str] | None:
    """Return what gives the normal form of an added token; all of them have one budget."""
    if normalizer is None:
        return None
    contents = [token.content for token in added if token.normalized]
    budget = Budget(file, sum(map(len, contents)))
    return {content: normalizer(content, budget) for content in contents}.__getitem__


class PipelineTokenizer(BaseTokenizer):
    """A tokenizer of Hugging Face's library.

    Parameters
    ----------
    normal : the added tokens' normal forms.
    around : what is put before and after a text by the model's own rule.
    beginnings : tokens after which a text begins.
    """

    _before_first = BEGINNING

    def __init__(
        self,
        vocabulary: Vocabulary,
        added: list[Added],
        normalizer: Normalizer | None,
        normal: Callable[[str], str] | None,
        pre_tokenizer: PreTokenizer,
        model: Model,
        around: Around,
        decoder: Decoder,
        *,
        beginnings: Sequence[int | None] = (),
    ) -> None:
        super().__init__(vocabulary)
        self._normalizer = normalizer
        self._pre_tokenizer = pre_tokenizer
        self._model = model
        self._around = around
        self._decoder = decoder
        self._added = added
        self._normal = normal
        self._beginnings = {BEGINNING, *beginnings, *around.before} - {None}
        self._first_bytes: dict[int, bytes] = {}

    @cached_property
    def _all_added(self) -> tuple[AddedFinder, AddedFinder]:
        return finders(self._added, self._normal)

    @cached_property
    def _text_added(self) -> tuple[AddedFinder, AddedFinder]:
        return finders((token for token in self._added if not token.special), self._normal)

    def encode(
        self, text: str, *, add_bos: bool | None = None, parse_special: bool = True, literal: Literal = ()
    ) -> list[int]:
        """Return the ids of a text; see Tokenizer.encode."""
        vocabulary, around = self._vocabulary, self._around
        before = around.before if add_bos is None else ()
        if vocabulary.bos_id is not None and (vocabulary.add_bos if add_bos is None else add_bos):
            before = before if vocabulary.bos_id in before else (vocabulary.bos_id, *before)
        ids = list(before)
        as_it_is, normalised = self._all_added if parse_special else self._text_added
        at_start = True
        budget = Budget(self._vocabulary.name, len(text))
        for part, inside in as_it_is.split(well_formed(text), literal):
            if isinstance(part, int):
                ids.append(part)
            else:
                normal = self._normal_form(part, budget)
                for piece, _ in normalised.split(normal, self._normal_literal(part, inside)):
                    if isinstance(piece, int):
                        ids.append(piece)
                    else:
                        ids.extend(self._ids_of(piece, at_start, budget))
                    at_start = False
            at_start = False
        if add_bos is None:
            ids.extend(around.after)
        return ids

    def _normal_form(self, text: str, budget: Budget) -> str:
        return text if self._normalizer is None else self._normalizer(text, budget)

    def _normal_literal(self, text: str, literal: Literal) -> Literal:
        """Return where literal stretches of a text are in its normal form: behind the normal form of what is before."""

        def moved(at: int) -> int:
            before = text[:at]
            return len(self._normal_form(before, Budget(self._vocabulary.name, at))) if before else 0

        return [(moved(begin), moved(end)) for begin, end in literal]

    def _encode_plain(self, text: str, at_start: bool) -> list[int]:
        return self._ids_of(text, at_start, Budget(self._vocabulary.name, len(text)))

    def _ids_of(self, text: str, at_start: bool, budget: Budget) -> list[int]:
        return [token for word in self._pre_tokenizer.split(text, at_start, budget) for token in self._cached(word)]

    def _encode_word(self, word: str) -> list[int]:
        return self._model.encode(word)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; the first one that is no special token is the first one of the text."""
        spoken = [token for token in ids if token not in self._silent]
        return super().decode(spoken)

    def token_bytes(self, token: int, *, after: int | None = None) -> bytes:
        """Return the bytes of one token; see Tokenizer.token_bytes."""
        rest = super().token_bytes(token)
        if after not in self._beginnings or not rest:
            return rest
        found = self._first_bytes.get(token)
        if found is None:
            found = self._decoder.bytes_of(self._vocabulary.pieces[token], first=True)
            self._first_bytes[token] = found
        return found

    def _piece_bytes(self, token: int) -> bytes:
        return self._decoder.bytes_of(self._vocabulary.pieces[token], first=False)
