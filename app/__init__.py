"""The window onto the engine: navigation, state, cached loaders, jobs, charts."""
