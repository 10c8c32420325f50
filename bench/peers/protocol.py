"""What the scripts here share: one task of one library in a process of its own, told as one JSON line.

    NAME.py TASK OPTION=VALUE...        all tasks: in=FILE out=PREFIX threads=T repeats=N

Import this before anything that loads a BLAS. It pins the threads and takes OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE out
of the environment, so that every OpenBLAS picks the kernels it likes best; core=TYPE names one for an OpenBLAS that is
older than the processor and would pick badly. The input is loaded and the library used
once on a small piece of it; only the call itself is timed. Results go to PREFIX.*.npy (and .npz), where
bench/kernels.py judges them all by the same code.
"""
import importlib.metadata
import json
import os
import sys
import time

TASK = sys.argv[1] if len(sys.argv) > 1 else ""
OPTIONS = dict(arg.split("=", 1) for arg in sys.argv[2:] if "=" in arg)
THREADS = int(OPTIONS.get("threads", 0)) or os.cpu_count()
for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "BLIS"):
    os.environ[f"{name}_NUM_THREADS"] = str(THREADS)
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
if "core" in OPTIONS:
    os.environ["OPENBLAS_CORETYPE"] = OPTIONS["core"]

import numpy as np
import threadpoolctl


def status_mb(field, process="self"):
    """A line of /proc/self/status, or of another process."""
    with open(f"/proc/{process}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith(field))


def forget_peak(process="self"):
    """The peak of resident memory counts from here on."""
    with open(f"/proc/{process}/clear_refs", "w", encoding="ascii") as f:
        f.write("5")


def number(name, default):
    return type(default)(OPTIONS.get(name, default))


def texts():
    ids, found = [], []
    with open(OPTIONS["in"], encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            ids.append(str(row["id"]))
            found.append(row["text"])
    return ids, found


def matrix():
    import scipy.sparse
    return scipy.sparse.load_npz(OPTIONS["in"]).tocsr()


def vectors():
    """The vectors and the given start, or None."""
    start = OPTIONS.get("start")
    return np.load(OPTIONS["in"]), np.load(start) if start else None


def save(**arrays):
    if "out" in OPTIONS:
        for name, values in arrays.items():
            np.save(f"{OPTIONS['out']}.{name}.npy", values)


def save_svd(u, s, v):
    """By falling value; v: terms x dims."""
    order = np.argsort(-s)
    save(u=np.ascontiguousarray(u[:, order]), s=s[order], v=np.ascontiguousarray(v[:, order]))


def save_neighbours(found, scores, k, drop_self):
    """drop_self: k + 1 of each row were asked for, and the row itself is no answer; where it is not among them (a tie), the
    last one goes."""
    if drop_self:
        keep = found != np.arange(len(found))[:, None]
        keep[:, -1] &= ~keep.all(axis=1)
        found, scores = found[keep].reshape(-1, k), scores[keep].reshape(-1, k)
    save(neighbours=found.astype("int32"), scores=scores.astype("float32"))


def blas():
    pools = {(p["internal_api"], p.get("version"), p.get("architecture"), p["num_threads"])
             for p in threadpoolctl.threadpool_info()}
    return [" ".join(str(x) for x in pool if x is not None) + " threads" for pool in sorted(pools, key=str)]


def main(program, tasks, packages):
    """tasks: name -> function that loads and returns (call, small, whole, tell): call(whole) is timed, call(small) comes
    before it, tell(result) saves it and returns more fields."""
    if TASK not in tasks:
        sys.exit(f"{program}: tasks are {', '.join(tasks)}")
    call, small, whole, tell = tasks[TASK]()
    if small is not None:
        call(small)
    loaded = status_mb("VmRSS")
    forget_peak()
    seconds = []
    for _ in range(number("repeats", 1)):
        start = time.perf_counter()
        result = call(whole)
        seconds.append(time.perf_counter() - start)
    peak = status_mb("VmHWM")
    found = {"program": program, "task": TASK, "threads": THREADS, "seconds": seconds, "loaded_mb": loaded,
             "peak_mb": peak} | tell(result)
    found["versions"] = {name: importlib.metadata.version(name) for name in ("numpy", *packages)}
    found["blas"] = blas()
    print(json.dumps(found))
