"""The resident worker: runs in the user's interpreter, with the standard library of Python 3.10 and itself alone."""
