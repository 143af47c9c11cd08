# SPDX-License-Identifier: Apache-2.0
"""What several test modules need: the real model, where set-up put it."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from taleproof.formats import ModelFile, parse
from taleproof.io.reader import FileBlob


# A slow or busy machine is not a failure: no test has a time by the clock.
settings.register_profile("taleproof", deadline=None)
settings.load_profile("taleproof")

MODEL_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
ROOT = Path(__file__).parents[1]


def _places() -> list[Path]:
    cache = Path(os.environ.get("TALEPROOF_CACHE") or Path.home() / ".cache" / "taleproof")
    return [ROOT / "public" / "models" / MODEL_NAME, cache / "sha256" / MODEL_SHA256]


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """Return the path of the demo model; in CI it has to be there."""
    for place in _places():
        if place.is_file():
            return place
    message = f"{MODEL_NAME} is not here: `node scripts/setup.mjs` brings it"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def smollm2_file(smollm2_path: Path) -> ModelFile:
    """Return the demo model's metadata and tensor table."""
    return parse(FileBlob(smollm2_path))


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Return the folder of the test data."""
    return ROOT / "tests" / "fixtures"
