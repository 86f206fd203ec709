"""Makes the corpus: small transformers with random weights, exported to ONNX, each with PyTorch's own attention maps.

    python make_transformers.py                  every model of both tables
    python make_transformers.py --only 'bert*'   some of them; the other rows of corpus.json stay as they are

Per family, `<family>.npz` holds the inputs under the model's input names and the reference maps as ref/site_000,
ref/site_001 ... in graph order: [batch, heads, queries, keys] float32, from forward hooks on an eager run of the same
weights. Nothing here uses this repository's code.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import logging
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import transformers

from corpus_table import HERE, TABLE, check_size, digest_of, json_text, sha256
from exporting import NotFaithful, export
from subject import Subject
from tables import MODELS, Model

LARGEST_MODEL = 600_000  # bytes


def check_references(name: str, subject: Subject) -> None:
    """Maps are finite, without fully masked rows, and clearly not uniform."""
    for index, site in enumerate(subject.sites):
        maps = site.probabilities
        sums = maps.sum(-1)
        where = f"{name}, site {index}"
        assert maps.dim() == 4 and maps.dtype == torch.float32, f"{where}: {tuple(maps.shape)} {maps.dtype}"
        if subject.rows_sum_to_one:
            assert bool((sums - 1).abs().max() < 1e-5), f"{where}: a row sums to {float(sums.min())}"
        assert float(maps.std(-1).min()) > 1e-4, f"{where}: a row is uniform, as a fully masked one is"
        assert float(maps.std(-1).mean()) > 0.02, f"{where}: nearly uniform"


def write_arrays(path: Path, subject: Subject) -> None:
    arrays = {name: array.numpy() for name, array in subject.inputs.items()}
    for index, site in enumerate(subject.sites):
        arrays[f"ref/site_{index:03d}"] = np.ascontiguousarray(site.probabilities.numpy())
    np.savez_compressed(path, **arrays)


def row_of(model: Model, subject: Subject, content: bytes) -> dict[str, Any]:
    inputs = [(name, array.numpy()) for name, array in subject.inputs.items()]
    weights = [(name, tensor.numpy()) for name, tensor in subject.module.state_dict().items()]
    return {
        "file": f"{model.name}.onnx",
        "arrays": f"{model.arrays}.npz" if subject.sites else None,
        "table": model.table,
        "family": model.family,
        "exporter": model.exporter,
        "opset": model.opset,
        "attention": model.implementation,
        "outputsHoldAttentions": model.attentions,
        "dynamicAxes": bool(subject.axes),
        "layers": subject.layers,
        "heads": subject.heads,
        "expectedSites": len(subject.sites),
        "kinds": [site.kind for site in subject.sites],
        "otherSoftmaxes": subject.other_softmaxes,
        "rowsSumToOne": subject.rows_sum_to_one,
        "sha256": sha256(content),
        "inputsSha256": digest_of(inputs),
        "weightsSha256": digest_of(weights),
    }


def make(model: Model) -> dict[str, Any]:
    """Writes the model and its arrays; gives its row."""
    subject = model.build()
    check_references(model.name, subject)
    content = export(subject, model.exporter, model.opset)
    assert len(content) <= LARGEST_MODEL, f"{model.name}: {len(content)} bytes"
    (HERE / f"{model.name}.onnx").write_bytes(content)
    if subject.sites:
        write_arrays(HERE / f"{model.arrays}.npz", subject)
    return row_of(model, subject, content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of models to make (* and ?)")
    asked = parser.parse_args()

    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    before = json.loads(TABLE.read_text()) if TABLE.exists() else {"models": [], "notExported": []}
    rows = {row["file"]: row for row in before["models"] if "madeBy" not in row}
    refused = {row["name"]: row for row in before["notExported"] if "madeBy" not in row}
    for model in MODELS:
        if not fnmatch.fnmatch(model.name, asked.only):
            continue
        rows.pop(f"{model.name}.onnx", None)
        refused.pop(model.name, None)
        try:
            row = make(model)
        except (AssertionError, NotFaithful):
            raise
        except Exception as error:  # An exporter may raise anything; the table says what.
            reason = f"{type(error).__name__}: {next(iter(str(error).strip().splitlines()), '')}"
            refused[model.name] = {"name": model.name, "why": reason[:300]}
            print(f"{model.name:44} not exported: {reason[:300]}", flush=True)
        else:
            rows[row["file"]] = row
            size = (HERE / row["file"]).stat().st_size
            print(f"{model.name:44} {size:8} bytes  {row['expectedSites']} sites", flush=True)

    names = [model.name for model in MODELS]
    table = {
        "madeBy": "test/corpus/make_transformers.py",
        "references": "forward hooks on an eager run in PyTorch, float32, one thread",
        "versions": before.get("versions", {})
        | {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "onnx": onnx.__version__,
            "numpy": np.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
        "models": [
            *(rows[f"{name}.onnx"] for name in names if f"{name}.onnx" in rows),
            *(row for row in before["models"] if "madeBy" in row),
        ],
        "notExported": [
            *(refused[name] for name in names if name in refused),
            *(row for row in before["notExported"] if "madeBy" in row),
        ],
    }
    TABLE.write_text(json_text(table))
    print(f"{len(table['models'])} models")
    check_size()


if __name__ == "__main__":
    main()
