# SPDX-License-Identifier: Apache-2.0
"""The compiled kernels: those in the installed package, or those that scripts/build_kernels.py has made in a checkout.

The name of a build comes in, its bytes go out. Refused: a build that is nowhere, with MissingKernelsError, and one in
the package whose digest is not the one that this file names, with DamagedKernelsError.
"""

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

from taleproof.errors import DamagedKernelsError, MissingKernelsError


Build = Literal["relaxed", "baseline"]
BUILDS: tuple[Build, ...] = get_args(Build)
"""Those for a memory of one's own, the fastest first; both give the same bits."""

KERNEL_DIGESTS = {
    "relaxed": "772cc57c3c2d1b6348265b73945cc12aa70851a5924f0e1e82bd20c67493a1f2",
    "baseline": "af09b7a958f6a991387e64ba86a6df8769d89a01d99fcdf099b41f7694c323c9",
    "relaxed-shared": "e96c1cf2f729600ef41c835c76c381c57dc670303ead0d5f6d3b72664528a05e",
    "baseline-shared": "0fef7bf922fc8eba139884c040aaeca3ddc7c72576cc29a82b97ba18254e6202",
}
"""SHA-256 of the builds of the kernels, wherever they are compiled; ``npm run kernels:pin`` writes them."""

_PACKAGE = files("taleproof")
PACKAGED = _PACKAGE / "kernels"
"""Where the wheel for others has them; scripts/lib/library-wheel.mjs puts them there."""

KERNELS = Path(str(_PACKAGE)).parents[1] / "build" / "kernels"
"""Where a checkout has them; set-up compares their digests."""

_REMEDY = "Install a wheel that `npm run wheel` makes, or in a checkout run `npm run setup`"


def kernel_code(build: str, folder: Path | None = None) -> bytes:
    """Return a build of the kernels: a module of WebAssembly.

    Parameters
    ----------
    folder : looked into instead of the package and the checkout.
    """
    name = f"{build}.wasm"
    packaged = PACKAGED / name
    if folder is None and packaged.is_file():
        code = packaged.read_bytes()
        actual = hashlib.sha256(code).hexdigest()
        if actual != KERNEL_DIGESTS[build]:
            raise DamagedKernelsError(name, KERNEL_DIGESTS[build], actual)
        return code
    path = (folder or KERNELS) / name
    if not path.is_file():
        raise MissingKernelsError(f"{path} does not exist", _REMEDY)
    return path.read_bytes()
