extension Tensor {
  /// Returns (x - mean) / sqrt(variance + epsilon) over some axes, scaled by `weight` and moved by `bias`, which
  /// broadcast with `self`. (Ba et al. 2016)
  public func layerNorm(
    axes: [Int] = [-1], weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
  ) -> Tensor {
    if dtype.isHalf { return widened { $0.layerNorm(axes: axes, weight: weight, bias: bias, epsilon: epsilon) } }
    let axes = resolve(axes: axes, "layerNorm")
    let centered = self - mean(axes: axes, keepDimensions: true)
    let variance = centered.square().mean(axes: axes, keepDimensions: true)
    return (centered * (variance + epsilon).rsqrt()).scaled(weight, bias)
  }

  /// Returns x / sqrt(mean of squares + epsilon) over some axes, scaled by `weight`, which broadcasts with `self`.
  /// (Zhang and Sennrich 2019)
  public func rmsNorm(axes: [Int] = [-1], weight: Tensor? = nil, epsilon: Double = 1e-6) -> Tensor {
    if dtype.isHalf { return widened { $0.rmsNorm(axes: axes, weight: weight, epsilon: epsilon) } }
    return (self * (square().mean(axes: axes, keepDimensions: true) + epsilon).rsqrt()).scaled(weight, nil)
  }

  /// Returns (x - mean) / sqrt(variance + epsilon), the statistics being given for each channel: the batch's own in
  /// training, running averages afterwards. self: [n, channels, d...], all others: [channels]. (Ioffe and Szegedy 2015)
  public func batchNorm(
    mean: Tensor, variance: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
  ) -> Tensor {
    let channels = channelExtents("batchNorm")
    if dtype.isHalf {
      return widened {
        $0.batchNorm(mean: mean, variance: variance.cast(to: .float32), weight: weight, bias: bias, epsilon: epsilon)
      }
    }
    func spread(_ statistic: Tensor) -> Tensor {
      Tensor.require(
        statistic.shape == [shape[1]], "batchNorm", "\(statistic.shape) is not the channels of shape \(shape)")
      return Primitive.reshape(statistic, to: channels)
    }
    let scale = (variance + epsilon).rsqrt()
    let centered = self - spread(mean)
    return (centered * spread(weight.map { scale * $0 } ?? scale)).scaled(nil, bias.map(spread))
  }

  /// Returns the mean and the population variance of each channel. self: [n, channels, d...] -> [channels], [channels]
  public func channelStatistics() -> (mean: Tensor, variance: Tensor) {
    _ = channelExtents("channelStatistics")
    let axes = (0..<rank).filter { $0 != 1 }
    return (mean(axes: axes), variance(axes: axes, correction: 0))
  }

  /// Returns the layer norm over groups of channels. self: [n, channels, d...], weight and bias: [channels]. (Wu and He
  /// 2018)
  public func groupNorm(
    groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
  ) -> Tensor {
    let channels = channelExtents("groupNorm")
    if dtype.isHalf { return widened { $0.groupNorm(groups: groups, weight: weight, bias: bias, epsilon: epsilon) } }
    Tensor.require(
      groups > 0 && shape[1] % groups == 0, "groupNorm", "\(groups) groups do not divide the channels of \(shape)")
    let size = elementCount / Swift.max(shape[0] * groups, 1)
    let grouped = Primitive.reshape(self, to: [shape[0], groups, size])
    let result = Primitive.reshape(grouped.layerNorm(epsilon: epsilon), to: shape)
    return result.scaled(weight?.reshape(to: channels), bias?.reshape(to: channels))
  }

  /// Returns the shape in which a vector of one number a channel broadcasts with the tensor.
  private func channelExtents(_ op: String) -> Shape {
    Tensor.require(rank >= 2, op, "shape \(shape) has no axis of channels")
    return shape.collapsing((0..<rank).filter { $0 != 1 })
  }

  private func scaled(_ weight: Tensor?, _ bias: Tensor?) -> Tensor {
    let scaled = weight.map { self * $0 } ?? self
    return bias.map { scaled + $0 } ?? scaled
  }
}
