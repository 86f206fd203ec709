/** How a checkpoint becomes an ONNX model, as a Python snippet per framework. */
import type { Framework } from "./checkpoint";

const pytorch = (
  stem: string,
  checkpoint: string,
) => `# How to export ${checkpoint} to ONNX, so that its attention can be opened.
# A checkpoint holds weights and no graph, so the class that defines the model is needed.
#   pip install torch onnx onnxscript
import torch

from my_project.model import MyModel  # your model's class

model = MyModel()  # with the arguments that it was trained with
model.load_state_dict(torch.load("${checkpoint}", map_location="cpu", weights_only=True))
model.eval()

# One example of every input, with the shapes and types that the model is called with.
inputs = (torch.zeros(1, 32, dtype=torch.int64),)

torch.onnx.export(model, inputs, "${stem}.onnx", dynamo=True, external_data=False)
`;

const jax = (
  stem: string,
  checkpoint: string,
) => `# How to export ${checkpoint} to ONNX, so that its attention can be opened.
# A checkpoint holds weights and no graph, so the module that defines the model is needed.
#   pip install jax flax jax2onnx
import pathlib

import flax.serialization
import jax
import jax.numpy as jnp
from jax2onnx import to_onnx

from my_project.model import MyModel  # your Flax module

model = MyModel()  # with the arguments that it was trained with
example = jnp.zeros((1, 32), jnp.float32)  # one input, with the shape that the model is called with
variables = model.init(jax.random.key(0), example)
variables = flax.serialization.from_bytes(variables, pathlib.Path("${checkpoint}").read_bytes())

# Not jitted: a jitted function loses the softmax operators and the names of the modules.
to_onnx(
    lambda x: model.apply(variables, x),
    [jax.ShapeDtypeStruct(example.shape, example.dtype)],
    return_mode="file",
    output_path="${stem}.onnx",
)
`;

const transformers = (
  stem: string,
  checkpoint: string,
) => `# How to export ${checkpoint} to ONNX, so that its attention can be opened.
# A safetensors file holds weights and no graph. Of a Hugging Face model, export the folder that it lies in:
#   pip install optimum-onnx[onnxruntime]
#   optimum-cli export onnx --model . --task text-generation onnx/
# Of a model of your own:
#   pip install torch onnx onnxscript safetensors
import torch
from safetensors.torch import load_file

from my_project.model import MyModel  # your model's class

model = MyModel()  # with the arguments that it was trained with
model.load_state_dict(load_file("${checkpoint}"))
model.eval()

# One example of every input, with the shapes and types that the model is called with.
inputs = (torch.zeros(1, 32, dtype=torch.int64),)

torch.onnx.export(model, inputs, "${stem}.onnx", dynamo=True, external_data=False)
`;

const snippets: Record<Framework, (stem: string, checkpoint: string) => string> = {
  pytorch,
  jax,
  transformers,
};

/** A name as it may stand in a Python string and in a comment: nothing in it ends either. */
function pythonText(name: string): string {
  // eslint-disable-next-line no-control-regex -- line ends and other controls would end the comment
  return name.replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, "�").replace(/[\\"]/g, "\\$&");
}

/** The snippet for a checkpoint's file name; `stem` names the `.onnx` that it writes. */
export function exportSnippet(framework: Framework, stem: string, checkpoint: string): string {
  return snippets[framework](pythonText(stem), pythonText(checkpoint));
}
