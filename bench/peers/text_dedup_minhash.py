"""text-dedup: `python -m text_dedup.minhash`, from the JSONL file to its clusters.

    text_dedup_minhash.py in=FILE out=FILE threads=T threshold=.8 [permutations=128] [verify=1]

Its own command, with the settings of its README but for word trigrams instead of five words, the threshold and the
number of permutations (128 as with the others; 240 there), and clusters but no copy of the documents as output. It cuts
words at \\W, as \\w+ does, and leaves documents of fewer than 5 words out. It caches what it reads by content: every run
gets an empty cache. Clusters, not pairs, are what it tells: all pairs within a cluster count as told.
"""
import importlib.metadata
import json
import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import tempfile
import time

START = time.perf_counter()
OPTIONS = dict(arg.split("=", 1) for arg in sys.argv[1:] if "=" in arg)
CONFIG = """
[input]
input_type = "local_files"
file_type = "json"
[input.read_arguments]
path = "json"
data_files = {file}
split = "train"
cache_dir = {cache}
[algorithm]
algorithm_name = "minhash"
text_column = "text"
seed = 42
batch_size = 10000
num_perm = {permutations}
threshold = {threshold}
false_positive_weight = 0.5
false_negative_weight = 0.5
hash_bits = 64
ngram_size = 3
check_false_positive = {verify}
num_proc = {threads}
[output]
output_dir = {out}
clean_cache = false
skip_filtering = true
save_clusters = true
[debug]
enable_profiling = false
"""


def run(folder):
    out = folder / "out"
    quoted = {"file": OPTIONS["in"], "cache": str(folder / "cache"), "out": str(out)}
    (folder / "config.toml").write_text(CONFIG.format(
        permutations=OPTIONS.get("permutations", 128), threshold=OPTIONS.get("threshold", .8),
        threads=OPTIONS.get("threads", 2), verify="true" if OPTIONS.get("verify", "1") == "1" else "false",
        **{name: json.dumps(value) for name, value in quoted.items()}))
    environment = os.environ | {"HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1",
                                "POLARS_MAX_THREADS": OPTIONS.get("threads", "2")}
    done = subprocess.run([sys.executable, "-m", "text_dedup.minhash"], cwd=folder, env=environment, capture_output=True,
                          text=True)
    if done.returncode:
        sys.exit(done.stderr[-3000:] + done.stdout[-1000:])
    with open(out / "clusters.pickle", "rb") as f:
        return pickle.load(f)


def clusters(of):
    found = {}
    for number, cluster in of.items():
        found.setdefault(cluster, []).append(number)
    return found.values()


def imports():
    """How long the command takes to be there: once more, in a process of its own, after the clock has stopped."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import text_dedup.minhash"], check=True)
    return time.perf_counter() - start


folder = pathlib.Path(tempfile.mkdtemp(dir=OPTIONS.get("work")))
try:
    assigned = run(folder)
finally:
    shutil.rmtree(folder)
work = time.perf_counter() - START
count = 0
with open(OPTIONS["out"], "w", encoding="ascii") as f:
    for members in clusters(assigned):
        members.sort()
        for i, a in enumerate(members):
            for b in members[i + 1:]:
                f.write(f"{a}\t{b}\n")
                count += 1
imported = imports()
print(json.dumps({"whole": work, "imports": imported, "work": work - imported, "pairs": count,
                  "versions": {"text-dedup": importlib.metadata.version("text-dedup")}}))
