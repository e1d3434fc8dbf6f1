"""The network: only this package of modellint contacts registries."""
