class ModelRegistry:
    def __init__(self):
        self.weights = {}

    def clear(self):
        self.weights.clear()
