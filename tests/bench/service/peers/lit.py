"""LitServe around the classifier: python lit.py PORT."""

from __future__ import annotations

import sys
from typing import Any

import litserve
from judge import BATCH, WAIT_MS, WORKERS, Judge


class Api(litserve.LitAPI):
    """One article a request; several a batch."""

    def setup(self, device: str) -> None:
        """Load the classifier."""
        self.judge = Judge()

    def batch(self, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the requests as a list."""
        return inputs

    def predict(self, inputs: Any) -> Any:
        """Judge one request, or a list of them."""
        return [self.judge(one) for one in inputs] if isinstance(inputs, list) else self.judge(inputs)

    def unbatch(self, output: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the answers one by one."""
        return output


if __name__ == "__main__":
    api = Api(max_batch_size=BATCH, batch_timeout=WAIT_MS / 1_000 if BATCH > 1 else 0.0)
    server = litserve.LitServer(api, accelerator="cpu", devices=1, workers_per_device=WORKERS, timeout=120)
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False)
