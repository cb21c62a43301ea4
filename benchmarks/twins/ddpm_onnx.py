"""The ``ddpm-sample`` workload in ONNX Runtime: the PyTorch U-Net, exported; needs onnx, onnxscript and onnxruntime."""

import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from ..ddpm import make_noisy
from .ddpm_torch import SampleContender as Torch


class SampleContender:
    """ONNX Runtime's side of ``ddpm-sample``."""

    def __init__(self):
        twin = Torch()
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own, about itself
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            path = str(Path(folder, "unet.onnx"))
            torch.onnx.export(twin.net, (twin.x, twin.t), path, input_names=["x", "t"], dynamo=True, verbose=False)
            self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        x, t = make_noisy()
        self.inputs = {"x": np.ascontiguousarray(np.moveaxis(x, -1, 1)), "t": t}

    def step(self):
        """One evaluation; returns the mean square of the answer."""
        (answer,) = self.session.run(None, self.inputs)
        return float(np.square(answer).mean())
