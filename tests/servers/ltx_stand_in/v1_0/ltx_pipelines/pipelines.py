import stand_in_render


class Pipeline:
    def __init__(self, checkpoint_path, gemma_root, loras=(), device=None, quantization=None):
        self.paths = (checkpoint_path, gemma_root)
        self.loras = loras

    def __call__(self, args):
        for path in self.paths:
            stand_in_render.load(path)
        return stand_in_render.draw(args, loras=self.loras, offload="none")
