import Swiftlet

// The graphs of single functions.

func elementwiseChain() -> [Tensor] {
  let (x, y) = (input(1024, 1024), input(1024, 1024))
  return [(((x * 2 + y).tanh() - 0.5) * x).abs().sqrt().exp() / (y + 3)]
}

func softmax() -> [Tensor] { [input(128, 1024).softmax(axis: -1)] }

func layerNorm() -> [Tensor] { [input(128, 768).layerNorm(weight: input(768), bias: input(768))] }

func matmulGELU() -> [Tensor] { [(input(64, 256).matmul(input(256, 512)) + input(512)).gelu()] }

func attention() -> [Tensor] {
  let (query, key, value) = (input(4, 128, 32), input(4, 128, 32), input(4, 128, 32))
  return [Tensor.scaledDotProductAttention(query, key, value, isCausal: true)]
}
