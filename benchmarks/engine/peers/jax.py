"""JAX. Option: `scan` (all batches in one call of a loop that is compiled whole)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.engine.job import Job, Layer
from benchmarks.engine.peers.serving import MOMENTUM, RATE, Ready, scaled, serve

Tree = dict[str, Any]
KEEP = 0.9
"""What batch norm keeps of its running mean and variance."""


def prepare(job: Job) -> Ready:
    """A step is one compiled function that overwrites the weights it is given."""
    jax: Any = import_module("jax")
    trained, running = weights(jax, job)
    count = sum(leaf.size for leaf in jax.tree.leaves(trained))
    x, y = (jax.numpy.asarray(part) for part in scaled(job))
    # Threefry, the default, takes longer to draw for dropout than some nets take for all the rest.
    state = trained, jax.tree.map(jax.numpy.zeros_like, trained), running, jax.random.key(0, impl="rbg")

    def loss_of(trained: Tree, running: Tree, key: Any, a: Any, b: Any) -> tuple[Any, Tree]:
        scores, running = scores_of(jax, job, trained, running, key, a)
        return mean_loss(jax, scores, b), running

    def step(state: Any, batch: Any) -> Any:
        trained, velocity, running, key = state
        key, drawn = jax.random.split(key)
        (loss, running), slopes = jax.value_and_grad(loss_of, has_aux=True)(trained, running, drawn, *batch)
        velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, slopes)
        trained = jax.tree.map(lambda w, v: w - RATE * v, trained, velocity)
        return (trained, velocity, running, key), loss

    if "scan" in job.options:
        epoch = jax.jit(lambda state, x, y: jax.lax.scan(step, state, (x, y)), donate_argnums=0)

        def train() -> float:
            nonlocal state
            state, losses = epoch(state, x, y)
            return float(losses[-1])

    else:
        one = jax.jit(step, donate_argnums=0)
        batches = list(zip(x, y, strict=True))

        def train() -> float:
            nonlocal state
            loss = None
            for batch in batches:
                state, loss = one(state, batch)
            return float(loss)  # type: ignore[arg-type]

    return Ready(train, count)


def weights(jax: Any, job: Job) -> tuple[Tree, Tree]:
    """Those that are trained, He's, and the running means and variances of norms, by layer."""
    random = np.random.default_rng(0)
    trained: Tree = {}
    running: Tree = {}
    for layer in job.layers:
        c = layer.count
        if layer.kind in ("conv", "dense"):
            shape = (*layer.size, layer.given[-1] // layer.groups, c)
            scale = np.sqrt(2 / np.prod(shape[:-1]))
            trained[layer.name] = {"w": random.normal(0, scale, shape).astype(np.float32)}
            trained[layer.name] |= {"b": np.zeros(c, np.float32)} if layer.bias else {}
        elif layer.kind == "norm":
            trained[layer.name] = {"w": np.ones(c, np.float32), "b": np.zeros(c, np.float32)}
            running[layer.name] = {"mean": np.zeros(c, np.float32), "variance": np.ones(c, np.float32)}
    return jax.tree.map(jax.numpy.asarray, (trained, running))


def scores_of(jax: Any, job: Job, trained: Tree, running: Tree, key: Any, x: Any) -> tuple[Any, Tree]:
    """What the net says before softmax, and the new running means."""
    values, running = {"input": x}, dict(running)
    for number, layer in enumerate(job.layers):
        name, xs = layer.name, [values[name] for name in layer.inputs]
        if layer.kind == "norm":
            values[name], running[name] = norm(jax, xs[0], trained[name], running[name])
        elif layer.kind == "dropout":
            kept = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - layer.share, xs[0].shape)
            values[name] = jax.numpy.where(kept, xs[0] / (1 - layer.share), 0)
        else:
            values[name] = plain(jax, layer, xs, trained.get(name, {}))
    return values[job.layers[-1].name], running


def plain(jax: Any, layer: Layer, xs: list[Any], w: Tree) -> Any:
    """One layer that draws and remembers nothing."""
    x = xs[0]
    match layer.kind:
        case "conv":
            pads = list(zip(layer.before, layer.after, strict=True))
            numbers = ("NHWC", "HWIO", "NHWC")
            y = jax.lax.conv_general_dilated(
                x, w["w"], layer.stride, pads, dimension_numbers=numbers, feature_group_count=layer.groups
            )
            return y + w["b"] if layer.bias else y
        case "maxpool":
            return pooled(jax, layer, x)
        case "dense":
            return x @ w["w"] + w["b"] if layer.bias else x @ w["w"]
        case "relu":
            return jax.nn.relu(x)
        case "relu6":
            return jax.nn.relu6(x)
        case "flatten":
            return x.reshape(len(x), -1)
        case "globalmean":
            return x.mean(axis=(1, 2))
        case "add":
            return xs[0] + xs[1]
    raise NotImplementedError(f"no {layer.kind} here")


def pooled(jax: Any, layer: Layer, x: Any) -> Any:
    """Windows that do not overlap as axes of their own: its gradient is far faster than that of `reduce_window`."""
    (kh, kw), (rows, columns, channels) = layer.size, layer.shape
    if layer.stride == layer.size and not any(layer.before + layer.after):
        inside = x[:, : rows * kh, : columns * kw]
        return inside.reshape(-1, rows, kh, columns, kw, channels).max(axis=(2, 4))
    pads = [(0, 0), *zip(layer.before, layer.after, strict=True), (0, 0)]
    return jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, kh, kw, 1), (1, *layer.stride, 1), pads)


def norm(jax: Any, x: Any, w: Tree, running: Tree) -> tuple[Any, Tree]:
    """Batch norm while training."""
    axes = tuple(range(x.ndim - 1))
    mean, square = x.mean(axis=axes), (x * x).mean(axis=axes)
    variance = square - mean * mean
    y = (x - mean) * (w["w"] * jax.lax.rsqrt(variance + 1e-5)) + w["b"]
    new = {"mean": mean, "variance": variance}
    return y, {name: KEEP * running[name] + (1 - KEEP) * new[name] for name in new}


def mean_loss(jax: Any, scores: Any, y: Any) -> Any:
    """Cross-entropy of classes, or the logarithmic loss of yes and no."""
    if scores.shape[-1] == 1:
        return (jax.nn.softplus(scores) - y * scores).mean()
    logs = jax.nn.log_softmax(scores)
    return -jax.numpy.take_along_axis(logs, y[:, None], axis=1).mean()


if __name__ == "__main__":
    serve(prepare)
