# SPDX-License-Identifier: Apache-2.0
"""The command line: the same engine and the same loop as in the page.

    python -m taleproof generate MODEL --prompt TEXT     write on; the text as it comes, or one JSON object
    python -m taleproof score MODEL --prompt TEXT --continuation TEXT
    python -m taleproof embed MODEL --text TEXT          what an encoder makes of texts, and how near they are
    python -m taleproof inspect MODEL                    what its files say of themselves
    python -m taleproof convert IN OUT --type q4_1       any model that can be read, as a GGUF file
    python -m taleproof digest FILE                      its SHA-256 and SHA3-256
    python -m taleproof verify FILE --registry ANSWER    whether its bytes are as the registry on chain says

MODEL is a file, any part of a model in several files, the folder that they are in, or all of them.
Arguments come in; text or JSON goes to standard output. What goes wrong is one sentence on standard error, and exit
code 2; 130 after Ctrl-C, which ends whatever is being done within a second (apps/guard.py). `verify` ends with 0 for a
registered file only, and with 1 for any other verdict.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn, cast

from taleproof.apps.cli.terminal import visible, visible_json, visible_line
from taleproof.apps.guard import FAILED, INTERRUPTED
from taleproof.errors import JsonValue, TaleproofError


NOT_REGISTERED = 1


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, like all others."""

    def error(self, message: str) -> NoReturn:
        """End with the error."""
        print(f"{self.prog}: {visible_line(message)}. Try --help.", file=sys.stderr)
        raise SystemExit(FAILED)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        options = _parser().parse_args(arguments)
        code: int = options.run(options) or 0
        sys.stdout.flush()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    except TaleproofError as error:
        print(f"taleproof: {visible_line(error.message)}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        sys.stdout = None  # the reader has gone; nothing is left to flush
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="taleproof", description="Stories by a language model, the same to the last bit.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    generate = commands.add_parser("generate", help="write on from a prompt")
    _add_model(generate)
    form = generate.add_mutually_exclusive_group()
    form.add_argument("--chat", action="store_true", help="the prompt is a message in the model's chat form")
    form.add_argument(
        "--story", action="store_true", help="the prompt begins the model's answer to a request for a story"
    )
    generate.add_argument("--language", metavar="TAG", help="of that request: en, the default, zh-Hans, es or de")
    generate.add_argument("--memory", metavar="TEXT", help="what the model must not forget; not with --chat")
    generate.add_argument("--note", metavar="TEXT", help="an author's note, set in brackets into the prompt")
    generate.add_argument(
        "--note-depth", type=int, metavar="N", help="before the Nth paragraph from the end; default 3"
    )
    generate.add_argument(
        "--passages",
        type=places,
        metavar="PLACES",
        help="where passages begin, as 0,120,304: too old ones are left out",
    )
    generate.add_argument("--date", metavar="DAY", help="told to a template that asks, as 2026-02-03; default today")
    generate.add_argument("--temperature", type=float, metavar="T", help="0, the default, takes the likeliest")
    generate.add_argument("--top-p", type=float, metavar="P", help="keep the likeliest that make up P")
    generate.add_argument("--top-k", type=int, metavar="K", help="keep the K likeliest")
    generate.add_argument("--min-p", type=float, metavar="P", help="keep those P times as likely as the likeliest")
    generate.add_argument("--repeat-penalty", type=float, metavar="X", help="above 1 avoids repetition; default 1")
    generate.add_argument("--repeat-last-n", type=int, metavar="N", help="how many tokens back it looks; default 64")
    generate.add_argument("--seed", type=int, help="of the generator; default 0")
    _add_repetition(generate)
    generate.add_argument("--max-tokens", type=int, metavar="N", help="tokens to write at most; default 256")
    generate.add_argument("--min-tokens", type=int, metavar="N", help="it does not end by itself before; default 0")
    generate.add_argument("--past-ends", type=int, metavar="N", help="go on past the model's own end N times")
    generate.add_argument(
        "--end-at-sentence",
        choices=["finish", "cut"],
        help="at the most tokens: write up to 60 more, until a sentence ends, or end with the last whole one",
    )
    generate.add_argument("--stop", action="append", metavar="TEXT", help="end before this text")
    generate.add_argument(
        "--raw",
        action="store_true",
        help="into a file or a pipe: control characters as they are, not shown as pictures",
    )
    generate.set_defaults(run=_generate)

    score = commands.add_parser("score", help="how likely the model finds a given continuation")
    _add_model(score)
    score.add_argument("--continuation", required=True, help="the text after the prompt")
    score.set_defaults(run=_score)

    embed = commands.add_parser("embed", help="make vectors of texts, and say how near they are to each other")
    embed.add_argument("model", type=Path, nargs="+", metavar="MODEL", help="an encoder's folder, or all of its files")
    embed.add_argument("--text", action="append", required=True, help="may be given several times")
    embed.add_argument("--backend", choices=["wasm", "numpy"], default="wasm", help="default wasm")
    _add_expected(embed)
    embed.add_argument("--json", action="store_true", help="the vectors, as one JSON object")
    embed.set_defaults(run=_embed)

    inspect = commands.add_parser("inspect", help="show a model's digests, metadata and tensors")
    inspect.add_argument("model", type=Path, nargs="+", metavar="MODEL")
    _add_expected(inspect)
    inspect.set_defaults(run=_inspect)

    convert = commands.add_parser("convert", help="write any model that can be read as a GGUF file")
    convert.add_argument("model", type=Path, metavar="IN", help="a model's file, one of its files, or its folder")
    convert.add_argument("out", type=Path, metavar="OUT", help="the GGUF file to write")
    convert.add_argument("--type", required=True, help="of the matrices: f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0")
    convert.add_argument("--tokenizer", type=Path, metavar="FILE", help="tokenizer.bin of a llama2.c model")
    _add_expected(convert)
    convert.add_argument("--json", action="store_true", help="as one JSON object")
    convert.set_defaults(run=_convert)

    digest = commands.add_parser("digest", help="show a file's digests")
    digest.add_argument("file", type=Path, metavar="FILE")
    digest.add_argument("--json", action="store_true", help="as one JSON object")
    digest.set_defaults(run=_digest)

    verify = commands.add_parser(
        "verify",
        help="judge a file by an answer of the registry on chain",
        epilog="Exit codes: 0 the file is registered; 1 it is not, or is refused or revoked; 2 it could not be judged.",
    )
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument("--registry", type=Path, required=True, metavar="ANSWER", help="the registry's answer, as JSON")
    verify.add_argument("--json", action="store_true", help="as one JSON object")
    verify.set_defaults(run=_verify)
    return parser


def places(text: str) -> list[int]:
    return [int(place) for place in text.split(",")]


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, nargs="+", metavar="MODEL", help="its file, folder, or all of its files")
    parser.add_argument("--prompt", required=True, help="the text to go on from; special tokens are recognised")
    parser.add_argument("--tokenizer", type=Path, metavar="FILE", help="tokenizer.bin of a llama2.c model")
    parser.add_argument("--backend", choices=["wasm", "numpy"], default="wasm", help="default wasm")
    parser.add_argument(
        "--context", type=int, metavar="N", help="positions; default: the model's, if memory holds them"
    )
    _add_expected(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def _add_repetition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-multiplier", type=float, metavar="X", help="above 0 avoids repeated sequences; default 0"
    )
    parser.add_argument("--dry-base", type=float, metavar="X", help="the more the longer they are; default 1.75")
    parser.add_argument("--dry-allowed-length", type=int, metavar="N", help="tokens that may be repeated; default 2")
    parser.add_argument("--dry-last-n", type=int, metavar="N", help="how many tokens back it looks; default -1, all")
    parser.add_argument(
        "--dry-sequence-breaker",
        action="append",
        dest="dry_sequence_breakers",
        metavar="TEXT",
        help="no sequence goes beyond this text; default line break, colon, quote and asterisk",
    )
    parser.add_argument("--xtc-probability", type=float, metavar="P", help="of leaving the likeliest out; default 0")
    parser.add_argument("--xtc-threshold", type=float, metavar="P", help="how likely those are at least; default 0.1")


