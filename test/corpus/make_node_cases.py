"""Writes the Attention cases of onnx's own backend tests, fused and expanded, each with its map, into .cache/corpus/onnx.

Their inputs and the map are onnx's: the map is the fourth output of the reference implementation of Attention with
qk_matmul_output_mode = 3 (probabilities). They are independent of PyTorch and of this repository, and are not committed."""

from __future__ import annotations

import inspect
import json
import warnings

warnings.simplefilter("ignore")

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.reference.ops import op_attention

from corpus_table import REPOSITORY, Array, json_text, versions_of

FOLDER = REPOSITORY / ".cache" / "corpus" / "onnx"
NAMES = ("Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen")


def map_of(node: onnx.NodeProto, values: dict[str, Array]) -> Array:
    """Probabilities of an Attention node by onnx's own reference."""
    given = [values.get(name) if name else None for name in node.input]
    arguments = dict(zip(NAMES, [*given, *[None] * 7][:7], strict=True))
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    accepted = inspect.signature(op_attention._compute_attention).parameters
    named = {name: value for name, value in (arguments | attributes).items() if name in accepted}
    named["qk_matmul_output_mode"] = 3
    return op_attention._compute_attention(**named)[3]


def plain(array: Array) -> Array:
    """NumPy's archives hold no bfloat16: it is given as float32, which is exact."""
    return array.astype(np.float32) if array.dtype == ml_dtypes.bfloat16 else array


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    cases = [case for case in collect_testcases("Attention") if "attention" in case.name]
    fused: dict[str, Array] = {}
    rows, refused = [], []
    for case in sorted(cases, key=lambda each: "_expanded" in each.name):
        model = case.model
        inputs_of_case, _ = case.data_sets[0]
        names = [each.name for each in model.graph.input]
        values = {
            name: numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)
            for name, value in zip(names, inputs_of_case, strict=True)
        }
        base = case.name.replace("_function_expanded", "").replace("_expanded", "").replace("_ver23", "").replace("_ver24", "")
        nodes = [node for node in model.graph.node if node.op_type == "Attention"]
        if nodes:
            try:
                fused[base] = np.asarray(map_of(nodes[0], values))
            except Exception as error:  # The reference may not know a case; the report says which.
                refused.append({"name": case.name, "why": f"{type(error).__name__}: {error}"[:200]})
                continue
        map_ = fused.get(base)
        if map_ is None:
            refused.append({"name": case.name, "why": "its fused twin has no reference"})
            continue
        types = sorted({str(value.dtype) for value in values.values()})
        (FOLDER / f"{case.name}.onnx").write_bytes(model.SerializeToString())
        arrays = {name: plain(value) for name, value in values.items()}
        arrays["ref/site_000"] = map_.astype(np.float32)
        np.savez_compressed(FOLDER / f"{case.name}.npz", **arrays)
        rows.append(
            {
                "file": f"{case.name}.onnx",
                "arrays": f"{case.name}.npz",
                "family": "ai.onnx Attention",
                "form": "fused" if nodes else "expanded",
                "opset": next(each.version for each in model.opset_import if not each.domain),
                "types": types,
                "expectedSites": 1,
                "kinds": ["cross"],
                # Two steps of bfloat16 below 1: the reference rounds every intermediate.
                "tolerance": 8e-3 if "bfloat16" in types else 2e-3 if "float16" in types else 1e-5,
            }
        )
    table = {
        "madeBy": "test/corpus/make_node_cases.py",
        "references": "onnx's reference implementation",
        "versions": versions_of("onnx", "numpy"),
        "models": rows,
        "notMade": refused,
    }
    (FOLDER / "index.json").write_text(json_text(table))
    print(f"{len(rows)} of {len(cases)} cases; not made: {len(refused)}")


if __name__ == "__main__":
    main()
