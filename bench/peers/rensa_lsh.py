"""rensa: RMinHash of 128 permutations and RMinHashLSH of 16 bands of 8.

    rensa_lsh.py in=FILE out=FILE threads=T [path=plain|fast]

plain: signatures of the whole sets, then all candidates of each document; nothing is verified. With threads=2 two
processes cut and sign parts of the file, as otherwise Python's cutting into words leaves the second core idle.
fast: the path that its own measurements of speed run, 128 permutations in 8 bands, `digest_matrix_from_token_sets_rho`
and `query_duplicate_flags_matrix_one_shot` over word trigrams. It looks at a sample of places in each document, and
says for each document whether it is like another one, not which.
"""
import multiprocessing
import pickle
import time

import pairs
from rensa import RMinHash, RMinHashLSH

IMPORTED = time.perf_counter()
PERMUTATIONS, SEED = 128, 42
CHUNK = 1_000   # documents at a time, so that their shingles need not be in memory together


def chunks(span):
    chunk = []
    for text in pairs.texts(None, *span):
        chunk.append(list(pairs.shingles(text)))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    yield chunk


def signed(span):
    found = []
    for chunk in chunks(span):
        found += RMinHash.from_token_sets(chunk, num_perm=PERMUTATIONS, seed=SEED)
    return found


def packed(span):
    return pickle.dumps(signed(span), pickle.HIGHEST_PROTOCOL)


def signatures():
    if pairs.THREADS == 1:
        return signed(pairs.parts(1)[0])
    found = []
    with multiprocessing.get_context("fork").Pool(pairs.THREADS) as pool:
        for part in pool.imap(packed, pairs.parts(8 * pairs.THREADS)):
            found += pickle.loads(part)
    return found


def plain():
    minhashes = signatures()
    index = RMinHashLSH(threshold=pairs.THRESHOLD, num_perm=PERMUTATIONS, num_bands=16)
    index.insert_many(minhashes)
    for at in range(0, len(minhashes), CHUNK):
        for number, others in enumerate(index.query_all(minhashes[at:at + CHUNK]), at):
            yield from ((other, number) for other in others if other < number)


def ordered(text):
    """With all repetitions, in order: what the sample is taken from."""
    words = pairs.WORDS(text.lower())
    return [f"{a} {b} {c}" for a, b, c in zip(words, words[1:], words[2:])] or words


def fast():
    matrix = RMinHash.digest_matrix_from_token_sets_rho(map(ordered, pairs.texts()), num_perm=PERMUTATIONS, seed=SEED)
    index = RMinHashLSH(threshold=pairs.THRESHOLD, num_perm=PERMUTATIONS, num_bands=8)
    flags = index.query_duplicate_flags_matrix_one_shot(matrix)
    return ((number,) for number, flag in enumerate(flags) if flag)


PATH = pairs.OPTIONS.get("path", "plain")
count = pairs.save(plain() if PATH == "plain" else fast())
pairs.tell(IMPORTED, ("rensa",), pairs=count)
