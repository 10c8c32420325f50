"""datasketch: MinHash of 128 permutations and MinHashLSH, each document looked up before it is put in, so that every
pair of documents that meet in a band is told once. All that it tells is candidates: nothing is verified.

    datasketch_lsh.py in=FILE out=FILE threads=T threshold=.8 [guide=1]

The bands are those that it picks for the threshold. It signs on one thread; with threads=2 two processes sign halves of
the file, and the index is filled by one. All shingles of a document at once (update_batch), a hash function faster than
its own sha1, permutations made once. guide=1: as its first page shows it, one process, `update` for each shingle, sha1.
"""
import multiprocessing
import time

import pairs
import numpy as np
import xxhash
from datasketch import MinHash, MinHashLSH
from datasketch.hashfunc import sha1_hash32

IMPORTED = time.perf_counter()
PERMUTATIONS = 128
GUIDE = pairs.OPTIONS.get("guide") == "1"
HASH = sha1_hash32 if GUIDE else xxhash.xxh32_intdigest


def signed(span):
    """The signatures of the documents in a range of bytes, one row each; empty documents get the empty signature."""
    empty = MinHash(num_perm=PERMUTATIONS, hashfunc=HASH)
    permutations, rows = empty.permutations, []
    for text in pairs.texts(None, *span):
        m = MinHash(num_perm=PERMUTATIONS, hashfunc=HASH, permutations=permutations, scheme=empty.scheme)
        if GUIDE:
            for s in pairs.shingles(text):
                m.update(s.encode())
        else:
            m.update_batch([s.encode() for s in pairs.shingles(text)])
        rows.append(m.hashvalues)
    return np.stack(rows) if rows else np.empty((0, PERMUTATIONS), empty.hashvalues.dtype)


def signatures():
    if pairs.THREADS == 1 or GUIDE:
        yield signed(pairs.parts(1)[0])
        return
    # Parts small enough to keep all processes busy to the end, and the index filled meanwhile.
    with multiprocessing.get_context("fork").Pool(pairs.THREADS) as pool:
        yield from pool.imap(signed, pairs.parts(8 * pairs.THREADS))


def found(lsh):
    empty = MinHash(num_perm=PERMUTATIONS)
    number = 0
    for block in signatures():
        for values in block:
            m = MinHash(hashvalues=values, permutations=empty.permutations, scheme=empty.scheme)
            if not m.is_empty():
                for other in lsh.query(m):
                    yield other, number
                lsh.insert(number, m, check_duplication=False)
            number += 1


index = MinHashLSH(threshold=pairs.THRESHOLD, num_perm=PERMUTATIONS)
count = pairs.save(found(index))
pairs.tell(IMPORTED, ("datasketch", "numpy", "xxhash"), pairs=count, bands=index.b, rows=index.r)
