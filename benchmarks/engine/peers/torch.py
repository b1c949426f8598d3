"""PyTorch. Options: `last` (channels last), `bf16` (autocast), `compile`; the allocator is set from outside."""

from __future__ import annotations

import operator
from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.engine.job import Job, Layer
from benchmarks.engine.peers.serving import MOMENTUM, RATE, Ready, scaled, serve


def prepare(job: Job) -> Ready:
    """A plain loop of steps, with the optimiser in one kernel (`fused`) and gradients forgotten rather than zeroed."""
    torch: Any = import_module("torch")
    torch.set_num_threads(job.threads)
    torch.manual_seed(0)
    model = net_of(torch, job)
    layout = torch.channels_last if "last" in job.options else torch.contiguous_format
    model = model.to(memory_format=layout).train()
    x, y = scaled(job)
    batches = [
        (torch.tensor(a).permute(0, 3, 1, 2).contiguous(memory_format=layout), torch.tensor(b))
        for a, b in zip(x, y, strict=True)
    ]
    optimiser = torch.optim.SGD(model.parameters(), RATE, MOMENTUM, fused=True)
    functional = torch.nn.functional
    wrong = functional.cross_entropy if job.outputs > 1 else functional.binary_cross_entropy_with_logits

    def forward(a: Any, b: Any) -> Any:
        return wrong(model(a), b)

    loss_of: Callable[[Any, Any], Any] = torch.compile(forward) if "compile" in job.options else forward

    def train() -> float:
        loss = None
        for a, b in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in job.options):
                loss = loss_of(a, b)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        assert loss is not None
        return float(loss)

    return Ready(train, sum(p.numel() for p in model.parameters()))


def net_of(torch: Any, job: Job) -> Any:
    """The net as a module whose forward pass is one line of Python per layer."""
    graph, modules = torch.fx.Graph(), {}
    values = {"input": graph.placeholder("x")}
    for layer in job.layers:
        fed = tuple(values[name] for name in layer.inputs)
        if layer.kind == "add":
            values[layer.name] = graph.call_function(operator.add, fed)
        else:
            modules[layer.name] = module(torch.nn, layer)
            values[layer.name] = graph.call_module(layer.name, fed)
    graph.output(values[job.layers[-1].name])
    return torch.fx.GraphModule(modules, graph)


def module(nn: Any, layer: Layer) -> Any:
    """One layer. Activations overwrite what they are given: nothing else reads it."""
    match layer.kind:
        case "conv":
            sizes = {"stride": layer.stride, "padding": layer.even, "groups": layer.groups, "bias": layer.bias}
            return nn.Conv2d(layer.given[2], layer.count, layer.size, **sizes)
        case "maxpool":
            partial = layer.after > layer.before
            return nn.MaxPool2d(layer.size, layer.stride, layer.before, ceil_mode=partial)
        case "norm":
            return nn.BatchNorm2d(layer.count)
        case "dense":
            return nn.Linear(layer.given[0], layer.count, bias=layer.bias)
        case "dropout":
            return nn.Dropout(layer.share)
        case "relu":
            return nn.ReLU(inplace=True)
        case "relu6":
            return nn.ReLU6(inplace=True)
        case "flatten":
            return nn.Flatten()
        case "globalmean":
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    raise NotImplementedError(f"no {layer.kind} here")


if __name__ == "__main__":
    serve(prepare)
