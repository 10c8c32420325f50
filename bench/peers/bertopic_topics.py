"""BERTopic over given embeddings: UMAP, HDBSCAN and c-TF-IDF as they come, but for English stop words, which its guide
advises to leave out of the words of topics.

    bertopic_topics.py topics in=C.jsonl vectors=X.npy k=K seed=S out=PREFIX

X holds the vectors of sentence_embeddings.py, so nothing is fetched, and embedding is not in the time. One model is fitted;
it finds the number of topics and calls what it does not place outliers. Then, each told apart:
its outliers are placed by its own reduce_outliers, by the default strategy and by that of embeddings; its topics are
reduced to k (nr_topics = k + 1, as it counts the outliers as one), and the outliers of that are placed.
PREFIX.NAME.npy are the labels, -1 the outliers, NAME one of found, found-placed, found-placed-embeddings, k, k-placed,
k-placed-embeddings; PREFIX.NAME.words.tsv (found, k) the ten words of each topic that it gives. Seeds go to numpy's
generator, from which UMAP draws: with a random_state it would run on one thread, and twice as long.
"""
import time

import protocol
import numpy as np
from bertopic import BERTopic
from sklearn.feature_extraction.text import CountVectorizer

PLACED = {"placed": {}, "placed-embeddings": {"strategy": "embeddings"}}


def clock(seconds, name, call):
    start = time.perf_counter()
    result = call()
    seconds[name] = time.perf_counter() - start
    return result


def placed(model, texts, vectors, labels, seconds, name):
    """By each strategy: where no document is an outlier, or all are, there is nothing to do."""
    for how, options in PLACED.items():
        extra = {"embeddings": vectors} if options else {}
        many = -1 in labels and max(labels) >= 0
        yield f"{name}-{how}", clock(seconds, f"{name}-{how}", lambda: model.reduce_outliers(
            texts, labels, **options, **extra) if many else labels)


def words(model):
    return {topic: [word for word, _ in found] for topic, found in model.get_topics().items() if topic >= 0}


def topics():
    _, texts = protocol.texts()
    vectors = np.load(protocol.OPTIONS["vectors"])
    k = protocol.number("k", 20)

    def call(rows):
        np.random.seed(protocol.number("seed", 0))
        texts_, vectors_ = texts[:rows], vectors[:rows]
        labels, seconds, named, model = {}, {}, {}, BERTopic(
            vectorizer_model=CountVectorizer(stop_words="english"))
        labels["found"] = clock(seconds, "found", lambda: model.fit_transform(texts_, vectors_)[0])
        named["found"] = words(model)
        labels |= placed(model, texts_, vectors_, labels["found"], seconds, "found")
        clock(seconds, "k", lambda: model.reduce_topics(texts_, nr_topics=k + 1))
        labels["k"], named["k"] = list(model.topics_), words(model)
        labels |= placed(model, texts_, vectors_, labels["k"], seconds, "k")
        return labels, named, seconds

    def tell(result):
        labels, named, seconds = result
        protocol.save(**{name: np.array(values, "int32") for name, values in labels.items()})
        if "out" in protocol.OPTIONS:
            for name, found in named.items():
                with open(f"{protocol.OPTIONS['out']}.{name}.words.tsv", "w", encoding="utf-8") as f:
                    f.writelines(f"{topic}\t{', '.join(ws)}\n" for topic, ws in sorted(found.items()))
        return {"docs": len(texts), "parts": seconds, "topics": {name: len(found) for name, found in named.items()},
                "outliers": {name: labels[name].count(-1) / len(texts) for name in ("found", "k")}}
    return call, 500, len(texts), tell


protocol.main("BERTopic", {"topics": topics}, ("bertopic", "umap-learn", "hdbscan", "scikit-learn", "numba"))
