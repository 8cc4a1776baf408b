"""The demo: model loading, prediction, explanation, web page and API."""
