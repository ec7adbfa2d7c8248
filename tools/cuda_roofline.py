"""The least time that a GPU needs for the work of each kernel, by the bytes that must move and the operations that must be done: computed,
not measured. `python3 tools/cuda_roofline.py` prints the table; tools/cuda_table writes it into docs/cuda.md."""

# Bytes/s of memory and float operations/s without tensor cores, as NVIDIA's data sheets give them: "NVIDIA A100 Tensor Core GPU" (80 GB
# SXM), "NVIDIA H100 Tensor Core GPU" (SXM), "NVIDIA H200 Tensor Core GPU" (SXM).
devices = {"A100 80 GB": (2.039e12, 19.5e12), "H100 SXM": (3.35e12, 67e12), "H200 SXM": (4.8e12, 67e12)}
tensor_a100 = 156e12  # TF32, dense, of the first

word = 4  # float

# AVST: samples, frames of each, width, classes of answers, maps of one launch (positive and negative), places of a map, tokens of a
# question.
batch, frames, width, answers = 64, 10, 512, 42
maps, places, tokens, words, heads = 640 + 640, 14 * 14, 14, 93, 4
avst, two_resnets = 7.9e6, 22.4e6  # parameters
images = 64  # late fusion: a batch; 224 x 224 after the first convolution are 64 maps of 112 x 112


