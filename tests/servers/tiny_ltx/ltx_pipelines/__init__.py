"""Just enough of ``ltx_pipelines`` to try a worker: modules with a ``main`` that builds a pipeline and does what it is told."""
