#!/usr/bin/python3
"""One training step of the audio-visual digits model in PyTorch: the peer that bench/digits_step.cpp is compared with.

Prints one JSON line: the median and the smallest time of a step in milliseconds, for the plain and the channels-last layout.
"""
import argparse
import json
import statistics
import time

import torch
from torch import nn


def conv_block(channels_in, channels_out, pool):
    layers = [nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)]
    return layers + ([nn.MaxPool2d(2)] if pool else [])


def encoder():
    return nn.Sequential(*conv_block(1, 16, True), *conv_block(16, 32, True), *conv_block(32, 64, True), *conv_block(64, 64, False))


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.audio = encoder()
        self.image = encoder()
        self.head = nn.Linear(128, 10)

    def forward(self, audio, image):
        sound = self.audio(audio).mean(dim=(2, 3))
        sight = self.image(image).mean(dim=(2, 3))
        return self.head(torch.cat([sound, sight], 1))


def measure(layout, batch, steps, warm_up):
    torch.manual_seed(0)
    model = Digits().to(memory_format=layout)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loss = nn.CrossEntropyLoss()
    audio = torch.randn(batch, 1, 40, 64).contiguous(memory_format=layout)
    image = torch.randn(batch, 1, 28, 28).contiguous(memory_format=layout)
    label = torch.randint(0, 10, (batch,))
    times = []
    for step in range(warm_up + steps):
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        loss(model(audio, image), label).backward()
        optimiser.step()
        if step >= warm_up:
            times.append(1e3 * (time.perf_counter() - start))
    return {"median_ms": statistics.median(times), "min_ms": min(times)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--batch", type=int, default=64)
    arguments.add_argument("--steps", type=int, default=30)
    arguments.add_argument("--warm-up", type=int, default=5)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    layouts = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    result = {"torch": torch.__version__, "threads": given.threads, "batch": given.batch,
              "mkldnn": torch.backends.mkldnn.is_available(), "parameters": sum(p.numel() for p in Digits().parameters())}
    for name, layout in layouts.items():
        result[name] = measure(layout, given.batch, given.steps, given.warm_up)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