def kernels():
    """(family, work, shape, bytes, operations): each array that is read or written once; the input of a batch norm twice, because its
    statistics come first. An operation is an addition, a product, a comparison or an elementary function."""
    def pointwise(count, reads, writes, operations):
        return word * count * (reads + writes), count * operations

    rows = batch * frames
    vectors = rows * width
    grounded = maps * width * places
    sequence = batch * tokens * width
    gates = batch * 4 * width
    stem = images * 64 * 112 * 112
    scores = batch * heads * frames
    means = images * 512 * 7 * 7

    yield "softmax", "forward", f"{batch} x {answers}", *pointwise(batch * answers, 1, 1, 5)
    yield "softmax", "backward", f"{batch} x {answers}", *pointwise(batch * answers, 2, 1, 4)
    yield "log_softmax", "forward", f"{batch} x {answers}", *pointwise(batch * answers, 1, 1, 4)
    yield "layer_norm", "forward", f"{rows} x {width}", word * (2 * vectors + 2 * width + 2 * rows), 8 * vectors
    yield "layer_norm", "backward", f"{rows} x {width}", word * (3 * vectors + 3 * width + 2 * rows), 13 * vectors
    yield ("attention, one query", "forward", f"{batch} x {heads} heads of 128, {frames} keys",
           word * (2 * batch * width + 2 * vectors + batch * heads), 4 * vectors + 5 * scores)
    yield ("attention, one query", "backward", f"{batch} x {heads} heads of 128, {frames} keys",
           word * (4 * batch * width + 4 * vectors + batch * heads), 10 * vectors + 8 * scores)
    pairs = batch * heads * tokens * tokens
    yield ("attention, many", "forward", f"{batch} x {heads} heads of 128, {tokens} x {tokens}",
           word * (4 * sequence + batch * heads * tokens), 4 * pairs * 128 + 5 * pairs)
    yield ("attention, many", "backward", f"{batch} x {heads} heads of 128, {tokens} x {tokens}",
           word * (8 * sequence + batch * heads * tokens), 10 * pairs * 128 + 8 * pairs)
    yield ("cross_entropy", "loss and gradient, two probes", f"3 x {batch} x {answers}",
           word * (4 * batch * answers + 4 * batch), 18 * batch * answers)
    yield "l2_normalize", "forward", f"{rows} x {width}", word * (2 * vectors + rows), 3 * vectors
    yield "l2_normalize", "backward", f"{rows} x {width}", word * (3 * vectors + rows), 5 * vectors
    yield "global_pooling", "forward", f"{images} x 512 x 7 x 7", word * (means + images * 512), means
    yield "global_pooling", "backward", f"{images} x 512 x 7 x 7", word * (means + images * 512), means
    yield ("spatial_grounding", "forward", f"{maps} x {width} x {places}",
           word * (grounded + rows * width + maps * (2 * width + places)), 7 * grounded)
    yield ("spatial_grounding", "backward", f"{maps} x {width} x {places}",
           word * (2 * grounded + 2 * rows * width + maps * (2 * width + places)), 15 * grounded)
    yield ("temporal_grounding", "one query: scores, softmax, sum", f"{batch} x {frames} x {width}",
           word * (vectors + 2 * batch * width), 4 * vectors)
    yield "embedding", "gather", f"{batch * tokens} of {words} x {width}", word * (2 * sequence + batch * tokens), 0
    yield "embedding", "scatter", f"{batch * tokens} to {words} x {width}", word * (sequence + words * width + batch * tokens), sequence
    yield "recurrent", "LSTM's gates, a token", f"{batch} x 4 x {width}", word * (2 * gates + 3 * gates / 4), 4 * gates
    yield "recurrent", "the same backward, a token", f"{batch} x 4 x {width}", word * (2 * gates + 5 * gates / 4), 6 * gates
    yield "dropout", "forward", f"{batch * tokens} x {width}", *pointwise(sequence, 1, 1, 30)
    yield "rows", "add", f"{rows} x {width}", *pointwise(vectors, 2, 1, 1)
    yield "rows", "sums of columns", f"{rows} x {width}", word * (vectors + width), vectors
    yield "expression", "a + b, rectified", f"{rows} x {width}", *pointwise(vectors, 2, 1, 2)
    yield "pointwise_loss", "loss and gradient", f"{batch} x {answers}", *pointwise(batch * answers, 2, 1, 8)
    yield "batch_norm", "forward, training", f"{images} x 64 x 112 x 112", *pointwise(stem, 2, 1, 8)
    yield "batch_norm", "backward", f"{images} x 64 x 112 x 112", *pointwise(stem, 4, 1, 11)
    yield "pooling", "largest of 3 x 3, step 2", f"{images} x 64 x 112 x 112", word * stem * (1 + 1 / 4), 9 * stem / 4
    yield "pooling", "the same backward", f"{images} x 64 x 112 x 112", word * stem * (1 + 1 / 4 + 1 / 4), stem
    for name, count in (("AVST", avst), ("two ResNet-18", two_resnets)):
        yield "modulation", "moments of the gradients", name, word * count, 5 * count
        yield "modulation", "SGD with momentum, noise", name, word * count * 5, 40 * count
        yield "modulation", "Adam, noise", name, word * count * 7, 50 * count


def three_digits(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def text():
    """The table of docs/cuda.md."""
    rates = "; ".join(f"{name}: {b * 1e-12:.2f} TB/s, {f * 1e-12:.1f} TFLOP/s" for name, (b, f) in devices.items())
    lines = [f"Computed, not measured, from NVIDIA's data sheets ({rates} of float without tensor cores; the A100's "
             f"{tensor_a100 * 1e-12:.0f} TFLOP/s of TF32 serve products, which are cuBLAS's). Storage is float. A launch costs "
             "microseconds more.", "",
             "| family | work | shape | MB | Mflop | flop/byte | " + " | ".join(f"{name}, µs" for name in devices) + " |",
             "|---|---|---|" + "--:|" * (3 + len(devices))]
    for family, work, shape, moved, operations in kernels():
        floors = []
        for bandwidth, rate in devices.values():
            by_bytes, by_operations = moved / bandwidth, operations / rate
            floors.append(three_digits(1e6 * max(by_bytes, by_operations)) + (" (operations)" if by_operations > by_bytes else ""))
        lines.append(f"| {family} | {work} | {shape} | {three_digits(moved * 1e-6)} | {three_digits(operations * 1e-6)} | "
                     f"{operations / moved:.2f} | {' | '.join(floors)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(text())
