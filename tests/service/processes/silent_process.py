"""A process that tells its supervisor nothing, until it is killed."""

import time

time.sleep(600)
