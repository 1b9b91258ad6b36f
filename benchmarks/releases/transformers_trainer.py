"""Which weight does Hugging Face's Trainer give to each symbol? The installed release, as it is.

    pip install transformers accelerate torch
    python benchmarks/releases/transformers_trainer.py GPT2LMHeadModel 4

trains a model of that class with random weights, four rows of different lengths a step, as one
micro-batch (1) or as more (2 or 4), and says: the release; a line of JSON; the audit's verdict.
θ is held while it runs. Nothing is clipped, so that what is left is what the Trainer divides by.
"""

import json
import os
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
os.environ.update(
    TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error"
)

import torch  # noqa: E402
import transformers  # noqa: E402
from torch.nn.utils.rnn import pad_sequence  # noqa: E402

from mle_lib.audit import audit  # noqa: E402

name = sys.argv[1] if len(sys.argv) > 1 else "GPT2LMHeadModel"
accumulation = int(sys.argv[2]) if len(sys.argv) > 2 else 4
torch.set_num_threads(1)
torch.manual_seed(0)
LENGTHS = [3, 9, 2, 6, 4, 8, 12, 5]
data = [torch.randint(1, 11, (length + 1,)) for length in LENGTHS]
if name == "GPT2LMHeadModel":
    sizes = dict(n_positions=16, n_embd=24, n_layer=1, n_head=2)
    off = dict(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
    config = transformers.GPT2Config(vocab_size=11, **sizes, **off)
elif name == "LlamaForCausalLM":
    sizes = dict(hidden_size=24, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2)
    config = transformers.LlamaConfig(vocab_size=11, max_position_embeddings=16, **sizes)
else:
    sys.exit(__doc__)
model = getattr(transformers, name)(config)


def together(rows: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    labels = pad_sequence(rows, True, -100)
    return {
        "input_ids": labels.clamp(min=0),
        "labels": labels,
        "attention_mask": (labels >= 0).long(),
    }


with tempfile.TemporaryDirectory() as folder:
    arguments = transformers.TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=4 // accumulation,
        gradient_accumulation_steps=accumulation,
        num_train_epochs=20,
        max_grad_norm=0,
        use_cpu=True,
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
    )
    trainer = transformers.Trainer(
        model=model, args=arguments, train_dataset=data, data_collator=together
    )
    with audit(model, data, head=model.lm_head) as a:
        trainer.train()

table = a.table
first = table.step == 0
lengths = a.known.length[a.known.row[table.term]]
by_length = {n: float(a.relative[LENGTHS.index(n)].nanmean()) for n in sorted(LENGTHS)}
in_a_step = {
    int(n): float(table.symbols[0] * table.weight[first & (lengths == n)].mean())
    for n in lengths[first].unique()
}
print(f"transformers {transformers.__version__}, torch {torch.__version__}")
print(
    json.dumps(
        {
            "case": f"{name}, accumulation {accumulation}",
            "kinds": [finding.kind for finding in a.findings if finding.fault],
            "matches": a.matches(),
            "weights": {
                "smallest": min(by_length.values()),
                "largest": max(by_length.values()),
                "by length": by_length,
                "in the first step, times its symbols": in_a_step,
            },
            "symbols of the first step": int(table.symbols[0]),
            "factor times all symbols": a.factor * len(a.known),
        }
    )
)
print(a)
