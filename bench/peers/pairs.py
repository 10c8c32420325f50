"""What the scripts that look for near-duplicates share: from a JSONL file on disk to a file of pairs.

    NAME.py in=FILE out=FILE threads=T threshold=J ...

The whole process is measured from outside (bench/measure.py); what it prints as the last line, one JSON object, tells
the seconds that went into imports and into the work, and what was counted. Each line of OUT is a pair of line numbers of
the input, from 0; or, from a program that names no partners, one line number.
Shingles are the distinct runs of three words, lower-cased, words as \\w+ finds them: a document of fewer words has one
shingle of all of them, one without words none, as in sheaf. For programs with shingles of their own see their scripts.
"""
import json
import re
import sys
import time

START = time.perf_counter()
OPTIONS = dict(arg.split("=", 1) for arg in sys.argv[1:] if "=" in arg)
THREADS, THRESHOLD = int(OPTIONS.get("threads", 2)), float(OPTIONS.get("threshold", .8))
WORDS = re.compile(r"\w+").findall


def texts(path=None, start=0, stop=None):
    """Those of the lines that begin at a byte of start .. stop."""
    with open(path or OPTIONS["in"], "rb") as f:
        if start:
            f.seek(start - 1)
            f.readline()
        while (stop is None or f.tell() < stop) and (line := f.readline()):
            yield json.loads(line)["text"]


def parts(n):
    """The file cut in n ranges of bytes."""
    import os
    size = os.path.getsize(OPTIONS["in"])
    return [(size * i // n, size * (i + 1) // n) for i in range(n)]


def shingles(text):
    words = WORDS(text.lower())
    if len(words) < 3:
        return {" ".join(words)} if words else set()
    return {f"{a} {b} {c}" for a, b, c in zip(words, words[1:], words[2:])}


def save(rows):
    count = 0
    with open(OPTIONS["out"], "w", encoding="ascii") as f:
        for row in rows:
            f.write("\t".join(map(str, row)) + "\n")
            count += 1
    return count


def tell(imported, packages, **about):
    """`imported`: the clock after the imports."""
    end = time.perf_counter()
    import importlib.metadata
    versions = {name: importlib.metadata.version(name) for name in packages}
    print(json.dumps({"imports": imported - START, "work": end - imported, "versions": versions} | about))
