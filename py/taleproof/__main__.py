"""``python -m taleproof``: the command line, see cli.py."""

import sys

from taleproof.cli import main
from taleproof.cli_guard import guarded


if __name__ == "__main__":
    sys.exit(guarded(main))
