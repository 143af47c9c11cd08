# SPDX-License-Identifier: Apache-2.0
"""Case and classes of letters, the same on every host.

Python's tables follow the Unicode version of its time: 14 where Python is 3.11, 16 where it is 3.14. Letters on which
these two differ are refused here, so that no template makes another text in the terminal than in the page.
"""

import re
from collections.abc import Callable

from taleproof.chat.template.budget import TemplateRefusal


_DIFFERS = re.compile(
    # Assigned in Unicode 15.0, 15.1 or 16.0 (DerivedAge.txt).
    "[\u0897\u0cf3\u0ece\u1b4e\u1b4f\u1b7f\u1c89\u1c8a\u2427-\u2429\u2ffc-\u2fff\u31e4\u31e5\u31ef\ua7cb-\ua7cd"
    "\ua7da-\ua7dc\U000105c0-\U000105f3\U00010d40-\U00010d65\U00010d69-\U00010d85\U00010d8e\U00010d8f"
    "\U00010ec2-\U00010ec4\U00010efc-\U00010eff\U0001123f-\U00011241\U00011380-\U000113e2\U000116d0-\U000116e3"
    "\U00011b00-\U00011b09\U00011bc0-\U00011be1\U00011bf0-\U00011bf9\U00011f00-\U00011f5a\U0001342f"
    "\U00013439-\U00013455\U00013460-\U000143fa\U00016100-\U00016139\U00016d40-\U00016d79\U00018cff\U0001b132"
    "\U0001b155\U0001cc00-\U0001ccf9\U0001cd00-\U0001ceb3\U0001d2c0-\U0001d2d3\U0001df25-\U0001df2a"
    "\U0001e030-\U0001e06d\U0001e08f\U0001e4d0-\U0001e4f9\U0001e5d0-\U0001e5ff\U0001f6dc\U0001f774-\U0001f776"
    "\U0001f77b-\U0001f77f\U0001f7d9\U0001f8b2-\U0001f8c1\U0001fa75-\U0001fa77\U0001fa87-\U0001fa89\U0001fa8f"
    "\U0001faad-\U0001faaf\U0001fabb-\U0001fabf\U0001fac6\U0001face\U0001facf\U0001fada-\U0001fadc\U0001fadf"
    "\U0001fae8\U0001fae9\U0001faf7\U0001faf8\U0001fbcb-\U0001fbef\U0002b739\U0002ebf0-\U0002ee5d\U00031350-\U000323af"
    # Older ones whose case or class these versions changed.
    "\u019b\u0264\u10fc\ua7f2-\ua7f4\uab69\U0001171e]"
)


def known(text: str) -> str:
    """Return a text whose letters every host knows.

    Raises
    ------
    TemplateRefusal : it has one that Unicode 14 and 16 treat differently.
    """
    found = None if text.isascii() else _DIFFERS.search(text)
    if found:
        raise TemplateRefusal(
            f"it changes or judges the letter U+{ord(found[0]):04X}, which Unicode's versions treat differently"
        )
    return text


CASES: dict[str, Callable[[str], str]] = {
    "capitalize": str.capitalize,
    "lower": str.lower,
    "swapcase": str.swapcase,
    "title": str.title,
    "upper": str.upper,
}

CLASSES: dict[str, Callable[[str], bool]] = {
    "isalnum": str.isalnum,
    "isalpha": str.isalpha,
    "isascii": str.isascii,
    "isdigit": str.isdigit,
    "islower": str.islower,
    "isspace": str.isspace,
    "isupper": str.isupper,
}
