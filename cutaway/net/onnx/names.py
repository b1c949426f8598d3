"""What a model.onnx calls its parts. Kept by themselves: predicting with the file does not need the `onnx` package."""

PICTURES = "pictures"
"""uint8 [N, height, width, channels]: 1 (grey) or 3 (red, green, blue) channels, 0 is black."""
PROBABILITIES = "probabilities"
"""float32 [N, classes]"""
SCORES = "scores"
"""float32 [N, outputs]: what softmax or sigmoid make the probabilities of."""
FEATURES = "features"
"""float32 [N, F]: what the last dense layer weighs, where there is one; alike for pictures that are alike."""

NET, CLASSES, WEIGHTS = "cutaway.net", "cutaway.classes", "cutaway.weights_sha256"
"""Of its metadata: the net in the notation, the names of the classes as JSON, and which weights these are."""
