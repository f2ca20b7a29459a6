"""Writes tests/golden/gru/attention.json: gru-15m-attention of a few units with its loss and gradients, by PyTorch.

Development only; pip install torch, then
    python3 tools/gru-golden.py

GRU, softmax, batch normalisation and backward are PyTorch's own, in float64. Weights are written as ours lie: [inputs]
[gates], gates z r n, where PyTorch has [gates][inputs] and r z n. Its update gate keeps the state as ours does.
"""

import json
import pathlib

import torch

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "gru" / "attention.json"
ROWS, DATES, BARS, SERIES, UNITS = 13, 3, 2, 3, 4
torch.manual_seed(20240611)
torch.set_default_dtype(torch.float64)


def fresh(*shape):
    """Exact as float32."""
    return torch.randn(*shape).mul(0.6).float().double().requires_grad_()


x = torch.randn(ROWS, DATES * BARS, SERIES).float().double()
labels = torch.randn(ROWS).float().double()
sections = [(0, 6), (6, 13)]

gru = torch.nn.GRU(SERIES, UNITS, batch_first=True)
for parameter in gru.parameters():
    parameter.data = fresh(*parameter.shape).detach()
W, b, v = fresh(UNITS, UNITS), fresh(UNITS), fresh(UNITS)
norm = torch.nn.BatchNorm1d(2 * UNITS, eps=1e-3)
norm.weight.data, norm.bias.data = fresh(2 * UNITS).detach(), fresh(2 * UNITS).detach()
head = torch.nn.Linear(2 * UNITS, 1)
head.weight.data, head.bias.data = fresh(1, 2 * UNITS).detach(), fresh(1).detach()

states, _ = gru(x)
scores = torch.tanh(states @ W + b) @ v
shares = torch.softmax(scores, dim=1)
context = (shares.unsqueeze(2) * states).sum(dim=1)
prediction = head(norm(torch.cat([states[:, -1], context], dim=1))).squeeze(1)
ics = [torch.corrcoef(torch.stack([prediction[i:j], labels[i:j]]))[0, 1] for i, j in sections]
loss = -torch.stack(ics).mean()
loss.backward()


def gates(columns):
    """r z n to z r n, along the last axis."""
    r, z, n = columns.split(UNITS, dim=-1)
    return torch.cat([z, r, n], dim=-1)


def ours(of):
    recurrent = {
        "minute/kernel": gates(of(gru.weight_ih_l0).T),
        "minute/recurrentKernel": gates(of(gru.weight_hh_l0).T),
        "minute/bias": torch.stack([gates(of(gru.bias_ih_l0)), gates(of(gru.bias_hh_l0))]),
    }
    return {
        **recurrent,
        "minute/attention/kernel": of(W),
        "minute/attention/bias": of(b),
        "minute/attention/score": of(v),
        "minute/stateNorm/gamma": of(norm.weight),
        "minute/stateNorm/beta": of(norm.bias),
        "output/kernel": of(head.weight).T,
        "output/bias": of(head.bias),
    }


def lists(tensors):
    return {name: tensor.detach().reshape(-1).tolist() for name, tensor in tensors.items()}


golden = {
    "rows": ROWS,
    "dates": DATES,
    "bars": BARS,
    "series": SERIES,
    "units": UNITS,
    "x": x.reshape(-1).tolist(),
    "labels": labels.tolist(),
    "sections": sections,
    "weights": lists(ours(lambda tensor: tensor.detach())),
    "prediction": prediction.tolist(),
    "loss": loss.item(),
    "gradients": lists(ours(lambda tensor: tensor.grad)),
}
FILE.parent.mkdir(parents=True, exist_ok=True)
FILE.write_text(json.dumps(golden) + "\n")
print(FILE, FILE.stat().st_size)
