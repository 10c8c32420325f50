"""Exact pairs by brute force: the sets of shingles as a sparse matrix of zeros and ones, all overlaps by its product with
its transpose, no filter of any kind. Nothing here knows how sheaf joins; only the words may be sheaf's (bench/words.c).
"""
import json
import re
import subprocess

import numpy as np
import scipy.sparse

BITS, ROWS = 21, 2_000   # of a word's number in a shingle's; rows of the product at a time


class Sets:
    """`ids` in order of rows; `matrix` (documents x shingles, ones), `sizes` of all sets."""
    def __init__(self, ids, words, lengths, n=3):
        self.ids, self.row = ids, {name: i for i, name in enumerate(ids)}
        codes, docs = shingle_codes(words.astype(np.int64), lengths.astype(np.int64), n)
        kinds, column = np.unique(codes, return_inverse=True)
        key = np.unique(docs * len(kinds) + column)
        row, column = np.divmod(key, max(1, len(kinds)))
        self.matrix = scipy.sparse.csr_matrix((np.ones(len(key), np.int32), (row, column)), (len(ids), max(1, len(kinds))))
        self.sizes = np.diff(self.matrix.indptr)

    def overlap(self, a, b):
        """Of pairs of rows, in blocks."""
        out = np.empty(len(a), np.int64)
        for i in range(0, len(a), ROWS * 10):
            part = slice(i, i + ROWS * 10)
            out[part] = np.asarray(self.matrix[a[part]].multiply(self.matrix[b[part]]).sum(axis=1)).ravel()
        return out

    def jaccard(self, a, b):
        both = self.overlap(a, b)
        return both / np.maximum(1, self.sizes[a] + self.sizes[b] - both)

    def work(self):
        """Multiplications of the product of the matrix with its transpose."""
        df = np.bincount(self.matrix.indices).astype(np.int64)
        return int((df[df > 1] ** 2).sum())

    def pairs(self, p, q=10):
        """(a, b, overlap) of all pairs with Jaccard >= p / q, a < b."""
        df = np.bincount(self.matrix.indices, minlength=self.matrix.shape[1])
        shared = self.matrix[:, df > 1].tocsr()
        transposed = shared.T.tocsr()
        found = []
        for i in range(0, len(self.ids), ROWS):
            product = (shared[i:i + ROWS] @ transposed).tocoo()
            a, b, both = product.row.astype(np.int64) + i, product.col.astype(np.int64), product.data.astype(np.int64)
            keep = (a < b) & (q * both >= p * (self.sizes[a] + self.sizes[b] - both))
            found.append(np.stack([a[keep], b[keep], both[keep]]))
        return np.concatenate(found, axis=1) if found else np.empty((3, 0), np.int64)


def shingle_codes(words, lengths, n):
    """The number of each run of n words, and its document; shorter documents: one of all their words, filled with 0."""
    if n * BITS > 63 or len(words) and int(words.max()) + 1 >= 1 << BITS:
        raise ValueError("too many words for exact numbers of shingles")
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(lengths) else np.empty(0, np.int64)
    padded = np.concatenate([words + 1, np.zeros(n, np.int64)])
    short = (lengths > 0) & (lengths < n)
    count = np.where(short, 1, np.maximum(lengths - n + 1, 0))
    docs = np.repeat(np.arange(len(lengths)), count)
    at = np.repeat(starts - (np.cumsum(count) - count), count) + np.arange(count.sum())
    codes = np.zeros(len(at), np.int64)
    left = np.repeat(starts + lengths, count)
    for i in range(n):
        codes = codes << BITS | np.where(at + i < left, padded[np.minimum(at + i, len(padded) - 1)], 0)
    return codes, docs


def of_sheaf(program, path, work, n=3):
    """Over the folded words of bench/words."""
    prefix = work / f"words-{path.stem}"
    if not prefix.with_name(prefix.name + ".words.npy").exists():
        subprocess.run([program, f"in={path}", f"out={prefix}"], check=True)
    def lines(name):
        return (prefix.parent / f"{prefix.name}.{name}.txt").read_text(encoding="utf-8").split("\n")[:-1]
    kinds, form = {}, []
    for word in lines("types"):
        form.append(kinds.setdefault(word, len(kinds)))
    words = np.array(form or [0], np.int64)[np.load(f"{prefix}.words.npy")]
    return Sets(lines("ids"), words, np.load(f"{prefix}.lengths.npy"), n)


def of_pattern(path, n=3):
    """Over the words that \\w+ finds, lower-cased: what the peers compare."""
    find, kinds, ids, words, lengths = re.compile(r"\w+").findall, {}, [], [], []
    with open(path, encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            ids.append(str(row["id"]))
            found = find(row["text"].lower())
            lengths.append(len(found))
            words.extend(kinds.setdefault(w, len(kinds)) for w in found)
    return Sets(ids, np.array(words, np.int64), np.array(lengths, np.int64), n)
