"""The scorer as an ONNX graph: queries and nodes in, scores out. The tree lies beside it as safetensors."""

from pathlib import Path

import numpy as np

from engine.builds.opened import Build
from engine.export import tensors
from engine.export.flat import DECIMALS, Flat
from engine.scorers.centroid import SCALE

FILE, DATA, TREE = "scorer.onnx", "scorer.onnx.data", "trie.safetensors"
OPSET = 17
# Above this many bytes the vectors lie beside the graph, which is one protobuf of 2 GB at most.
INSIDE = 1 << 30


def write(build: Build, of: Flat, folder: Path) -> None:
    """Write :data:`FILE` and :data:`TREE`.

    The graph takes ``queries``, float32 ``(q, d)``, and ``nodes``, int64 ``(n,)``, and gives ``scores``, float32 ``(q, n)``. It
    adds products in float32 where the engine adds in float64, so a score may differ by one in its last decimal.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from safetensors.numpy import save_file

    width = of.vectors.shape[1]
    held = {
        "vectors": of.vectors,
        "row": of.row.astype(np.int64),
        "bias": of.bias,
        "scale": np.float32(SCALE),
        "steps": np.float32(10**DECIMALS),
    }
    steps, query = [], "queries"
    if of.adapter:
        held |= {
            "into": of.adapter.into.T,
            "into_bias": of.adapter.into_bias,
            "out": of.adapter.out.T,
            "out_bias": of.adapter.out_bias,
        }
        held |= {"root_two": np.float32(np.sqrt(2)), "one": np.float32(1), "half": np.float32(0.5)}
        steps += [
            helper.make_node("MatMul", ["queries", "into"], ["h0"]),
            helper.make_node("Add", ["h0", "into_bias"], ["h1"]),
            helper.make_node("Div", ["h1", "root_two"], ["h2"]),
            helper.make_node("Erf", ["h2"], ["h3"]),
            helper.make_node("Add", ["h3", "one"], ["h4"]),
            helper.make_node("Mul", ["h1", "h4"], ["h5"]),
            helper.make_node("Mul", ["h5", "half"], ["h6"]),
            helper.make_node("MatMul", ["h6", "out"], ["h7"]),
            helper.make_node("Add", ["h7", "out_bias"], ["h8"]),
            helper.make_node("Add", ["queries", "h8"], ["adapted"]),
        ]
        query = "adapted"
    steps += [
        helper.make_node("Mul", [query, "scale"], ["scaled"]),
        helper.make_node("Gather", ["row", "nodes"], ["rows"]),
        helper.make_node("Gather", ["vectors", "rows"], ["of_nodes"]),
        helper.make_node("Transpose", ["of_nodes"], ["across"], perm=[1, 0]),
        helper.make_node("MatMul", ["scaled", "across"], ["products"]),
        helper.make_node("Mul", ["products", "steps"], ["stepped"]),
        helper.make_node("Round", ["stepped"], ["whole"]),
        helper.make_node("Div", ["whole", "steps"], ["rounded"]),
        helper.make_node("Gather", ["bias", "nodes"], ["biases"]),
        helper.make_node("Add", ["rounded", "biases"], ["scores"]),
    ]
    graph = helper.make_graph(
        steps,
        "scorer",
        [
            helper.make_tensor_value_info("queries", TensorProto.FLOAT, ["q", width]),
            helper.make_tensor_value_info("nodes", TensorProto.INT64, ["n"]),
        ],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["q", "n"])],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in held.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="triescope")
    beside = of.vectors.nbytes > INSIDE
    onnx.save(model, str(folder / FILE), save_as_external_data=beside, location=DATA if beside else None)
    save_file(tensors.trie_tensors(of), folder / TREE)
