class ModelRegistry:
    def __init__(self, *, cache_weights=True):
        self.cache_weights = cache_weights
        self.weights = {}

    def clear(self):
        self.weights.clear()
