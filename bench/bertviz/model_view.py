"""Writes the page that BertViz's `model_view` makes of the maps in an npz: model_view.py MAPS.npz PAGE.html

The maps are arrays of [1, heads, queries, keys], one for each layer. BertViz asks of PyTorch only to stack tensors,
their size and their values as lists; NumPy's arrays do the same here, so that PyTorch (gigabytes on some systems)
is not needed. The page comes out the same: it holds the values as text.
"""

import sys
import types

import numpy


class Tensor(numpy.ndarray):
    """An array that answers `size(axis)` as PyTorch's tensors do; an array's own `size` is a number."""

    def __getattribute__(self, name):
        if name == "size":
            return lambda axis: self.shape[axis]
        return super().__getattribute__(name)


sys.modules["torch"] = types.SimpleNamespace(
    stack=lambda tensors: numpy.stack([numpy.asarray(tensor) for tensor in tensors])
)

from bertviz import model_view  # noqa: E402

maps, page = sys.argv[1:]
with numpy.load(maps) as arrays:
    layers = [arrays[name].astype(numpy.float32).view(Tensor) for name in sorted(arrays.files)]
tokens = [f"t{index}" for index in range(layers[0].shape[2])]
html = model_view(layers, tokens, html_action="return", display_mode="light")
with open(page, "w", encoding="utf-8") as file:
    file.write(f"<!DOCTYPE html><html><head><meta charset='utf-8'></head><body>{html.data}</body></html>")
