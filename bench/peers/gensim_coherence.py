"""gensim's c_npmi of the words that name clusters, for any clustering of one corpus, all in one pass over its texts.

    gensim_coherence.py coherence in=C.jsonl [words:NAME=FILE.tsv]... [labels:NAME=FILE.npy]...

words: the words as a program gives them, a line for each cluster: its number, a tab, the words, separated by commas.
labels: any clustering, one label a document, -1 none; its words are picked here by the rule of BERTopic's c-TF-IDF
(share in the cluster x ln(1 + words of a cluster on average / occurrences in all)), the same for all programs.
Of both the first ten count that are one word of the texts: phrases are skipped, and what occurs nowhere. Words of texts
are \\w\\w+ in lower case, stop words are left out of names only; the window is gensim's for this measure, ten words.
Told of each clustering: the mean over its clusters, the least, the number of clusters, the share of distinct words.
"""
import json
import re
import statistics

import protocol
import numpy as np
import scipy.sparse
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel
from sklearn.feature_extraction.text import CountVectorizer

TOP = 10
WORDS = re.compile(r"\w\w+").findall


def of_kind(kind):
    return {name.split(":", 1)[1]: path for name, path in protocol.OPTIONS.items() if name.startswith(f"{kind}:")}


def given_words(path, known):
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = (w.strip().lower() for w in line.rstrip("\n").split("\t")[1].split(","))
            yield list(dict.fromkeys(w for w in words if w in known))[:TOP]


def words_of_labels(labels, counts, terms, known):
    clusters = [c for c in np.unique(labels) if c >= 0]
    member = scipy.sparse.csr_matrix([labels == c for c in clusters], dtype=float)
    sums = (member @ counts).toarray()
    share = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1)
    score = share * np.log1p(sums.sum() / len(clusters) / np.maximum(sums.sum(axis=0), 1))
    for row in score:
        words = (terms[j] for j in np.argsort(-row, kind="stable")[:5 * TOP] if row[j] > 0)
        yield [w for w in words if w in known][:TOP]


def named(texts, known):
    found = {f"words:{name}": list(given_words(path, known)) for name, path in of_kind("words").items()}
    labels = of_kind("labels")
    if labels:
        vectorizer = CountVectorizer(token_pattern=r"\w\w+", stop_words="english")
        counts = vectorizer.fit_transform(texts)
        terms = vectorizer.get_feature_names_out()
        found |= {f"labels:{name}": list(words_of_labels(np.load(path), counts, terms, known))
                  for name, path in labels.items()}
    return {name: [words for words in topics if len(words) > 1] for name, topics in found.items()}


def coherence():
    _, texts = protocol.texts()

    def call(documents):
        tokens = [WORDS(text.lower()) for text in documents]
        dictionary = Dictionary(tokens)
        found = named(documents, dictionary.token2id)
        model = CoherenceModel(topics=[words for topics in found.values() for words in topics], texts=tokens,
                               dictionary=dictionary, coherence="c_npmi", topn=TOP, processes=protocol.THREADS)
        return found, iter(model.get_coherence_per_topic())

    def tell(result):
        found, values = result
        told = {}
        for name, topics in found.items():
            own = [float(next(values)) for _ in topics]
            words = [w for topic in topics for w in topic]
            told[name] = {"npmi": statistics.mean(own), "least": min(own), "clusters": len(own),
                          "distinct": len(set(words)) / len(words), "words": topics}
        return {"clusterings": told}
    return call, None, texts, tell


protocol.main("gensim", {"coherence": coherence}, ("gensim", "scikit-learn"))
