"""measure.py COMMAND...: runs it and prints {"seconds", "peak_mb", "code"} as the last line of standard error.

A process inherits the largest resident set of the one that started it, so a command is started from this small one.
"""
import json
import os
import sys
import time

start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "peak_mb": usage.ru_maxrss / 1024, "code": os.waitstatus_to_exitcode(status)}),
      file=sys.stderr)
