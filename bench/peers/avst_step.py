#!/usr/bin/python3
"""AVST and its spatial grounding in PyTorch, written from the paper: the peers that bench/avst.cpp and bench/grounding.cpp are compared with.

Prints one JSON line: the median of each in milliseconds. The operators are those of the published code: permutations, normalize, matmul and
softmax over whole tensors.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

STEPS, PLACES, WIDTH = 10, 196, 512


def grounded(maps, sound):
    """maps (frames, 512, 14, 14), sound (frames, 512) -> (frames, 1024)"""
    mean = F.adaptive_avg_pool2d(maps, 1).flatten(1)
    flat = maps.flatten(2).permute(0, 2, 1)  # (frames, place, channel)
    unit = F.normalize(flat, dim=2)
    weight = torch.softmax(unit @ F.normalize(sound, dim=1).unsqueeze(2), dim=1)  # (frames, place, 1)
    attended = (unit.permute(0, 2, 1) @ weight).squeeze(2)
    return torch.cat([mean, attended], 1)


class Temporal(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, 4, dropout=0.1)
        self.inner, self.outer = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.drop_inner, self.drop_outer = nn.Dropout(0.1), nn.Dropout(0.1)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, question, sequence):
        keys = sequence.permute(1, 0, 2)
        x = self.attention(question.unsqueeze(0), keys, keys)[0].squeeze(0)
        return self.norm(x + self.drop_outer(self.outer(self.drop_inner(F.relu(self.inner(x))))))


class Avst(nn.Module):
    def __init__(self):
        super().__init__()
        self.audio1, self.audio2 = nn.Linear(128, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.project = nn.Linear(2 * WIDTH, WIDTH)
        self.match = nn.Sequential(nn.Linear(2 * WIDTH, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
                                   nn.Linear(128, 2))
        self.when_seen, self.when_heard = Temporal(), Temporal()
        self.fusion, self.answers = nn.Linear(2 * WIDTH, WIDTH), nn.Linear(WIDTH, 42)
        self.words, self.lstm = nn.Embedding(93, WIDTH), nn.LSTM(WIDTH, WIDTH)
        self.question = nn.Linear(2 * WIDTH, WIDTH)

    def look(self, maps, heard):
        return self.project(torch.tanh(grounded(maps.flatten(0, 1), heard.flatten(0, 1)))).view(*heard.shape)

    def forward(self, sound, maps, tokens, others):
        heard = self.audio2(F.relu(self.audio1(sound)))
        seen, foreign = self.look(maps, heard), self.look(others, heard)
        own = self.match(torch.cat([heard, seen], 2).flatten(0, 1))
        other = self.match(torch.cat([heard, foreign], 2).flatten(0, 1))
        _, (h, c) = self.lstm(torch.tanh(self.words(tokens)).permute(1, 0, 2))
        q = self.question(torch.tanh(torch.cat([h, c], 2).squeeze(0)))
        both = torch.cat([self.when_heard(q, heard) + heard.mean(1), self.when_seen(q, seen) + seen.mean(1)], 1)
        return self.answers(torch.tanh(self.fusion(torch.tanh(both)) * q)), own, other


def median(f, rounds, warm_up=2):
    times = []
    for i in range(warm_up + rounds):
        start = time.perf_counter()
        f()
        if i >= warm_up:
            times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--batch", type=int, default=64)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    batch = given.batch
    maps, others = (torch.rand(batch, STEPS, WIDTH, 14, 14) for _ in range(2))
    sound = torch.rand(batch, STEPS, 128)
    # Any words: every token goes through the embedding and the LSTM here, whatever it is; ours reads once what questions begin with.
    tokens, labels = torch.randint(0, 93, (batch, 14)), torch.randint(0, 42, (batch,))
    model = Avst()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    loss = nn.CrossEntropyLoss()
    yes, no = (torch.full((batch * STEPS,), v, dtype=torch.long) for v in (1, 0))

    def train():
        optimiser.zero_grad(set_to_none=True)
        answers, own, other = model(sound, maps, tokens, others)
        (loss(answers, labels) + 0.5 * loss(torch.cat([own, other]), torch.cat([yes, no]))).backward()
        optimiser.step()

    frames, heard = maps.flatten(0, 1), torch.randn(batch * STEPS, WIDTH, requires_grad=True)

    def forward():
        with torch.no_grad():
            grounded(frames, heard)

    result = {"torch": torch.__version__, "threads": given.threads, "batch": batch, "step_ms": median(train, given.rounds),
              "grounding_forward_ms": median(forward, given.rounds)}
    out = []

    def backward():
        start = time.perf_counter()
        out[-1].backward(torch.ones_like(out[-1]))
        return 1e3 * (time.perf_counter() - start)

    times = []
    for _ in range(given.rounds):
        heard.grad = None
        out[:] = [grounded(frames, heard)]
        times.append(backward())
    result["grounding_backward_ms"] = statistics.median(times)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
