"""The pipeline that people run today, in one process: texts of a JSONL file -> labels.

    scikit_learn.py CORPUS.jsonl K SEED LABELS.tsv [--char-bigrams]

Writes `id<TAB>label` rows and prints one JSON line: seconds of each stage, imports not counted.
"""
import argparse
import json
import time

from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize


def main():
    p = argparse.ArgumentParser()
    p.add_argument("corpus")
    p.add_argument("k", type=int)
    p.add_argument("seed", type=int)
    p.add_argument("labels")
    p.add_argument("--char-bigrams", action="store_true", help="for scripts without spaces between words")
    a = p.parse_args()

    start = time.perf_counter()
    ids, texts = [], []
    with open(a.corpus, encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            ids.append(row["id"])
            texts.append(row["text"])
    read = time.perf_counter()
    extra = {"analyzer": "char", "ngram_range": (2, 2)} if a.char_bigrams else {"stop_words": "english"}
    x = TfidfVectorizer(min_df=2, max_df=0.5, sublinear_tf=True, dtype="float32", **extra).fit_transform(texts)
    vectorized = time.perf_counter()
    u = TruncatedSVD(100, n_iter=5, random_state=a.seed).fit_transform(x)
    reduced = time.perf_counter()
    labels = KMeans(a.k, n_init=1, random_state=a.seed).fit_predict(normalize(u))
    done = time.perf_counter()

    with open(a.labels, "w", encoding="utf-8") as f:
        f.write("id\tcluster\n")
        f.writelines(f"{i}\t{label}\n" for i, label in zip(ids, labels))
    print(json.dumps({
        "seconds": done - start, "read": read - start, "vectorize": vectorized - read, "svd": reduced - vectorized,
        "kmeans": done - reduced, "terms": x.shape[1], "nonzeros": int(x.nnz)}))


main()
