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
    "relaxed": "142aad6a59de3a720808d8680ce9ae3fd9d8810deb3cf88167779227260f3cb5",
    "baseline": "2463c9268cd0dc34ee38220723ef3f350fecbb0467f2c9c9fb2f1d8ba151ebc1",
    "relaxed-shared": "844eb109c5a10c36dd5572ad5f219c777a2b6c98e4122ad0e2609dcabdd5fefd",
    "baseline-shared": "f6108501d499055818ee2baf8d82ce8dc9630f35dd9ac5f0d832c93c0c0d768c",
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
