"""The network: registries are asked here, and nowhere else in modellint."""
