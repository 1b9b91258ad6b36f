"""How long is the last step of a pass in Lightning, when its window is not full?

    pip install lightning torch
    python benchmarks/releases/lightning_trainer.py 10

trains on so many samples, one by one, in windows of four (accumulate_grad_batches=4): ten leave a
last window of two, twelve do not. It says: the release; a line of JSON; the audit's verdict. θ is
held while it runs.
"""

import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

import lightning  # noqa: E402
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from mle_lib.audit import audit  # noqa: E402

m = int(sys.argv[1]) if len(sys.argv) > 1 else 10
torch.set_num_threads(1)
torch.manual_seed(0)
x = torch.randn(m, 6, dtype=torch.float64)
net = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1), nn.LogSigmoid()).double()


class Module(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = net

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        return -self.net(batch[0]).mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.net.parameters(), 0.1)


trainer = lightning.Trainer(
    max_epochs=20,
    accumulate_grad_batches=4,
    accelerator="cpu",
    precision="64-true",
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
loader = DataLoader(TensorDataset(x), batch_size=1, shuffle=True)
with audit(net, x, log_prob=lambda net, rows: net(rows)[:, 0]) as a:
    trainer.fit(Module(), loader)

table = a.table
total = table.of_steps(table.weight)
row = a.relative[:, 0]
print(f"lightning {lightning.__version__}, torch {torch.__version__}")
print(
    json.dumps(
        {
            "case": f"{m} samples in windows of 4",
            "kinds": [finding.kind for finding in a.findings if finding.fault],
            "matches": a.matches(),
            "weights": {
                "smallest": float(row.min()),
                "largest": float(row.max()),
                "sums over the steps of a pass": [round(float(w), 6) for w in total[: -(-m // 4)]],
                "rows of the steps of a pass": [int(n) for n in table.rows[: -(-m // 4)]],
            },
            "factor": a.factor,
        }
    )
)
print(a)
