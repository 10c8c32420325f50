"""measure.py [--tree] [--limit SECONDS] COMMAND...: runs it and prints {"seconds", "peak_mb", "code"} as the last line of
standard error.

A process inherits the largest resident set of the one that started it, so a command is started from this small one.
--tree: the memory of the command and of all that it starts together, each shared page once (looked up 10 times a second,
at a cost of some thousandths of the time), where that is more. --limit: what takes longer is ended, with all that it
started, and "code" is null.
"""
import json
import os
import signal
import sys
import threading
import time

arguments = sys.argv[1:]
tree = "--tree" in arguments[:3]
limit = float(arguments[arguments.index("--limit") + 1]) if "--limit" in arguments[:3] else None
command = arguments[tree + 2 * (limit is not None):]


def parents():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as f:
                yield int(name), int(f.read().rsplit(b")", 1)[1].split()[1])
        except OSError:
            pass


def family(root):
    below, found = {}, [root]
    for pid, parent in parents():
        below.setdefault(parent, []).append(pid)
    for pid in found:
        found += below.get(pid, [])
    return found


def together(root):
    """Proportional set sizes in KB."""
    total = 0
    for pid in family(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith(b"Pss:"))
        except (OSError, StopIteration):
            pass
    return total


def watch():
    while not over.wait(.1):
        if limit and time.perf_counter() - start > limit:
            stopped.append(True)
            os.killpg(child, signal.SIGKILL)
            return
        if tree:
            seen.append(together(child))


over, seen, stopped = threading.Event(), [0], []
start = time.perf_counter()
# A group of its own only where it may have to be ended: else an interrupt at the terminal reaches it.
child = os.posix_spawnp(command[0], command, os.environ, **({"setpgroup": 0} if limit else {}))
watcher = threading.Thread(target=watch) if tree or limit else None
if watcher:
    watcher.start()
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
over.set()
if watcher:
    watcher.join()
print(json.dumps({"seconds": seconds, "peak_mb": max(usage.ru_maxrss, *seen, 0) / 1024,
                  "code": None if stopped else os.waitstatus_to_exitcode(status)}), file=sys.stderr)
