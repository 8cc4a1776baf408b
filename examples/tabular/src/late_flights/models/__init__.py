"""The models, one module each, and their ONNX export."""
