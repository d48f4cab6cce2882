"""`python -m breakwater` is `breakwater`."""

import sys

from breakwater.cli import main

sys.exit(main())
