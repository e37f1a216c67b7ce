"""ONNX networks written as TFLite files."""
