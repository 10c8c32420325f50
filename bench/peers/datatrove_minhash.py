"""datatrove: its MinHash pipeline, signatures, buckets and clusters, by the local executor.

    datatrove_minhash.py in=FILE out=FILE threads=T

14 buckets of 8 hashes, 64 bits, as it comes (its comment: a pair at .8 is found with probability .924), but for word
trigrams instead of five words. A word tokenizer of one's own is part of its interface: it is given \\w+, and its own
cleaning of the text is left at lower-casing, which makes the same shingles as with the others, and is faster than the
spaCy tokenizer that it would take. Its readers share out whole files: the file is cut in one part a worker first (that
counts). Logs go nowhere. What fell in the same bucket counts as told, before it makes clusters of that.
"""
import importlib.metadata
import json
import os
import pathlib
import re
import shutil
import struct
import sys
import tempfile
import time

START = time.perf_counter()
OPTIONS = dict(arg.split("=", 1) for arg in sys.argv[1:] if "=" in arg)
THREADS = int(OPTIONS.get("threads", 2))
os.environ |= {"HF_HUB_OFFLINE": "1", "LOGURU_LEVEL": "ERROR"}

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets, MinhashDedupCluster
from datatrove.pipeline.readers import JsonlReader
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import TextNormConfig
from datatrove.utils.word_tokenizers import WordTokenizer

IMPORTED = time.perf_counter()


class Words(WordTokenizer):
    def __init__(self):
        super().__init__("en")
        self.found = re.compile(r"\w+").findall

    def word_tokenize(self, text):
        return self.found(text)

    def sent_tokenize(self, text):
        return [text]

    def span_tokenize(self, text):
        return [(0, len(text))]


def cut(folder):
    """One file a worker, cut at line ends. Number of lines of each."""
    size, counts = os.path.getsize(OPTIONS["in"]), []
    with open(OPTIONS["in"], "rb") as src:
        for part in range(THREADS):
            n = 0
            with open(folder / f"{part:05d}.jsonl", "wb") as dst:
                while src.tell() < size * (part + 1) // THREADS and (line := src.readline()):
                    dst.write(line)
                    n += 1
            counts.append(n)
    return counts


def same_bucket(folder, starts):
    """Of each bucket what it wrote: each document with the one before it that has the same signature."""
    for path in sorted(folder.glob("*.dups")):
        group = {}
        for a, i, b, j in struct.iter_unpack("<4I", path.read_bytes()):
            members = group.setdefault((a, i), [starts[a] + i])
            number = starts[b] + j
            yield from ((other, number) for other in members)
            members.append(number)
            group[b, j] = members


def executor(folder, name, tasks, *pipeline):
    LocalPipelineExecutor(pipeline=list(pipeline), tasks=tasks, workers=THREADS, logging_dir=str(folder / "logs" / name),
                          skip_completed=False).run()


def main(folder):
    (folder / "in").mkdir()
    counts = cut(folder / "in")
    norm = TextNormConfig(lowercase=True, norm_whitespace=False, remove_punctuation=False, norm_unicode_diacritics=False,
                          norm_numbers=False)
    config = MinhashConfig(n_grams=3, num_buckets=14, hashes_per_bucket=8, norm_config=norm, hash_config=HashConfig())
    signatures, buckets = str(folder / "signatures"), str(folder / "buckets")
    executor(folder, "1", THREADS, JsonlReader(str(folder / "in"), doc_progress=False),
             MinhashDedupSignature(signatures, config, language=Words()))
    executor(folder, "2", 14, MinhashDedupBuckets(signatures, buckets, config=config, lines_to_buffer=10_000))
    executor(folder, "3", 1, MinhashDedupCluster(buckets, str(folder / "clusters"), save_cluster_id=True,
                                                 lines_to_buffer=10_000))
    work = time.perf_counter() - IMPORTED
    starts = [sum(counts[:i]) for i in range(THREADS)]
    told = set(same_bucket(folder / "buckets", starts))
    with open(OPTIONS["out"], "w", encoding="ascii") as f:
        f.writelines(f"{a}\t{b}\n" for a, b in sorted((min(p), max(p)) for p in told))
    print(json.dumps({"imports": IMPORTED - START, "work": work, "pairs": len(told),
                      "versions": {"datatrove": importlib.metadata.version("datatrove")}}))


if __name__ == "__main__":
    made = pathlib.Path(tempfile.mkdtemp(dir=OPTIONS.get("work")))
    try:
        main(made)
    finally:
        shutil.rmtree(made)
