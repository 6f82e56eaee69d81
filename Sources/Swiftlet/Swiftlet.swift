/// The whole library in one import: tensors and gradients, running them, what networks are made of, and files of weights.
@_exported public import LazyFormats
@_exported public import LazyNN
@_exported public import LazyOps
@_exported public import LazyRuntime
