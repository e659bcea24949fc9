"""Says who may use an asset, proves every use, and settles it on chain."""
