"""``python -m slant``: the command line."""

import sys

if not sys.flags.safe_path:
    sys.path.pop(0)  # the working directory, which ``-m`` puts first: it holds data, and no code of ours

from slant.cli import main

if __name__ == "__main__":
    main()
