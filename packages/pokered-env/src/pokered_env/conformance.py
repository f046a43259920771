"""``python -m pokered_env.conformance DIR``, the command of :mod:`~.recording.conformance`."""

import sys

from pokered_env.recording.conformance import main

if __name__ == "__main__":
    sys.exit(main())
