"""Nets as ONNX: written, and read."""
