/// The whole library in one import: tensors and gradients, running them, and what networks are made of.
@_exported public import LazyNN
@_exported public import LazyOps
@_exported public import LazyRuntime
