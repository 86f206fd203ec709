"""corpus.json and the files beside it: rows of several makers in one table."""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import importlib.metadata
import json
import re
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

Array = NDArray[Any]

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
TABLE = HERE / "corpus.json"
LARGE = REPOSITORY / ".cache" / "corpus" / "large"
"""Models that are made on demand and not committed, with a table of their own."""
LARGEST_CORPUS = 15_000_000
"""Bytes of all that is committed, test/operators included."""
LARGEST_MODEL = 120_000
LINE_WIDTH = 110


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digest_of(arrays: Iterable[tuple[str, Array]]) -> str:
    """One hash of named arrays: of each name, shape and little-endian content, by name."""
    total = hashlib.sha256()
    for name, array in sorted(arrays, key=lambda pair: pair[0]):
        total.update(f"{name}{array.dtype.str}{array.shape}".encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def check_no_paths(content: bytes) -> None:
    """Raises where the file names a folder of this machine."""
    folders = {str(REPOSITORY), str(Path.home()), sys.prefix, sys.base_prefix, tempfile.gettempdir(), "site-packages"}
    found = [folder for folder in folders if f"{folder}/".encode() in content]
    if found:
        raise ValueError(f"The file holds paths of this machine: {', '.join(found)}")


def check_maps(name: str, maps: Sequence[Array], *, rows_sum_to_one: bool, tolerance: float = 1e-5) -> None:
    """Maps have four axes, are finite and clearly not uniform."""
    for index, each in enumerate(maps):
        where = f"{name}, site {index}"
        assert each.ndim == 4 and each.dtype == np.float32, f"{where}: {each.shape} {each.dtype}"
        defined = each[~np.isnan(each).any(-1)]
        sums = defined.sum(-1)
        if rows_sum_to_one:
            assert np.abs(sums - 1).max() < tolerance, f"{where}: a row sums to {sums.min()} or {sums.max()}"
        assert defined.std(-1).mean() > 0.02, f"{where}: nearly uniform"


def json_text(table: dict[str, Any]) -> str:
    """Indented, with a list of plain values on one line where it fits, as the repository's formatter has it."""

    def joined(match: re.Match[str]) -> str:
        line = f"{match['start']}[{' '.join(match['items'].split())}]"
        return line if len(line) < LINE_WIDTH else match[0]

    text = re.sub(r"(\d)e-0(\d)", r"\1e-\2", json.dumps(table, indent=2, ensure_ascii=False))
    return re.sub(r"(?m)^(?P<start>.*)\[(?P<items>[^\[\]{}]+)\]", joined, text) + "\n"


def versions_of(*packages: str) -> dict[str, str]:
    return {package: importlib.metadata.version(package) for package in packages}


@dataclass(frozen=True)
class Made:
    """A model with its inputs and reference maps, ready to be written."""

    name: str
    """Of the .onnx file."""
    family: str
    exporter: str
    opset: int
    attention: str
    """The implementation or the form that is special about the model."""
    model: onnx.ModelProto | bytes
    inputs: Mapping[str, Array]
    maps: Sequence[Array]
    """[batch, heads, queries, keys] of every site in graph order."""
    kinds: Sequence[str]
    references: str
    """Who computed the maps."""
    arrays: str | None = None
    """Name of the .npz file where several models share one."""
    layers: int = 1
    heads: int | Sequence[int] = 1
    other_softmaxes: int | None = 0
    """Softmaxes in the graph that are no attention; None: not counted."""
    rows_sum_to_one: bool = True
    tolerance: float = 1e-5
    known_miss: str | None = None
    largest: int = LARGEST_MODEL
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More of the row."""


Maker = Callable[[], Made]


def write(made: Made, maker: str, folder: Path = HERE) -> dict[str, Any]:
    """Writes the model and its arrays; gives its row."""
    content = made.model if isinstance(made.model, bytes) else made.model.SerializeToString()
    check_no_paths(content)
    check_maps(made.name, made.maps, rows_sum_to_one=made.rows_sum_to_one, tolerance=max(made.tolerance, 1e-5))
    assert len(content) <= made.largest, f"{made.name}: {len(content)} bytes"
    (folder / f"{made.name}.onnx").write_bytes(content)
    arrays = made.arrays or made.name
    if made.maps:
        assert len(made.kinds) == len(made.maps), made.name
        named = dict(made.inputs)
        named |= {f"ref/site_{index:03d}": np.ascontiguousarray(each) for index, each in enumerate(made.maps)}
        np.savez_compressed(folder / f"{arrays}.npz", **named)
    row = {
        "file": f"{made.name}.onnx",
        "arrays": f"{arrays}.npz" if made.maps else None,
        "madeBy": maker,
        "family": made.family,
        "exporter": made.exporter,
        "opset": made.opset,
        "attention": made.attention,
        "references": made.references,
        "layers": made.layers,
        "heads": made.heads,
        "expectedSites": len(made.maps),
        "kinds": list(made.kinds),
        "otherSoftmaxes": made.other_softmaxes,
        "rowsSumToOne": made.rows_sum_to_one,
        "tolerance": made.tolerance,
        **made.extra,
        "sha256": sha256(content),
        "inputsSha256": digest_of(made.inputs.items()),
    }
    return row | ({"knownMiss": made.known_miss} if made.known_miss else {})


def run_makers(
    script: str,
    says: str | None,
    makers: Mapping[str, Maker],
    packages: Sequence[str],
    large: Collection[str] = (),
) -> None:
    """The command line of a maker: makes the models that are asked for and puts their rows into the table; rows of other
    makers stay as they are. Models of `large` are made only with --large, into a folder that is not committed."""
    parser = argparse.ArgumentParser(description=says, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of models to make (* and ?)")
    parser.add_argument("--large", action="store_true", help=f"the larger set, into {LARGE.relative_to(REPOSITORY)}")
    asked = parser.parse_args()
    unknown = set(large) - set(makers)
    assert not unknown, unknown
    chosen = {name: make for name, make in makers.items() if (name in large) == asked.large}
    make_rows(Path(script).name, chosen, asked.only, packages, LARGE if asked.large else HERE)


def make_rows(maker: str, makers: Mapping[str, Maker], only: str, packages: Sequence[str], folder: Path) -> None:
    """What a framework refuses to export is listed with its reason."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in makers.items():
        if not fnmatch.fnmatch(name, only):
            continue
        try:
            made = make()
        except AssertionError:
            raise
        except Exception as error:  # A framework may raise anything; the table says what.
            first = next(iter(str(error).strip().splitlines()), "")
            reason = re.sub(r"\x1b\[[0-9;]*m", "", f"{type(error).__name__}: {first}")[:300]
            put(folder, maker, makers, name, None, {"name": name, "madeBy": maker, "why": reason}, packages)
            print(f"{name:44} not made: {reason}", flush=True)
            continue
        assert made.name == name, f"{made.name} is called {name} in the list"
        row = write(made, maker, folder)
        put(folder, maker, makers, name, row, None, packages)
        print(f"{name:44} {(folder / row['file']).stat().st_size:8} bytes  {row['expectedSites']} sites", flush=True)
    check_size(folder)


ORDER = (
    "make_families.py",
    "make_opsets.py",
    "make_jax.py",
    "make_optimised.py",
    "make_blind.py",
    "make_blind_more.py",
)
"""Of makers in the table; rows of make_transformers.py, which name none, come first."""


def place(row: Mapping[str, Any]) -> int:
    return ORDER.index(row["madeBy"]) if "madeBy" in row else -1


def put(
    folder: Path,
    maker: str,
    makers: Mapping[str, Maker],
    name: str,
    row: dict[str, Any] | None,
    refused: dict[str, Any] | None,
    packages: Sequence[str],
) -> None:
    """Replaces what the table says of one model. What is a known miss stays one until a person says otherwise, and
    what was missed at first is kept; rows that their maker no longer names are dropped."""
    path = folder / "corpus.json"
    table = json.loads(path.read_text()) if path.exists() else {"models": [], "notExported": []}
    rows = {each["file"]: each for each in table["models"] if each.get("madeBy") == maker}
    reasons = {each["name"]: each for each in table["notExported"] if each.get("madeBy") == maker}
    before = rows.pop(f"{name}.onnx", None)
    reasons.pop(name, None)
    if row:
        kept = {key: before[key] for key in ("knownMiss", "missedAtFirst") if before and key in before}
        rows[row["file"]] = {**kept, **row}
    if refused:
        reasons[name] = refused
    others = [each for each in table["models"] if each.get("madeBy") != maker]
    table["models"] = sorted([*others, *(rows[f"{each}.onnx"] for each in makers if f"{each}.onnx" in rows)], key=place)
    others = [each for each in table["notExported"] if each.get("madeBy") != maker]
    table["notExported"] = sorted([*others, *(reasons[each] for each in makers if each in reasons)], key=place)
    table["versions"] = table.get("versions", {}) | versions_of(*packages)
    path.write_text(json_text(table))


def check_size(folder: Path = HERE) -> None:
    """Prints what the models take; the committed ones have a limit."""
    folders = [HERE, REPOSITORY / "test" / "operators"] if folder == HERE else [folder]
    suffixes = (".onnx", ".npz", ".json", ".bin")
    total = sum(path.stat().st_size for each in folders for path in each.iterdir() if path.suffix in suffixes)
    print(f"{total / 1e6:.2f} MB")
    assert folder != HERE or total <= LARGEST_CORPUS, f"the corpus has {total} bytes"


def session(model: onnx.ModelProto | bytes | Path, *, optimise: bool = True) -> onnxruntime.InferenceSession:
    """One thread on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    source = str(model) if isinstance(model, Path) else model if isinstance(model, bytes) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run(model: onnx.ModelProto | bytes, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> list[Array]:
    running = session(model)
    taken = {each.name for each in running.get_inputs()}
    return running.run(outputs, {name: array for name, array in inputs.items() if name in taken})


def tensors_of(model: onnx.ModelProto, inputs: Mapping[str, Array], names: Sequence[str]) -> list[Array]:
    """Inner tensors of a run, returned as outputs."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    there = {each.name for each in opened.graph.output}
    for name in names:
        if name not in there:
            opened.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    return run(opened, inputs, list(names))
