"""What the child processes share that hold a model. The code location never imports from here what imports torch."""
