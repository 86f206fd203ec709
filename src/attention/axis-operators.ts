/** Operators by what they do to the axes of their first input. */

/** Operators that pool or resize an image: its channels stay. */
export const pools: ReadonlySet<string> = new Set(
  "MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool Resize Upsample QLinearAveragePool QLinearGlobalAveragePool".split(
    " ",
  ),
);
/** Operators of images [B, channels, …]. */
export const spatial: ReadonlySet<string> = new Set([
  ..."Conv QLinearConv ConvInteger FusedConv ConvTranspose".split(" "),
  ...pools,
]);

/** Operators that give every axis of their first input back. */
export const sameAxes: ReadonlySet<string> = new Set(
  "Identity Cast Dropout Softmax LogSoftmax Tanh Clip Neg Exp Log Sqrt Relu LeakyRelu Elu Selu PRelu Celu Softplus HardSwish Swish Mish QuickGelu FastGelu BiasGelu Gelu Erf Sigmoid Floor Ceil Round Sign Sin Cos CumSum Trilu QLinearSigmoid QLinearLeakyRelu Abs LayerNormalization SimplifiedLayerNormalization RMSNormalization SkipLayerNormalization BatchNormalization InstanceNormalization GroupNormalization RotaryEmbedding DequantizeLinear QuantizeLinear DynamicQuantizeLinear QLinearSoftmax Reciprocal CastLike LpNormalization ScatterND ScatterElements".split(
    " ",
  ),
);
