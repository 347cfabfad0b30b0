"""The engine on vaults of a hundred to three thousand notes: `python -m benchmarks.vaults`."""
