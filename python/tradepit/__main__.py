"""``python -m tradepit`` is the command ``tradepit``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
