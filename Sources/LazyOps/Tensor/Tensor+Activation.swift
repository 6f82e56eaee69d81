/// The nonlinear functions of neural networks, of each element. Where a function has a kink, the derivative there is
/// PyTorch's, and no branch that is not taken can put a NaN into a gradient.
extension Tensor {
  /// Returns x where it is positive, else 0; the derivative at 0 is 0.
  public func relu() -> Tensor {
    // The derivative is found in the result: nothing else need be kept for it.
    Tensor.custom("relu", self) {
      Tensor.where($0 .<= 0, 0, $0)
    } backward: { gradient, _, y in
      Tensor.where(y .<= 0, 0, gradient)
    }
  }

  /// Returns x where it is positive, else `slope` times x.
  public func leakyReLU(slope: Double = 0.01) -> Tensor { widened { Tensor.where($0 .> 0, $0, $0 * slope) } }

  /// Returns x where it is positive, else alpha (exp(x) - 1). (Clevert et al. 2015)
  public func elu(alpha: Double = 1) -> Tensor {
    widened { x in
      // The exponential of what is positive is not taken: it may be infinite, and its derivative times 0 is NaN.
      let negative = Tensor.where(x .> 0, 0, x).expm1()
      return Tensor.where(x .> 0, x, alpha == 1 ? negative : negative * alpha)
    }
  }

  /// Returns the self-normalizing exponential linear unit. (Klambauer et al. 2017)
  public func selu() -> Tensor { widened { $0.elu(alpha: 1.6732632423543772) * 1.0507009873554805 } }

  /// Returns x times the normal distribution's cumulative function at x, exactly, through erf. (Hendrycks and Gimpel
  /// 2016)
  public func gelu() -> Tensor { widened { $0 * 0.5 * (($0 * 0.7071067811865476).erf() + 1) } }

  /// Returns the approximation of `gelu` through tanh, which GPT-2 was trained with.
  public func geluTanh() -> Tensor {
    widened { x in
      let inner = (x + x * x * x * 0.044715) * 0.7978845608028654
      return x * 0.5 * (inner.tanh() + 1)
    }
  }

  /// Returns 1 / (1 + exp(-x)), exact in both tails.
  public func sigmoid() -> Tensor {
    widened { x in
      let e = x.negativeMagnitude.exp()
      return Tensor.where(x .< 0, e, Tensor.ones(like: x)) * (e + 1).reciprocal()
    }
  }

  /// Returns log(sigmoid(x)), which stays finite where sigmoid is 0.
  public func logSigmoid() -> Tensor {
    widened { x in Tensor.where(x .< 0, x, 0) - x.negativeMagnitude.exp().log1p() }
  }

  /// Returns log(1 + exp(x)), which does not overflow.
  public func softplus() -> Tensor {
    widened { x in Tensor.where(x .< 0, 0, x) + x.negativeMagnitude.exp().log1p() }
  }

  /// Returns x sigmoid(x), also called swish. (Ramachandran et al. 2017)
  public func silu() -> Tensor { widened { $0 * $0.sigmoid() } }

  /// Returns x tanh(softplus(x)). (Misra 2019)
  public func mish() -> Tensor { widened { $0 * $0.softplus().tanh() } }

  /// Returns x / (1 + |x|).
  public func softsign() -> Tensor { widened { $0 / ($0.abs() + 1) } }

  /// Returns x limited to a range; the derivative on its ends is 0.
  public func hardtanh(min: Double = -1, max: Double = 1) -> Tensor {
    let x = floating
    return Tensor.where(x .<= min, min, Tensor.where(x .>= max, max, x))
  }

  /// Returns (x + 3) / 6 limited to 0 ... 1.
  public func hardSigmoid() -> Tensor { widened { ($0 + 3).hardtanh(min: 0, max: 6) / 6 } }

  /// Returns x hardSigmoid(x). (Howard et al. 2019)
  public func hardSwish() -> Tensor { widened { $0 * $0.hardSigmoid() } }

  /// -|x|, with the derivative -1 at 0: what functions smooth at 0 that are computed by halves need there.
  private var negativeMagnitude: Tensor { Tensor.where(self .< 0, self, -self) }
}
