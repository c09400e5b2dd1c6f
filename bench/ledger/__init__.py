"""Speed of the ledger: how it is measured is said in `bench/README.md`."""
