"""The OpenAI-compatible door: the stock client works unchanged."""
