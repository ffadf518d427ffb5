"""What a pipeline can do: one module per family, one row and one function per action.

An action imports its adapters when it runs: `explain` and `lint` load these modules for their rows alone.
"""
