"""Keras with TensorFlow. Options: `xla` (compiled by XLA), `bf16` (Keras's mixed precision)."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.engine.job import Job, Layer
from benchmarks.engine.peers.serving import MOMENTUM, RATE, Ready, scaled, serve


def prepare(job: Job) -> Ready:
    """`fit` over batches that lie ready, many steps in one call of TensorFlow (`steps_per_execution`)."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    tensorflow: Any = import_module("tensorflow")
    keras: Any = import_module("keras")
    tensorflow.config.threading.set_intra_op_parallelism_threads(job.threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(0)
    if "bf16" in job.options:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = net_of(keras, job)
    losses = keras.losses
    loss = losses.SparseCategoricalCrossentropy if job.outputs > 1 else losses.BinaryCrossentropy
    model.compile(
        loss=loss(from_logits=True),
        optimizer=keras.optimizers.SGD(RATE, MOMENTUM),
        jit_compile="xla" in job.options,
        steps_per_execution=job.batches,
    )
    batches = tensorflow.data.Dataset.from_tensor_slices(scaled(job))

    def train() -> float:
        return float(model.fit(batches, epochs=1, verbose=0, shuffle=False).history["loss"][0])

    return Ready(train, sum(int(np.prod(w.shape)) for w in model.trainable_weights))


def net_of(keras: Any, job: Job) -> Any:
    """The net, channels last as TensorFlow has them; the scores are float32 whatever the rest is."""
    values = {"input": keras.Input(job.input)}
    for layer in job.layers:
        fed = [values[name] for name in layer.inputs]
        values[layer.name] = made(keras.layers, layer)(fed if layer.kind == "add" else fed[0])
    scores = keras.layers.Activation("linear", dtype="float32")(values[job.layers[-1].name])
    return keras.Model(values["input"], scores)


def made(layers: Any, layer: Layer) -> Any:
    """One layer."""
    match layer.kind:
        case "conv" if layer.groups > 1:
            assert layer.groups == layer.given[2] == layer.count, "only depthwise"
            return layers.DepthwiseConv2D(layer.size, layer.stride, padding(layer), use_bias=layer.bias)
        case "conv":
            return layers.Conv2D(layer.count, layer.size, layer.stride, padding(layer), use_bias=layer.bias)
        case "maxpool":
            return layers.MaxPooling2D(layer.size, layer.stride, padding(layer))
        case "norm":
            return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
        case "dense":
            return layers.Dense(layer.count, use_bias=layer.bias)
        case "dropout":
            return layers.Dropout(layer.share)
        case "relu":
            return layers.ReLU()
        case "relu6":
            return layers.ReLU(max_value=6)
        case "flatten":
            return layers.Flatten()
        case "globalmean":
            return layers.GlobalAveragePooling2D()
        case "add":
            return layers.Add()
    raise NotImplementedError(f"no {layer.kind} here")


def padding(layer: Layer) -> str:
    """`same` where it gives the right shape, if not with the border on the same side: it spares a copy."""
    if not any(layer.before + layer.after):
        return "valid"
    assert layer.same, f"{layer.name} needs a border that is neither valid nor same"
    return "same"


if __name__ == "__main__":
    serve(prepare)
