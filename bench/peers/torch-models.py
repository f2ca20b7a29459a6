"""Training steps of PyTorch for the sizes `evolve bench recurrent` and `evolve bench alphanet` take: forward, back and Adam.

    python bench/peers/torch-models.py --threads 2
"""
import argparse
import time

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--repetitions", type=int, default=5)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(1)


class Recurrent(nn.Module):
    def __init__(self, cell, inputs, units, normalised):
        super().__init__()
        self.norm = nn.BatchNorm1d(inputs, eps=1e-3) if normalised else None
        self.recurrent = (nn.LSTM if cell == "lstm" else nn.GRU)(inputs, units, batch_first=True)
        self.state_norm = nn.BatchNorm1d(units, eps=1e-3)
        self.output = nn.Linear(units, 1)

    def forward(self, x):
        if self.norm is not None:
            x = self.norm(x.transpose(1, 2)).transpose(1, 2)
        states, _ = self.recurrent(x)
        return self.output(self.state_norm(states[:, -1]))[:, 0]


def fastest(model, x, y, repetitions):
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    best = float("inf")
    for _ in range(repetitions + 1):
        started = time.perf_counter()
        optimiser.zero_grad()
        ((model(x) - y) ** 2).mean().backward()
        optimiser.step()
        best = min(best, time.perf_counter() - started)
    return 1000 * best


print(f"PyTorch {torch.__version__}, {options.threads} threads, fastest of {options.repetitions}, ms a step")
for name, cell, batch, steps, inputs, normalised in [
    ("GRU 30", "gru", 1000, 40, 6, False),
    ("GRU 30", "gru", 1000, 320, 6, False),
    ("GRU 30", "gru", 5000, 320, 6, False),
    ("LSTM 30", "lstm", 1000, 40, 6, False),
    ("LSTM 30", "lstm", 1000, 320, 6, False),
    ("AlphaNet v2 without extraction", "lstm", 1000, 3, 270, True),
]:
    x, y = torch.randn(batch, steps, inputs), torch.randn(batch)
    ms = fastest(Recurrent(cell, inputs, 30, normalised), x, y, options.repetitions)
    print(f"{name:32} {batch} x {steps} x {inputs:4}  {ms:9.1f}")
