"""MLServer around the classifier: mlserver start FOLDER, with the settings that the benchmark writes there."""

from __future__ import annotations

import json

from judge import Judge
from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Slant(MLModel):
    """Requests and answers are JSON in a string tensor, one row each."""

    async def load(self) -> bool:
        """Load the classifier."""
        self.judge = Judge()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Judge every row."""
        rows = StringCodec.decode_input(payload.inputs[0])
        answers = [json.dumps(self.judge(json.loads(row))) for row in rows]
        return InferenceResponse(model_name=self.name, outputs=[StringCodec.encode_output("answer", answers)])
