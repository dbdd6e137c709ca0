class ModelRegistry:
    def __init__(self, *, cache_weights=True, cache_models=True):
        self._weights = {} if cache_weights else None

    def get(self, path):
        return None if self._weights is None else self._weights.get(path)

    def add(self, path, weights):
        if self._weights is not None:
            self._weights[path] = weights
        return weights

    def clear(self):
        if self._weights is not None:
            self._weights.clear()
