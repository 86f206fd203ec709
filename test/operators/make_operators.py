"""Writes the models, their inputs and reference maps, and `index.json`, after checking every reference.

    python test/operators/make_operators.py [name …]

The maps come from `references.py` (NumPy, float64, from the operators' specifications) and never from the code under
test. They are checked here against ONNX Runtime: with the values they must give the operator's own output, and where
the graph has the map as a tensor they must equal it.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
from onnx import helper

from bfloat16_cases import bfloat16_cases
from case import Array, Case
from function_cases import function_cases
from fused_attention import attention_cases, multi_head_cases
from fused_decoding import decoding_cases
from fused_group_query import group_query_cases
from fused_onnx import onnx_cases
from fused_packed import packed_cases
from joined_cases import joined_cases
from negative_cases import negative_cases
from nested_cases import nested_cases
from output_cases import output_cases
from quantised_cases import quantised_cases
from subgraph_cases import subgraph_cases
from unfused_parts import part_cases
from unfused_products import product_cases
from unfused_scores import score_cases
from unfused_softmax import softmax_cases
from unfused_weights import weight_cases
from whole_cases import whole_cases

HERE = Path(__file__).resolve().parent
LARGEST_MODEL = 40_000
OUTPUT_FACTOR = 2.5
"""Of an output's tolerance to that of its probabilities: the values add roundings of their own."""

NOT_YET: dict[str, str] = {}
"""Models that are right to be captured and are listed with a reason instead: take a row out when its model opens."""


def cases() -> Iterator[Case]:
    for table in (
        attention_cases,
        multi_head_cases,
        group_query_cases,
        decoding_cases,
        packed_cases,
        onnx_cases,
        softmax_cases,
        product_cases,
        score_cases,
        part_cases,
        joined_cases,
        weight_cases,
        subgraph_cases,
        nested_cases,
        function_cases,
        output_cases,
        quantised_cases,
        bfloat16_cases,
        whole_cases,
        negative_cases,
    ):
        yield from table()


def main(names: list[str]) -> None:
    rows = []
    problems = []
    for case in cases():
        if names and case.name not in names:
            continue
        maps, found = checked(case)
        problems += [f"{case.name}: {problem}" for problem in found]
        rows.append(write(case, maps))
    if not names:
        index = {
            "madeBy": "test/operators/make_operators.py",
            "references": "NumPy, float64",
            "versions": versions(),
            "models": rows,
        }
        text = json.dumps(index, indent=2, ensure_ascii=False)
        # Lists on one line each, as the repository's formatter has them.
        text = re.sub(r'\[\s+((?:"[^"]*",?\s*)+?)\s*\]', lambda found: "[" + " ".join(found[1].split()) + "]", text)
        (HERE / "index.json").write_text(text.replace("e-0", "e-") + "\n")
        remove_leftovers({row[key] for row in rows for key in ("file", "arrays")})
    print(f"{len(rows)} models")
    if problems:
        raise SystemExit("\n".join(problems))


def write(case: Case, maps: list[Array]) -> dict[str, Any]:
    """The model and its arrays; returns its row."""
    content = case.graph.model().SerializeToString()
    if len(content) > LARGEST_MODEL:
        raise ValueError(f"{case.name} has {len(content)} bytes")
    (HERE / f"{case.name}.onnx").write_bytes(content)
    # NumPy's archives hold no bfloat16: what reads them rounds float32.
    arrays: dict[str, Any] = {
        name: array.astype(np.float32) if array.dtype == ml_dtypes.bfloat16 else array
        for name, array in case.graph.feeds.items()
    }
    arrays |= {f"ref/site_{index:03}": each.astype(np.float32) for index, each in enumerate(maps)}
    np.savez_compressed(HERE / f"{case.name}.npz", **arrays)
    return {
        "file": f"{case.name}.onnx",
        "arrays": f"{case.name}.npz",
        "operator": case.operator,
        "case": case.says,
        "expectedSites": len(maps),
        "kinds": list(case.kinds[: len(maps)]),
        "rebuilt": case.rebuilt,
        "kernelOnCpu": case.kernel_on_cpu,
        "tolerance": case.tolerance,
        "notSupportedReason": case.not_supported,
        **({"notYet": NOT_YET[f"{case.name}.onnx"]} if f"{case.name}.onnx" in NOT_YET else {}),
        "note": case.note,
        "sha256": digest(f"{case.name}.onnx"),
        "arraysSha256": digest(f"{case.name}.npz"),
    }


def digest(name: str) -> str:
    return hashlib.sha256((HERE / name).read_bytes()).hexdigest()


def checked(case: Case) -> tuple[list[Array], list[str]]:
    """The case's maps, and what is wrong with them."""
    model = case.graph.model()
    problems: list[str] = []
    if case.crashes or case.unchecked:
        return list(case.maps), problems
    outputs = [each.name for each in model.graph.output]
    for tensor in case.tensors:
        if tensor not in outputs:
            model.graph.output.append(helper.make_empty_tensor_value_info(tensor))
    try:
        results = run(model, case.graph.feeds, case.shared)
    except Exception as error:  # ONNX Runtime's exceptions have no common base.
        return list(case.maps), [f"does not run: {str(error)[:300]}"] if case.kernel_on_cpu else []
    if not case.kernel_on_cpu and not case.shared:
        problems.append("runs on the CPU")
    if case.output is not None:
        problems += differences("output", results[outputs[0]], case.output, OUTPUT_FACTOR * case.tolerance)
    maps = list(case.maps)
    for index, tensor in enumerate(case.tensors):
        measured = case.layout(results[tensor])
        problems += differences(tensor, measured, maps[index], case.measured or case.tolerance)
        if case.measured:
            maps[index] = measured
    return maps, problems


def differences(what: str, actual: Array, wanted: Array, bound: float) -> list[str]:
    if actual.shape != wanted.shape:
        return [f"{what} has shape {actual.shape}, the reference {wanted.shape}"]
    compared = ~np.isnan(wanted)
    difference = np.abs(actual.astype(np.float64) - wanted)[compared].max() / max(1.0, np.abs(wanted[compared]).max())
    return [] if difference <= bound else [f"{what} differs by {difference:.1e}"]


def run(model: onnx.ModelProto, feeds: Mapping[str, Array], shared: Mapping[str, str]) -> dict[str, Array]:
    """All outputs. `shared`: inputs whose memory is also that of an output."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    if not shared:
        return dict(zip(names, session.run(names, feeds), strict=True))
    binding = session.io_binding()
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array.copy()) for name, array in feeds.items()}
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    sources = {output: name for name, output in shared.items()}
    for name in names:
        if name in sources:
            binding.bind_ortvalue_output(name, values[sources[name]])
        else:
            binding.bind_output(name)
    session.run_with_iobinding(binding)
    return dict(zip(names, binding.copy_outputs_to_cpu(), strict=True))


def versions() -> dict[str, str]:
    return {each.__name__: each.__version__ for each in (onnx, np, onnxruntime)}


def remove_leftovers(kept: set[str]) -> None:
    """Files of cases that are no more."""
    for path in (*HERE.glob("*.onnx"), *HERE.glob("*.npz")):
        if path.name not in kept:
            path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
