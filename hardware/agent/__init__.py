"""The clerk workstation's reader agent: carries out steps that the server signed, on the card in the reader, and nothing else."""
