"""How a model runs: ONNX Runtime, OpenVINO, TFLite."""
