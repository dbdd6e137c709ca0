"""As in ltx_core 1.2.0: keeps weights by path, where it is told to."""


class ModelRegistry:
    def __init__(self, cache_models=True, cache_weights=True):
        self.cache_weights = cache_weights
        self.weights = {}

    def clear(self):
        self.weights.clear()
