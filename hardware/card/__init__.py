"""The card's language: pure functions and values, no input or output.

The only part of `hardware` that the server may import. One module per matter: see hardware/README.md.
"""
