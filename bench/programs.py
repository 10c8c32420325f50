"""Starting what is measured: each run a process of its own, in an environment that is the same for all.

OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are taken out, so that every OpenBLAS, sheaf's too, picks the kernels for this
processor itself. FAISS brings an OpenBLAS that knows no processor made after it and would fall back to the oldest
kernels: there the type is named.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 3600


class Stopped(Exception):
    """A run took longer than LIMIT seconds."""


def environment():
    return {name: value for name, value in os.environ.items() if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}


def newest_core():
    """What an OpenBLAS of 2021 calls a processor with these instructions."""
    try:
        flags = re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)[1].split()
    except (OSError, TypeError):
        return None
    return "SkylakeX" if "avx512vl" in flags else "Haswell" if "avx2" in flags else None


def started(command):
    """Standard output; the last line of an error is shown."""
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=LIMIT, env=environment())
    except subprocess.TimeoutExpired:
        raise Stopped from None
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def options(given):
    return [f"{name.rstrip('_')}={value}" for name, value in given.items() if value is not None]


def stage(build, task, **given):
    """One stage of sheaf, by bench/stages."""
    return json.loads(started([build / "bench/stages", task, *options(given)]))


def peer(script, task, **given):
    """One task of a peer; the JSON is the last line, whatever the library prints before."""
    command = [sys.executable, "-B", "-W", "ignore", ROOT / f"bench/peers/{script}.py", task, *options(given)]
    return json.loads(started(command).splitlines()[-1])


def measured(command):
    """Standard output, seconds and peak memory of a whole process; see measure.py."""
    launcher = [sys.executable, "-S", str(ROOT / "bench/measure.py"), *map(str, command)]
    done = subprocess.run(launcher, capture_output=True, text=True, env=environment())
    found = json.loads(done.stderr.splitlines()[-1])
    if found.pop("code"):
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout, found


def machine(build):
    """The processor, and `sheaf doctor` in the same environment."""
    try:
        model = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        model = None
    return f"processor\t{model[1] if model else 'unknown'}\n" + started([build / "sheaf", "doctor"]).strip()


def build_line(build, doctor):
    """What tells one build of sheaf from another: the tree where git knows it, and a checksum of the program measured."""
    told = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True) \
        if shutil.which("git") else None
    tree = told.stdout.strip() if told and not told.returncode else "tree unknown"
    program = build / "bench/stages"
    mark = hashlib.sha256(program.read_bytes()).hexdigest()[:8] if program.exists() else "not built"
    version = re.search(r"^sheaf\t(\S+)", doctor, re.M)
    return f"sheaf {version[1] if version else '?'}, {tree}, stages {mark}"


def generated(build, documents, path, **given):
    """A synthetic corpus by bench/generate, unless the file is there."""
    if not path.exists():
        part = path.with_suffix(".part")
        started([build / "bench/generate", f"docs={documents}", f"out={part}", *options(given)])
        part.rename(path)
    return path
