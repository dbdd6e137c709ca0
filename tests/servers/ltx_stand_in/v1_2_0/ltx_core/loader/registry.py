"""As in ltx_core 1.2.0: keeps weights by path, where it is told to."""


class ModelRegistry:
    def __init__(self, *, cache_weights=True, cache_models=True):
        self.cache_weights = cache_weights
        self.weights = {}

    def add(self, path, weights):
        if self.cache_weights:
            self.weights[path] = weights
        return weights

    def get(self, path):
        return self.weights.get(path)

    def clear(self):
        self.weights.clear()
