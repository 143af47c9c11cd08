# SPDX-License-Identifier: Apache-2.0
"""``python -m taleproof``: the command line, see apps/cli/main.py."""

import sys

from taleproof.apps.cli.main import main
from taleproof.apps.guard import guarded


if __name__ == "__main__":
    sys.exit(guarded(main))
