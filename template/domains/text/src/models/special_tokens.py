"""Special tokens and the ONNX metadata that training and serving share."""

# Padding, which models ignore; a word outside the vocabulary; the start of a text.
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]")
PAD, UNKNOWN, START = range(3)
# Key of the ONNX file's metadata that contains the tokenizer as JSON.
TOKENIZER_KEY = "tokenizer"
# Texts per call of ONNX Runtime: TF-IDF is a dense matrix there.
BATCH_SIZE = 32
