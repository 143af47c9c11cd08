# SPDX-License-Identifier: Apache-2.0
"""The command line as a script meets it: JSON, text, exit codes, one sentence for each error."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.make import tiny_gguf
from fixtures.tiny import Shape
from taleproof.apps.cli.main import main
from taleproof.chat.story_requests import story_request
from taleproof.io.reader import FileBlob
from taleproof.trust.digest import digest_blob


FIXTURES = Path(__file__).parents[1] / "fixtures"
MODEL, TOKENIZER = str(FIXTURES / "stories260K.bin"), str(FIXTURES / "tok512.bin")
STORIES = [MODEL, "--tokenizer", TOKENIZER]

Capture = pytest.CaptureFixture[str]


def run_json(capsys: Capture, *arguments: str) -> dict[str, Any]:
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    result: dict[str, Any] = json.loads(out)
    return result


def refusal(capsys: Capture, *arguments: str) -> str:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err.strip()


@pytest.mark.parametrize("backend", ["numpy", "wasm"])
def test_generate_as_json(backend: str, capsys: Capture) -> None:
    result = run_json(
        capsys,
        "generate",
        *STORIES,
        "--prompt",
        "Once upon a time",
        "--max-tokens",
        "12",
        "--json",
        "--backend",
        backend,
    )
    assert set(result) == {"prompt_tokens", "tokens", "text", "finish_reason", "timings", "digests"}
    assert result["prompt_tokens"] == [1, 403, 407, 261, 378]
    assert result["text"] == ", there was a little girl named Lily. She"
    assert len(result["tokens"]) == 12
    assert all(set(token) == {"id", "logprob"} and token["logprob"] <= 0 for token in result["tokens"])
    assert result["finish_reason"] == "length"
    assert result["timings"]["decode_tokens_per_second"] > 0
    found = digest_blob(FileBlob(MODEL), sha3=True)
    assert (result["digests"]["sha256"], result["digests"]["sha3_256"]) == (found.sha256, found.sha3_256)
    assert len(result["digests"]["logits"]) == -(-len(result["tokens"]) // 16)
    assert result["digests"]["tokenizer"]["sha256"] == digest_blob(FileBlob(TOKENIZER)).sha256


def test_generate_as_text_streams_prompt_and_story(capsys: Capture) -> None:
    assert main(["generate", *STORIES, "--prompt", "Once upon", "--max-tokens", "5"]) == 0
    assert capsys.readouterr().out == "Once upon a time, there was\n"


def test_the_seed_decides(capsys: Capture) -> None:
    def story(seed: str) -> str:
        sampling = ["--temperature", "1.2", "--top-p", "0.9", "--top-k", "50", "--min-p", "0.01", "--seed", seed]
        text: str = run_json(capsys, "generate", *STORIES, "--prompt", "A", *sampling, "--max-tokens", "30", "--json")[
            "text"
        ]
        return text

    assert story("1") == story("1") != story("2")


def test_stop_string(capsys: Capture) -> None:
    result = run_json(
        capsys, "generate", *STORIES, "--prompt", "Once upon a time", "--stop", "little", "--stop", "zebra", "--json"
    )
    assert (result["text"], result["finish_reason"]) == (", there was a ", "stop-string")


def test_context_full(capsys: Capture) -> None:
    result = run_json(capsys, "generate", *STORIES, "--prompt", "Once", "--context", "5", "--json")
    assert (len(result["prompt_tokens"]), len(result["tokens"]), result["finish_reason"]) == (2, 4, "context")


@pytest.mark.parametrize("backend", ["numpy", "wasm"])
def test_score(backend: str, capsys: Capture) -> None:
    written = run_json(
        capsys,
        "generate",
        *STORIES,
        "--prompt",
        "Once upon a time",
        "--max-tokens",
        "40",
        "--json",
        "--backend",
        backend,
    )
    scored = run_json(
        capsys,
        *("score", *STORIES, "--prompt", "Once upon a time", "--continuation", written["text"]),
        *("--json", "--backend", backend),
    )
    assert scored["prompt_tokens"] == written["prompt_tokens"]
    assert scored["text"] == written["text"]
    assert [token["id"] for token in scored["tokens"]] == [token["id"] for token in written["tokens"]]
    assert all(token["best"] == token["id"] for token in scored["tokens"])
    # The kernels give the same bits however a text is split into steps; NumPy's products need not.
    bound = 0.0 if backend == "wasm" else 1e-4
    for one, other in zip(scored["tokens"], written["tokens"], strict=True):
        assert abs(one["logprob"] - other["logprob"]) <= bound


def test_score_as_a_table(capsys: Capture) -> None:
    assert main(["score", *STORIES, "--prompt", "Once", "--continuation", " upon a"]) == 0
    assert "' upon'" in capsys.readouterr().out


def test_inspect(capsys: Capture) -> None:
    assert main(["inspect", MODEL]) == 0
    out = capsys.readouterr().out
    assert digest_blob(FileBlob(MODEL)).sha256 in out
    assert "llama.context_length" in out
    assert "512 x 64" in out


def test_inspect_shortens_long_metadata(capsys: Capture, smollm2_path: Path) -> None:
    assert main(["inspect", str(smollm2_path)]) == 0
    out = capsys.readouterr().out
    assert "49,152 values: <|endoftext|>" in out
    assert max(map(len, out.splitlines())) < 140


def test_digest(capsys: Capture) -> None:
    found = digest_blob(FileBlob(MODEL), sha3=True)
    assert main(["digest", MODEL]) == 0
    assert found.sha256 in capsys.readouterr().out
    result = run_json(capsys, "digest", MODEL, "--json")
    assert (result["sha256"], result["sha3_256"], result["size"]) == (found.sha256, found.sha3_256, found.size)


class TestVerify:
    @staticmethod
    def answer(folder: Path, **change: Any) -> str:
        found = digest_blob(FileBlob(MODEL), sha3=True)
        expected = {"sha256": found.sha256, "sha3_256": found.sha3_256, "size": found.size}
        whole = {"status": "registered", "expected": expected, "model": "stories260k", "version": 1}
        where = {"publisher": "0x1", "chain": "chain-1", "application": "app-1", "block": 4}
        path = folder / "answer.json"
        path.write_text(json.dumps({**whole, **where, **change}))
        return str(path)

    def test_registered_ends_with_0(self, capsys: Capture, tmp_path: Path) -> None:
        assert main(["verify", MODEL, "--registry", self.answer(tmp_path)]) == 0
        out = capsys.readouterr().out
        assert out.startswith("registered: ")
        for word in ("stories260k version 1", "chain-1", "app-1", "block 4", digest_blob(FileBlob(MODEL)).sha256):
            assert word in out

    @pytest.mark.parametrize(
        ("change", "kind"),
        [
            ({"expected": {"sha256": "0" * 64}}, "refused"),
            ({"status": "revoked", "reason": "poisoned"}, "revoked"),
            ({"status": "unknown", "expected": None}, "unverified"),
            ({"status": "unreachable", "expected": None}, "unverified"),
        ],
    )
    def test_any_other_verdict_ends_with_1(
        self, change: dict[str, Any], kind: str, capsys: Capture, tmp_path: Path
    ) -> None:
        assert main(["verify", MODEL, "--json", "--registry", self.answer(tmp_path, **change)]) == 1
        assert json.loads(capsys.readouterr().out)["verdict"] == kind

    def test_an_answer_of_another_shape_ends_with_2(self, capsys: Capture, tmp_path: Path) -> None:
        assert "block" in refusal(capsys, "verify", MODEL, "--registry", self.answer(tmp_path, block=None))
        assert "cannot be read" in refusal(capsys, "verify", MODEL, "--registry", str(tmp_path / "none.json"))


def test_a_story_is_begun_by_the_prompt(capsys: Capture, tmp_path: Path) -> None:
    model = tmp_path / "tiny.gguf"
    model.write_bytes(tiny_gguf("F32", shape=Shape(context=600)))
    begun = ["generate", str(model), "--prompt", "Once <|im_end|>", "--max-tokens", "2", "--story"]
    told = run_json(capsys, *begun, "--language", "de", "--memory", "Ein Hund", "--json")
    request = story_request("de")
    assert told["story"] == {"language": "de", "request_sha256": request.sha256(), "memory": "Ein Hund"}
    assert main(begun) == 0
    assert capsys.readouterr().out.startswith("Once <|im_end|>")
    assert main([*begun, "--chat"]) == 2
    assert "--story" in capsys.readouterr().err
    assert main([*begun, "--language", "fr"]) == 2
    assert "zh-Hans" in capsys.readouterr().err
    assert len(run_json(capsys, *begun[:-1], "--past-ends", "1", "--json")["tokens"]) == 2
    parts = ["--note", "short", "--note-depth", "1", "--passages", "0,5"]
    noted = run_json(capsys, *begun, *parts, "--json")
    assert len(noted["prompt_tokens"]) > len(run_json(capsys, *begun, "--json")["prompt_tokens"])


def test_special_tokens_in_a_prompt_and_chat_form(capsys: Capture, smollm2_path: Path) -> None:
    few = ["--max-tokens", "1", "--json"]
    raw = run_json(capsys, "generate", str(smollm2_path), "--prompt", "<|im_start|>user\nHi<|im_end|>", *few)
    assert (raw["prompt_tokens"][0], raw["prompt_tokens"][-1]) == (1, 2)
    chat = run_json(capsys, "generate", str(smollm2_path), "--prompt", "Hi", "--chat", *few)
    turn = raw["prompt_tokens"]
    assert any(chat["prompt_tokens"][i : i + len(turn)] == turn for i in range(len(chat["prompt_tokens"])))


def test_the_date_is_told_to_a_template_that_asks_and_shown(capsys: Capture, tmp_path: Path) -> None:
    model = tmp_path / "dated.gguf"
    model.write_bytes(tiny_gguf("F32", chat_template="{{ strftime_now('%Y-%m-%d') }}"))
    chat = ["generate", str(model), "--prompt", "Hi", "--chat", "--max-tokens", "1", "--json"]
    dated = run_json(capsys, *chat, "--date", "2026-02-03")
    assert dated["date"] == "2026-02-03"
    assert run_json(capsys, *chat, "--date", "2026-02-04")["prompt_tokens"] != dated["prompt_tokens"]
    assert run_json(capsys, *chat)["date"] != "2024-07-26"
    assert "date" not in run_json(capsys, *[part for part in chat if part != "--chat"])
    assert "date can't be" in refusal(capsys, *chat, "--date", "yesterday")


class TestRefusals:
    def test_a_file_that_is_not_there(self, capsys: Capture) -> None:
        assert "nowhere.gguf was not found" in refusal(capsys, "generate", "nowhere.gguf", "--prompt", "x")

    def test_another_digest_than_expected(self, capsys: Capture) -> None:
        for backend in ("numpy", "wasm"):
            message = refusal(
                capsys, "generate", *STORIES, "--prompt", "x", "--expect-sha256", "0" * 64, "--backend", backend
            )
            assert "0" * 64 in message

    def test_a_llama2c_model_without_its_tokenizer(self, capsys: Capture) -> None:
        assert "tokenizer.bin" in refusal(capsys, "generate", MODEL, "--prompt", "x")

    def test_a_file_that_is_no_model(self, capsys: Capture, tmp_path: Path) -> None:
        (tmp_path / "page.gguf").write_text("<!DOCTYPE html><html></html>")
        assert "web page" in refusal(capsys, "inspect", str(tmp_path / "page.gguf"))

    def test_a_setting_out_of_range(self, capsys: Capture) -> None:
        assert "top_p" in refusal(capsys, "generate", *STORIES, "--prompt", "x", "--top-p", "7")

    def test_a_context_longer_than_the_models(self, capsys: Capture) -> None:
        assert "512" in refusal(capsys, "generate", *STORIES, "--prompt", "x", "--context", "513")

    def test_a_prompt_longer_than_the_context(self, capsys: Capture) -> None:
        message = refusal(capsys, "generate", *STORIES, "--prompt", "the end " * 300)
        assert "512" in message

    def test_an_empty_prompt_where_the_model_has_no_beginning(self, capsys: Capture, smollm2_path: Path) -> None:
        assert "empty" in refusal(capsys, "generate", str(smollm2_path), "--prompt", "")

    def test_chat_without_a_template(self, capsys: Capture) -> None:
        assert "template" in refusal(capsys, "generate", *STORIES, "--prompt", "x", "--chat")

    @pytest.mark.parametrize("arguments", [[], ["generate"], ["write", "x"], ["generate", MODEL, "--prompt"]])
    def test_arguments_that_mean_nothing(self, arguments: list[str], capsys: Capture) -> None:
        assert "Try --help" in refusal(capsys, *arguments)


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "taleproof", "digest", TOKENIZER]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert digest_blob(FileBlob(TOKENIZER)).sha256 in done.stdout


def test_lone_surrogates_and_other_alphabets_in_a_prompt(capsys: Capture) -> None:
    result = run_json(capsys, "generate", *STORIES, "--prompt", "\ud83d שלום 🙂", "--max-tokens", "3", "--json")
    assert len(result["tokens"]) == 3
