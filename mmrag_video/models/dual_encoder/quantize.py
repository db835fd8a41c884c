"""8-bit multiplications for a tower, but where 8 bits would spoil its vectors.

Weights get 8 bits (7 of them used) and a scale for each output channel, beforehand; what they are
multiplied with gets 8 bits and one scale, when it is known. With 8 used bits in the weights, sums
of two products overflow on processors without VNNI instructions, and vectors would differ from
machine to machine; see "reduce_range" in ONNX Runtime's documentation of quantization.

Convolutions, which cut the picture into patches, stay as they are: 8 bits there have been seen to
destroy vectors, and they take a hundredth of the time.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrag_video.models.dual_encoder.graphs import in_silence
from mmrag_video.models.dual_encoder.onnx_towers import session

Feed = Mapping[str, NDArray[Any]]
_KINDS = ("MatMul", "Gemm")


def hardest_first(file: Path, feeds: Sequence[Feed]) -> list[str]:
    """Names of a graph's multiplications by weights, those first that suffer most from 8 bits.

    That is where some values of what comes in are far larger than most: their range is divided by
    255, and most values are then rounded away. Measured by the rounding's mean square (step² / 12)
    over the values' own mean square, in the worst of `feeds`.
    """
    import onnx  # noqa: PLC0415

    graph = onnx.load(file)
    weights = {one.name for one in graph.graph.initializer}
    nodes = [
        node for node in graph.graph.node if node.op_type in _KINDS and node.input[1] in weights
    ]
    sources = sorted({node.input[0] for node in nodes})
    known = {one.name for one in (*graph.graph.output, *graph.graph.input)}
    for name in sources:
        if name not in known:
            graph.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    watched = file.with_name(f"watched-{file.name}")
    onnx.save(graph, watched, save_as_external_data=_is_large(file), location="watched.data")
    loaded = session(watched)
    asked = [name for name in sources if name not in {one.name for one in graph.graph.input}]
    worst = dict.fromkeys(sources, 0.0)
    for feed in feeds:
        values = {**feed, **dict(zip(asked, loaded.run(asked, dict(feed)), strict=True))}
        worst = {name: max(worst[name], _rounding(values[name])) for name in sources}
    return [n.name for n in sorted(nodes, key=lambda node: worst[node.input[0]], reverse=True)]


def write_int8(file: Path, target: Path, whole: Sequence[str]) -> None:
    """A graph with 8-bit multiplications but for those named in `whole`."""
    with in_silence():
        from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

        quantize_dynamic(
            file,
            target,
            op_types_to_quantize=list(_KINDS),
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=list(whole),
            use_external_data_format=_is_large(file),
        )


def _rounding(values: NDArray[np.float32]) -> float:
    step = (max(float(values.max()), 0.0) - min(float(values.min()), 0.0)) / 255
    return step**2 / 12 / max(float(np.mean(np.square(values, dtype=np.float64))), 1e-30)


def _is_large(file: Path) -> bool:
    """Whether a graph's weights lie in a file of their own: one file of ONNX holds 2 GB."""
    return file.with_name(f"{file.name}.data").exists()