def _add_expected(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--expect-sha256", metavar="HEX", help="refuse another model; of several files, their list's")
    parser.add_argument("--expect-sha3-256", metavar="HEX", help="likewise; either kind of digest will do")


def _print_json(value: JsonValue) -> None:
    print(visible_json(json.dumps(value, ensure_ascii=False)))


def _generate(options: argparse.Namespace) -> None:
    from taleproof.apps.cli.run import run_generate
    from taleproof.apps.library.options import Settings, read_settings

    # Settings out of range are said before a large file is read.
    given = {name: value for name in Settings.__annotations__ if (value := getattr(options, name)) is not None}
    settings = read_settings(cast(Settings, given))
    raw = options.raw and not sys.stdout.isatty()
    result = run_generate(options, settings, None if options.json else _show_raw if raw else _show)
    if result is None:
        print()
    else:
        _print_json(result)


def _show(text: str) -> None:
    _show_raw(visible(text))


def _show_raw(text: str) -> None:
    print(text, end="", flush=True)


def _score(options: argparse.Namespace) -> None:
    from taleproof.apps.cli.run import run_score

    result, table = run_score(options)
    if options.json:
        _print_json(result)
    else:
        print(table)


def _embed(options: argparse.Namespace) -> None:
    from taleproof.apps.cli.embed import run_embed

    result, table = run_embed(options)
    if options.json:
        _print_json(result)
    else:
        print(table)


def _inspect(options: argparse.Namespace) -> None:
    from taleproof.apps.cli.run import describe

    print(describe(options))


def _convert(options: argparse.Namespace) -> None:
    from taleproof.apps.cli.convert import run_convert
    from taleproof.apps.cli.run import expected_digests

    converted = run_convert(options.model, options.out, options.type, options.tokenizer, expected_digests(options))
    written = converted.digests
    if options.json:
        _print_json({**asdict(written), "notes": converted.notes})
    else:
        for note in converted.notes:
            print(f"note      {note}")
        print(f"SHA-256   {written.sha256}\nSHA3-256  {written.sha3_256}\nsize      {written.size:,} bytes")


def _digest(options: argparse.Namespace) -> None:
    from taleproof.io.reader import FileBlob
    from taleproof.trust.digest import digest_blob

    start = time.perf_counter()
    found = digest_blob(FileBlob(options.file), sha3=True)
    if options.json:
        seconds = time.perf_counter() - start
        _print_json(
            {"sha256": found.sha256, "sha3_256": found.sha3_256, "size": found.size, "seconds": round(seconds, 3)}
        )
    else:
        print(f"SHA-256   {found.sha256}\nSHA3-256  {found.sha3_256}\nsize      {found.size:,} bytes")


def _verify(options: argparse.Namespace) -> int:
    from taleproof.io.reader import FileBlob
    from taleproof.trust.digest import digest_blob
    from taleproof.trust.registry import read_answer_file
    from taleproof.trust.verdict import decide

    answer = read_answer_file(options.registry)
    verdict = decide(digest_blob(FileBlob(options.file), sha3=True), None, answer)
    if options.json:
        _print_json({"verdict": verdict.kind, "sentence": verdict.sentence, **asdict(verdict.actual)})
    else:
        print(f"{verdict.kind}: {verdict.sentence}")
        print(f"SHA-256   {verdict.actual.sha256}\nSHA3-256  {verdict.actual.sha3_256}")
    return 0 if verdict.kind == "registered" else NOT_REGISTERED
