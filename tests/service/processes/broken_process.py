"""An engine process that ends at once."""

import sys

sys.exit(3)
